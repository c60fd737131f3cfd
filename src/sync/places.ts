/** The collector's addresses: which one is asked now, the next one after a failure, and those that asked to be left alone for a while. Times are monotonic ms. */
export class Places {
  readonly #urls: readonly string[];
  /** Per URL: not before then. */
  readonly #notBeforeMs = new Map<string, number>();
  #index = 0;

  /** At least one. */
  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  get current(): string {
    return this.#urls[this.#index] as string;
  }

  /** An attempt there has failed. Only the first to say so moves on: both connections meet the same failure. */
  failed(url: string, options: { readonly nowMs: number; readonly retryAfterMs: number | null }): void {
    const { nowMs, retryAfterMs } = options;
    if (retryAfterMs !== null) this.#notBeforeMs.set(url, nowMs + retryAfterMs);
    if (url !== this.current) return;
    const after = this.#urls.map((_, step) => (this.#index + 1 + step) % this.#urls.length);
    // The one that may be asked first; of several that may at once, the next in order.
    this.#index = after.reduce((best, index) => (this.#readyMs(index, nowMs) < this.#readyMs(best, nowMs) ? index : best));
  }

  succeeded(url: string): void {
    this.#notBeforeMs.delete(url);
  }

  /** From when on the current one may be asked; in the past: now. */
  get readyAtMs(): number {
    return this.#notBeforeMs.get(this.current) ?? Number.NEGATIVE_INFINITY;
  }

  #readyMs(index: number, nowMs: number): number {
    return Math.max(nowMs, this.#notBeforeMs.get(this.#urls[index] as string) ?? nowMs);
  }
}
