/**
 * How many requests of a peer arrived, and how many did not, in any stretch of the last five minutes: one bucket for each 100 ms. Numbers that are missing
 * between two that arrived are spread evenly over the time between these; which of them was lost when is not known better.
 */
export const BUCKET_US = 100_000;
const BUCKETS = 3_072;
const MAX_COUNT = 255;

export interface Arrived {
  readonly expected: number;
  readonly received: number;
}

export class ArrivalCount {
  readonly #received = new Uint8Array(BUCKETS);
  readonly #missing = new Uint8Array(BUCKETS);
  /** Newest bucket that is in use. */
  #newest = -1;

  received(atUs: number): void {
    this.#add(this.#received, this.#open(atUs), 1);
  }

  /** `count` numbers went missing between two arrivals. */
  missing(count: number, between: { readonly fromUs: number; readonly toUs: number }): void {
    const { fromUs, toUs } = between;
    const last = this.#open(toUs);
    const stepUs = (toUs - fromUs) / (count + 1);
    const before = (atUs: number): number => (atUs <= fromUs ? 0 : Math.min(count, Math.ceil((atUs - fromUs) / stepUs) - 1));
    // By bucket, not by number: how many are missing is a stranger's word.
    for (let bucket = Math.max(Math.floor(fromUs / BUCKET_US), last - BUCKETS + 1); bucket <= last; bucket++)
      this.#add(this.#missing, bucket, before((bucket + 1) * BUCKET_US) - before(bucket * BUCKET_US));
  }

  /** One that was thought missing has arrived out of order, at most a window late. */
  found(atUs: number): void {
    const last = this.#open(atUs);
    for (let bucket = last; bucket > last - BUCKETS && bucket >= 0; bucket--) {
      const place = bucket % BUCKETS;
      const missing = this.#missing[place] as number;
      if (missing === 0) continue;
      this.#missing[place] = missing - 1;
      this.#add(this.#received, bucket, 1);
      return;
    }
  }

  count(fromUs: number, toUs: number): Arrived {
    let received = 0;
    let missing = 0;
    const first = Math.max(0, Math.floor(fromUs / BUCKET_US), this.#newest - BUCKETS + 1);
    const last = Math.min(Math.floor(toUs / BUCKET_US), this.#newest);
    for (let bucket = first; bucket <= last; bucket++) {
      received += this.#received[bucket % BUCKETS] as number;
      missing += this.#missing[bucket % BUCKETS] as number;
    }
    return { expected: received + missing, received };
  }

  #open(atUs: number): number {
    const bucket = Math.floor(atUs / BUCKET_US);
    if (bucket > this.#newest) {
      const from = Math.max(this.#newest + 1, bucket - BUCKETS + 1);
      for (let empty = from; empty <= bucket; empty++) {
        this.#received[empty % BUCKETS] = 0;
        this.#missing[empty % BUCKETS] = 0;
      }
      this.#newest = bucket;
    }
    return bucket;
  }

  #add(counts: Uint8Array, bucket: number, count: number): void {
    if (bucket <= this.#newest - BUCKETS) return;
    const place = bucket % BUCKETS;
    counts[place] = Math.min(MAX_COUNT, (counts[place] as number) + count);
  }
}
