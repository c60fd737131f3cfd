/**
 * The collector's addresses: which one is asked now, the next one after a failure, and those that asked to be left alone for a while. One that has no room for bulk may
 * still have some for heads; what it wants for heads holds for everything. Times are monotonic ms.
 */

/** What is sent: heads, or the rest. */
export type Load = "urgent" | "bulk";

export class Places {
  readonly #urls: readonly string[];
  /** Per load and URL: not before then. */
  readonly #notBeforeMs: Readonly<Record<Load, Map<string, number>>> = { urgent: new Map(), bulk: new Map() };
  #index = 0;

  /** At least one. */
  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  get current(): string {
    return this.#urls[this.#index] as string;
  }

  /** An attempt there has failed. Only the first to say so moves on: both connections meet the same failure. */
  failed(url: string, options: { readonly load: Load; readonly nowMs: number; readonly retryAfterMs: number | null }): void {
    const { load, nowMs, retryAfterMs } = options;
    if (retryAfterMs !== null) this.#notBeforeMs[load].set(url, nowMs + retryAfterMs);
    if (url !== this.current) return;
    const after = this.#urls.map((_, step) => (this.#index + 1 + step) % this.#urls.length);
    // The one that may be asked first; of several that may at once, the next in order.
    const readyMs = (index: number): number => Math.max(nowMs, this.#readyAtMs(this.#urls[index] as string, load));
    this.#index = after.reduce((best, index) => (readyMs(index) < readyMs(best) ? index : best));
  }

  succeeded(url: string, load: Load): void {
    this.#notBeforeMs[load].delete(url);
  }

  /** From when on the current one may be asked; in the past: now. */
  readyAtMs(load: Load): number {
    return this.#readyAtMs(this.current, load);
  }

  #readyAtMs(url: string, load: Load): number {
    const { urgent, bulk } = this.#notBeforeMs;
    const urgentMs = urgent.get(url) ?? Number.NEGATIVE_INFINITY;
    return load === "urgent" ? urgentMs : Math.max(urgentMs, bulk.get(url) ?? Number.NEGATIVE_INFINITY);
  }
}
