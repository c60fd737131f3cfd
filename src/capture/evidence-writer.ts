/**
 * One door to evidence.db for everything that is captured: rows that may wait are committed together ten times a second, so that a thousand peers in trouble
 * are ten commits a second and not thousands; what must be on disk before anything else happens is committed at once, with all that waited.
 */
import type { EvidenceStore } from "../store/evidence.ts";

export const FLUSH_MS = 100;

export class EvidenceWriter {
  readonly #store: EvidenceStore;
  readonly #onError: (error: unknown) => void;
  #waiting: ((store: EvidenceStore) => void)[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(store: EvidenceStore, options: { readonly onError: (error: unknown) => void }) {
    this.#store = store;
    this.#onError = options.onError;
  }

  /** Commits within `FLUSH_MS`. */
  soon(write: (store: EvidenceStore) => void): void {
    this.#waiting.push(write);
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  /** Commits now, after what was waiting. */
  now(write: (store: EvidenceStore) => void): void {
    this.#waiting.push(write);
    this.flush();
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const writes = this.#waiting;
    if (writes.length === 0) return;
    this.#waiting = [];
    try {
      this.#store.transaction(() => {
        for (const write of writes) write(this.#store);
      });
    } catch (error) {
      this.#onError(error);
    }
  }
}
