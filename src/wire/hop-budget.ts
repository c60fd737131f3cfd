/**
 * How often a router may be asked for a Time Exceeded, host-wide and per hop. A stock Linux router answers six times, then once a second; above that
 * every trace through it shows loss that we caused. Three at once and one a second for incidents, three at once and one in five seconds for baselines:
 * together they never empty a router's six. While an mtr, or a trace after a burst, asks a hop once a second nothing is added to it.
 */
const CAPACITY = 3;
const PER_S = { urgent: 1, baseline: 0.2 } as const;
/** Hops remembered; a full bucket says nothing and is dropped first. */
const MAX_HOPS = 20_000;

export type BudgetClass = keyof typeof PER_S;

export interface Ask {
  readonly use: BudgetClass;
  readonly nowUs: number;
  /** How many routers share the bucket, where it stands for those of one TTL and not for one; default 1. */
  readonly routers?: number;
}

interface Bucket {
  /** Tokens gone and not back yet. */
  readonly spent: Record<BudgetClass, number>;
  atUs: number;
}

export class HopBudget {
  readonly #buckets = new Map<string, Bucket>();
  readonly #reserved = new Map<string, number>();

  available(hop: string, ask: Ask): boolean {
    if (ask.use === "baseline" && this.#reserved.has(hop)) return false;
    return this.#refill(hop, ask).spent[ask.use] + 1 <= CAPACITY * (ask.routers ?? 1);
  }

  take(hop: string, ask: Ask): boolean {
    if (!this.available(hop, ask)) return false;
    this.#refill(hop, ask).spent[ask.use] += 1;
    return true;
  }

  /** A running mtr asks these hops once a second from now on. */
  reserve(hops: readonly string[], nowUs: number): void {
    for (const hop of hops) this.#refill(hop, { use: "urgent", nowUs });
    for (const hop of hops) this.#reserved.set(hop, (this.#reserved.get(hop) ?? 0) + 1);
  }

  release(hops: readonly string[], nowUs: number): void {
    for (const hop of hops) {
      // While it was reserved no token came back.
      this.#refill(hop, { use: "urgent", nowUs });
      const count = (this.#reserved.get(hop) ?? 0) - 1;
      if (count > 0) this.#reserved.set(hop, count);
      else this.#reserved.delete(hop);
    }
  }

  /**
   * Reserves hops for a trace of ours that asks them once a second, at the expense of baselines: what these have left pays back what incidents have spent, so
   * that a burst elsewhere finds its tokens although none come back meanwhile.
   */
  lend(hops: readonly string[], nowUs: number): void {
    for (const hop of hops) {
      const { spent } = this.#refill(hop, { use: "baseline", nowUs });
      spent.urgent = Math.max(0, spent.urgent - (CAPACITY - spent.baseline));
      spent.baseline = CAPACITY;
    }
    this.reserve(hops, nowUs);
  }

  #refill(hop: string, { nowUs, routers = 1 }: Ask): Bucket {
    const bucket = this.#buckets.get(hop);
    if (bucket === undefined) {
      if (this.#buckets.size >= MAX_HOPS) this.#dropFull(nowUs);
      const fresh: Bucket = { spent: { urgent: 0, baseline: 0 }, atUs: nowUs };
      this.#buckets.set(hop, fresh);
      return fresh;
    }
    const seconds = Math.max(0, nowUs - bucket.atUs) / 1e6;
    bucket.atUs = nowUs;
    const { spent } = bucket;
    if (this.#reserved.has(hop)) return bucket;
    spent.urgent = Math.max(0, spent.urgent - seconds * PER_S.urgent * routers);
    spent.baseline = Math.max(0, spent.baseline - seconds * PER_S.baseline * routers);
    return bucket;
  }

  #dropFull(nowUs: number): void {
    for (const [hop, bucket] of this.#buckets) if (nowUs - bucket.atUs > (CAPACITY / PER_S.baseline) * 1e6) this.#buckets.delete(hop);
    if (this.#buckets.size >= MAX_HOPS) this.#buckets.clear();
  }
}
