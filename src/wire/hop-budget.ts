/**
 * How often a router may be asked for a Time Exceeded, host-wide and per hop. A stock Linux router answers six times, then once a second; above that
 * every trace through it shows loss that we caused. Three at once and one a second for incidents, three at once and one in five seconds for baselines:
 * together they never empty a router's six. While an mtr probes a hop once a second nothing is added to it.
 */
const CAPACITY = 3;
const URGENT_PER_S = 1;
const BASELINE_PER_S = 0.2;
/** Hops remembered; a full bucket says nothing and is dropped first. */
const MAX_HOPS = 20_000;

export type BudgetClass = "urgent" | "baseline";

interface Bucket {
  readonly tokens: { urgent: number; baseline: number };
  atUs: number;
}

export class HopBudget {
  readonly #buckets = new Map<string, Bucket>();
  readonly #reserved = new Map<string, number>();

  available(hop: string, options: { readonly use: BudgetClass; readonly nowUs: number }): boolean {
    if (options.use === "baseline" && this.#reserved.has(hop)) return false;
    return this.#refill(hop, options.nowUs).tokens[options.use] >= 1;
  }

  take(hop: string, options: { readonly use: BudgetClass; readonly nowUs: number }): boolean {
    if (!this.available(hop, options)) return false;
    this.#refill(hop, options.nowUs).tokens[options.use] -= 1;
    return true;
  }

  /** A running mtr asks these hops once a second from now on. */
  reserve(hops: readonly string[]): void {
    for (const hop of hops) this.#reserved.set(hop, (this.#reserved.get(hop) ?? 0) + 1);
  }

  release(hops: readonly string[]): void {
    for (const hop of hops) {
      const count = (this.#reserved.get(hop) ?? 0) - 1;
      if (count > 0) this.#reserved.set(hop, count);
      else this.#reserved.delete(hop);
    }
  }

  #refill(hop: string, nowUs: number): Bucket {
    const bucket = this.#buckets.get(hop);
    if (bucket === undefined) {
      if (this.#buckets.size >= MAX_HOPS) this.#dropFull(nowUs);
      const fresh: Bucket = { tokens: { urgent: CAPACITY, baseline: CAPACITY }, atUs: nowUs };
      this.#buckets.set(hop, fresh);
      return fresh;
    }
    const seconds = Math.max(0, nowUs - bucket.atUs) / 1e6;
    bucket.atUs = nowUs;
    if (!this.#reserved.has(hop)) bucket.tokens.urgent = Math.min(CAPACITY, bucket.tokens.urgent + seconds * URGENT_PER_S);
    bucket.tokens.baseline = Math.min(CAPACITY, bucket.tokens.baseline + seconds * BASELINE_PER_S);
    return bucket;
  }

  #dropFull(nowUs: number): void {
    for (const [hop, bucket] of this.#buckets) if (nowUs - bucket.atUs > (CAPACITY / BASELINE_PER_S) * 1e6) this.#buckets.delete(hop);
    if (this.#buckets.size >= MAX_HOPS) this.#buckets.clear();
  }
}
