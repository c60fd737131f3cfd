/**
 * Everything that is asked is answered by a thread of its own, with its own connection to the store. A report over two hundred nodes takes seconds of processor, and
 * SQLite works in the thread that asks it: in the one that takes deliveries, heads of incidents would wait for them, and nodes would give up their handshakes.
 *
 * One question that is too large for the memory, or takes for ever, ends the thread and not the collector: those that waited are told to come later, and the next
 * question begins another.
 */
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { FactLog } from "../../fact-log.ts";
import { busy, Refusal } from "../http/refusal.ts";
import type { Answer, ApiRequest, Endpoint } from "../http/router.ts";
import { StoreUnavailable } from "../store/port.ts";
import { READING_PATHS, type Question, type ReaderData, type Reply } from "./messages.ts";

/** Whoever asks has gone by then (client/ask.ts). */
const DEADLINE_MS = 30_000;
/** Two nodes with 24 MB of records each, parsed, put into tables and written again. */
const MAX_HEAP_MB = 512;
/** What is new is collected early: rows are read, added up and gone. */
const YOUNG_HEAP_MB = 16;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

export interface ReaderThreadOptions extends ReaderData {
  readonly log: FactLog;
  // For tests.
  readonly deadlineMs?: number;
}

export class ReaderThread {
  readonly #options: ReaderThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #number = 0;

  /** The thread begins with the first question. */
  constructor(options: ReaderThreadOptions) {
    this.#options = options;
  }

  get endpoints(): Endpoint[] {
    return READING_PATHS.map((path) => ({ method: "GET", path, access: "reader", handle: (request) => this.#ask(path, request) }));
  }

  async stop(): Promise<void> {
    await this.#end(this.#worker, busy("stopping", "the collector is being stopped"));
  }

  #ask(path: string, { parameters, query, receivedMs }: ApiRequest): Promise<Answer> {
    const number = ++this.#number;
    const worker = (this.#worker ??= this.#begin());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#options.log.warn({ path }, "a question took too long, and was given up");
        void this.#end(worker, busy("too-much", "this takes too long; ask for less"));
      }, this.#options.deadlineMs ?? DEADLINE_MS);
      this.#waiting.set(number, { resolve, reject, timer });
      worker.postMessage({ number, path, parameters, query: query.toString(), receivedMs } satisfies Question, []);
    });
  }

  #begin(): Worker {
    const { store } = this.#options;
    const file = join(import.meta.dirname, `main${import.meta.filename.endsWith(".ts") ? ".ts" : ".js"}`);
    const worker = new Worker(file, {
      workerData: { store } satisfies ReaderData,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
    });
    worker.on("message", (reply: Reply) => this.#take(reply));
    worker.on("error", (error: Error & { code?: string }) => {
      const isFull = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      this.#options.log.warn({ error: error.message }, "the thread that answers questions has ended");
      void this.#end(worker, isFull ? busy("too-much", "this is too much for one answer; ask for less") : new StoreUnavailable(error.message));
    });
    return worker;
  }

  #take(reply: Reply): void {
    const waiting = this.#waiting.get(reply.number);
    if (waiting === undefined) return;
    this.#waiting.delete(reply.number);
    clearTimeout(waiting.timer);
    switch (reply.kind) {
      case "answer":
        return waiting.resolve({ kind: "bytes", bytes: reply.bytes });
      case "refusal":
        return waiting.reject(new Refusal(reply.status, reply.code, reply));
      case "unavailable":
        return waiting.reject(new StoreUnavailable(reply.message));
      case "failed":
        return waiting.reject(new Error(reply.message));
    }
  }

  async #end(worker: Worker | null, reason: unknown): Promise<void> {
    if (worker === null || worker !== this.#worker) return;
    this.#worker = null;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(reason);
    }
    this.#waiting.clear();
    await worker.terminate();
  }
}
