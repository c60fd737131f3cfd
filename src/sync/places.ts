/**
 * The collector's addresses: which one is asked now, the next one after a failure, and those that asked to be left alone for a while. One that has no room for bulk may
 * still have some for heads: then bulk alone looks elsewhere, for each move costs a handshake, and the next address may be dead. What it wants for heads holds for
 * everything. Times are monotonic ms.
 */

/** What is sent: heads, or the rest. */
export type Load = "urgent" | "bulk";

export class Places {
  readonly #urls: readonly string[];
  /** Per load and URL: not before then. */
  readonly #notBeforeMs: Readonly<Record<Load, Map<string, number>>> = { urgent: new Map(), bulk: new Map() };
  readonly #index: Record<Load, number> = { urgent: 0, bulk: 0 };

  /** At least one. */
  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  current(load: Load): string {
    return this.#urls[this.#index[load]] as string;
  }

  /** An attempt there has failed. Only the first to say so moves on: both connections meet the same failure. */
  failed(url: string, options: { readonly load: Load; readonly nowMs: number; readonly retryAfterMs: number | null }): void {
    const { load, nowMs, retryAfterMs } = options;
    if (retryAfterMs !== null) this.#notBeforeMs[load].set(url, nowMs + retryAfterMs);
    const movers: readonly Load[] = load === "bulk" && retryAfterMs !== null ? ["bulk"] : ["urgent", "bulk"];
    for (const mover of movers) if (url === this.current(mover)) this.#moveOn(mover, nowMs);
  }

  succeeded(url: string, load: Load): void {
    this.#notBeforeMs[load].delete(url);
  }

  /** From when on the current one may be asked; in the past: now. */
  readyAtMs(load: Load): number {
    return this.#readyAtMs(this.current(load), load);
  }

  /** To the one that may be asked first; of several that may at once, the next in order. */
  #moveOn(load: Load, nowMs: number): void {
    const after = this.#urls.map((_, step) => (this.#index[load] + 1 + step) % this.#urls.length);
    const readyMs = (index: number): number => Math.max(nowMs, this.#readyAtMs(this.#urls[index] as string, load));
    this.#index[load] = after.reduce((best, index) => (readyMs(index) < readyMs(best) ? index : best));
  }

  #readyAtMs(url: string, load: Load): number {
    const { urgent, bulk } = this.#notBeforeMs;
    const urgentMs = urgent.get(url) ?? Number.NEGATIVE_INFINITY;
    return load === "urgent" ? urgentMs : Math.max(urgentMs, bulk.get(url) ?? Number.NEGATIVE_INFINITY);
  }
}
