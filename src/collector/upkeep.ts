/** What is done from time to time: what is older than `retention` is deleted, in batches with pauses between, so that deliveries go on. */
import { setTimeout as pause } from "node:timers/promises";
import type { FactLog } from "../fact-log.ts";
import type { RetentionConfig } from "./config/collector-config.ts";
import { type CollectorStore, StoreUnavailable } from "./store/port.ts";

const EVERY_MS = 60_000;
/** Between two batches: deleting takes a share of the store's time, not all of it. */
const BETWEEN_MS = 50;

export interface UpkeepOptions {
  readonly store: Pick<CollectorStore, "evict">;
  readonly retention: RetentionConfig;
  readonly log: FactLog;
  readonly nowMs: () => number;
  /** Beside it, once a turn; never throws. */
  readonly onTurn: () => void;
}

export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#options.onTurn();
      await this.#evict();
      await wait(EVERY_MS, signal);
    }
  }

  async #evict(): Promise<void> {
    const { store, retention, log, nowMs } = this.#options;
    const { signal } = this.#stop;
    const now = nowMs();
    const eviction = {
      recordsBeforeMs: now - retention.evidenceMs,
      samplesBeforeMs: now - retention.samplesMs,
      rollupsBeforeMs: now - retention.rollupsMs,
    };
    try {
      while (!signal.aborted && (await store.evict(eviction))) await wait(BETWEEN_MS, signal);
    } catch (error) {
      const facts = { error: error instanceof Error ? error.message : String(error) };
      if (error instanceof StoreUnavailable) log.warn(facts, "what is too old cannot be deleted now");
      else log.error(facts, "what is too old cannot be deleted");
    }
  }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => {});
}
