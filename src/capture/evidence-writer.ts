/**
 * One door to evidence.db for everything that is captured: rows that may wait are committed together ten times a second, so that a thousand peers in trouble
 * are ten commits a second and not thousands; what must be on disk before anything else happens is committed at once, with all that waited.
 *
 * While the disk is full, writes wait and are tried again. A write that fails for any other reason is told and left out, so that it does not hold up the rest.
 */
import type { EvidenceStore } from "../store/evidence.ts";
import { StoreError } from "../store/store-error.ts";

export const FLUSH_MS = 100;
const RETRY_MS = 1_000;
/** Writes that wait for a full disk, a few hundred bytes each; beyond it the oldest are dropped, and told. */
export const MAX_WAITING = 50_000;

type Write = (store: EvidenceStore) => void;

export interface WriterEvents {
  readonly onError: (error: unknown) => void;
  /** After an error: what had waited is written. */
  readonly onRecovered: () => void;
  /** Something was committed. */
  readonly onWritten?: () => void;
}

export class EvidenceWriter {
  readonly #store: EvidenceStore;
  readonly #events: WriterEvents;
  #waiting: Write[] = [];
  #timer: NodeJS.Timeout | null = null;
  #failing = false;

  constructor(store: EvidenceStore, events: WriterEvents) {
    this.#store = store;
    this.#events = events;
  }

  /** Commits within `FLUSH_MS`. */
  soon(write: Write): void {
    this.#waiting.push(write);
    this.#schedule(FLUSH_MS);
  }

  /** Commits now, after what was waiting. */
  now(write: Write): void {
    this.#waiting.push(write);
    this.flush();
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const writes = this.#waiting;
    if (writes.length === 0) return;
    this.#waiting = [];
    const error = this.#commit(writes);
    if (error === null) return this.#succeeded();
    if (isFull(error)) return this.#wait(writes, error);
    // One of them is at fault: find it, keep the others.
    for (const write of writes) {
      const own = this.#commit([write]);
      if (own !== null) this.#events.onError(own);
    }
  }

  /** The last try. Returns how many writes are lost because the disk is still full. */
  close(): number {
    this.flush();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const lost = this.#waiting.length;
    this.#waiting = [];
    return lost;
  }

  #commit(writes: readonly Write[]): unknown {
    try {
      this.#store.transaction(() => {
        for (const write of writes) write(this.#store);
      });
      this.#events.onWritten?.();
      return null;
    } catch (error) {
      return error;
    }
  }

  #succeeded(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#events.onRecovered();
  }

  #wait(writes: Write[], error: unknown): void {
    if (!this.#failing) this.#events.onError(error);
    this.#failing = true;
    this.#waiting = [...writes, ...this.#waiting].slice(-MAX_WAITING);
    this.#schedule(RETRY_MS);
  }

  #schedule(ms: number): void {
    this.#timer ??= setTimeout(() => this.flush(), ms);
  }
}

function isFull(error: unknown): boolean {
  return error instanceof StoreError && error.code === "full";
}
