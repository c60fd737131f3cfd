/**
 * How often a router may be asked for a Time Exceeded, host-wide and per hop. A stock Linux router answers six times, then once a second; above that every trace
 * through it shows loss that we caused. So each hop has the bucket that such a router has, and nothing takes more than is in it.
 *
 * Of the six an incident may take three at once and then one a second, a baseline three at once and then one in five seconds, and a baseline leaves three for
 * the incidents. An incident that begins after a pause has three of its own, as far as the router has them. An mtr, or a trace after a burst, takes what comes
 * back each second: nothing is added meanwhile, and baselines wait.
 */
const CAPACITY = 6;
const BACK_PER_S = 1;
const AT_ONCE = 3;
/** What a baseline leaves in the bucket. */
const KEPT = 3;
const PER_S = { urgent: 1, baseline: 0.2 } as const;
/** Packets for incidents that are so far apart are not of one burst: its own are sent within a second. */
const ANOTHER_US = 2_000_000;
/** Hops remembered; a full bucket says nothing and is dropped first. */
const MAX_HOPS = 20_000;
const FULL_US = (AT_ONCE / PER_S.baseline) * 1e6;

export type BudgetClass = keyof typeof PER_S;

export interface Ask {
  readonly use: BudgetClass;
  readonly nowUs: number;
  /** How many routers share the bucket, where it stands for those of one TTL and not for one; default 1. */
  readonly routers?: number;
}

interface Bucket {
  /** What the router answered, or will, and has not got back yet. */
  gone: number;
  /** The same by who asked, for what each may take at once. */
  readonly spent: Record<BudgetClass, number>;
  atUs: number;
  urgentUs: number;
}

export class HopBudget {
  readonly #buckets = new Map<string, Bucket>();
  readonly #reserved = new Map<string, number>();

  available(hop: string, ask: Ask): boolean {
    const { use, routers = 1 } = ask;
    const isReserved = this.#reserved.has(hop);
    if (use === "baseline" && isReserved) return false;
    const { gone, spent } = this.#refill(hop, ask);
    const kept = use === "baseline" ? KEPT : 0;
    return gone + 1 <= (CAPACITY - kept) * routers && spent[use] + 1 <= AT_ONCE * routers;
  }

  take(hop: string, ask: Ask): boolean {
    if (!this.available(hop, ask)) return false;
    const bucket = this.#refill(hop, ask);
    bucket.gone++;
    bucket.spent[ask.use]++;
    if (ask.use === "urgent") bucket.urgentUs = ask.nowUs;
    return true;
  }

  /** A trace asks these hops once a second from now on, the first time at once. */
  reserve(hops: readonly string[], nowUs: number): void {
    for (const hop of hops) {
      const bucket = this.#refill(hop, { use: "urgent", nowUs });
      bucket.gone = Math.min(CAPACITY, bucket.gone + 1);
      this.#reserved.set(hop, (this.#reserved.get(hop) ?? 0) + 1);
    }
  }

  release(hops: readonly string[], nowUs: number): void {
    for (const hop of hops) {
      // While it was reserved nothing came back.
      this.#refill(hop, { use: "baseline", nowUs });
      const count = (this.#reserved.get(hop) ?? 0) - 1;
      if (count > 0) this.#reserved.set(hop, count);
      else this.#reserved.delete(hop);
    }
  }

  #refill(hop: string, { use, nowUs, routers = 1 }: Ask): Bucket {
    const bucket = this.#buckets.get(hop);
    if (bucket === undefined) {
      if (this.#buckets.size >= MAX_HOPS) this.#dropFull(nowUs);
      const fresh: Bucket = { gone: 0, spent: { urgent: 0, baseline: 0 }, atUs: nowUs, urgentUs: nowUs };
      this.#buckets.set(hop, fresh);
      return fresh;
    }
    const seconds = Math.max(0, nowUs - bucket.atUs) / 1e6;
    bucket.atUs = nowUs;
    const { spent } = bucket;
    if (use === "urgent" && nowUs - bucket.urgentUs >= ANOTHER_US) spent.urgent = 0;
    if (this.#reserved.has(hop)) return bucket;
    bucket.gone = Math.max(0, bucket.gone - seconds * BACK_PER_S * routers);
    spent.urgent = Math.max(0, spent.urgent - seconds * PER_S.urgent * routers);
    spent.baseline = Math.max(0, spent.baseline - seconds * PER_S.baseline * routers);
    return bucket;
  }

  #dropFull(nowUs: number): void {
    for (const [hop, bucket] of this.#buckets) if (nowUs - bucket.atUs > FULL_US && !this.#reserved.has(hop)) this.#buckets.delete(hop);
    if (this.#buckets.size >= MAX_HOPS) this.#buckets.clear();
  }
}
