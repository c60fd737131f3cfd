/**
 * A SqliteStore in a thread of its own, so that the disk, and a report that reads much, hold up nobody who is at the door: what comes next is received and parsed
 * meanwhile. Calls are done in the order in which they come.
 */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { CollectorStore, Delivery, DeliveryResult, Eviction, RecordQuery, RollupQuery, StoredNode, StoredRecord, StoredRollup } from "./port.ts";
import { StoreRefused, StoreUnavailable } from "./port.ts";
import type { ThreadAnswer, ThreadCall, ThreadError } from "./sqlite-worker.ts";

/** Beside this file, with the same ending: it is run as it is written, and compiled. */
const WORKER = new URL(`./sqlite-worker${extname(import.meta.url)}`, import.meta.url);
/** A disk may keep somebody waiting for long. Who has waited for this long waits for nothing. */
const STUCK_MS = 60_000;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly sinceMs: number;
}

export class SqliteThread implements CollectorStore {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  readonly #watch: NodeJS.Timeout;

  private constructor(file: string) {
    // Nobody hears its `error`: what nobody foresaw there ends the process, as it does here.
    this.#worker = new Worker(WORKER, { workerData: file }).on("message", (answer: ThreadAnswer) => this.#hear(answer));
    this.#worker.unref();
    this.#watch = setInterval(() => this.#checkStuck(), STUCK_MS / 4).unref();
  }

  /** Rejects with StoreRefused or StoreUnavailable. */
  static async open(file: string): Promise<SqliteThread> {
    const thread = new SqliteThread(file);
    try {
      await thread.#call({ kind: "open" });
      return thread;
    } catch (error) {
      await thread.#end();
      throw error;
    }
  }

  deliver(delivery: Delivery): Promise<DeliveryResult> {
    return this.#call({ kind: "deliver", delivery }) as Promise<DeliveryResult>;
  }

  records(query: RecordQuery): Promise<StoredRecord[]> {
    return this.#call({ kind: "records", query }) as Promise<StoredRecord[]>;
  }

  rollups(query: RollupQuery): Promise<StoredRollup[]> {
    return this.#call({ kind: "rollups", query }) as Promise<StoredRollup[]>;
  }

  nodes(): Promise<StoredNode[]> {
    return this.#call({ kind: "nodes" }) as Promise<StoredNode[]>;
  }

  evict(eviction: Eviction): Promise<boolean> {
    return this.#call({ kind: "evict", eviction }) as Promise<boolean>;
  }

  async close(): Promise<void> {
    await this.#call({ kind: "close" }).finally(() => this.#end());
  }

  #call(call: ThreadCall): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#calls;
      this.#worker.postMessage({ id, call }, []);
      this.#waiting.set(id, { resolve, reject, sinceMs: performance.now() });
      this.#worker.ref();
    });
  }

  #hear(answer: ThreadAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    // What nobody waits for keeps no process alive.
    if (this.#waiting.size === 0) this.#worker.unref();
    if (answer.kind === "done") waiting?.resolve(answer.result);
    else waiting?.reject(errorOf(answer.error));
  }

  /** The watchdog only sees the main thread. */
  #checkStuck(): void {
    const [oldest] = this.#waiting.values();
    if (oldest !== undefined && performance.now() - oldest.sinceMs > STUCK_MS)
      throw new Error(`SQLite has not answered for ${STUCK_MS / 1_000} s: the collector has to be started again`);
  }

  async #end(): Promise<void> {
    clearInterval(this.#watch);
    await this.#worker.terminate();
  }
}

function errorOf({ kind, message, cause }: ThreadError): Error {
  if (kind === "unavailable") return new StoreUnavailable(message, { cause });
  if (kind === "refused") return new StoreRefused(message, { cause });
  return new Error(message, { cause });
}
