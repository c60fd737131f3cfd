import assert from "node:assert/strict";
import { test } from "node:test";
import { ArrivalCount, BUCKET_US } from "../../src/detect/arrival-count.ts";
import { randomFor } from "./random.ts";

/** Five minutes and some, in buckets. */
const KEPT = 3_072;
const MAX_COUNT = 255;

interface Bucket {
  received: number;
  missing: number;
}

/** The same, with one entry a bucket for ever, and one step a missing number. */
class NaiveCount {
  readonly #buckets = new Map<number, Bucket>();
  newest = -1;

  received(atUs: number): void {
    this.#seen(atUs);
    this.#add(Math.floor(atUs / BUCKET_US), "received");
  }

  missing(count: number, { fromUs, toUs }: { readonly fromUs: number; readonly toUs: number }): void {
    this.#seen(toUs);
    const stepUs = (toUs - fromUs) / (count + 1);
    for (let index = 1; index <= count; index++) this.#add(Math.floor((fromUs + index * stepUs) / BUCKET_US), "missing");
  }

  found(atUs: number): void {
    this.#seen(atUs);
    const youngest = [...this.#buckets.entries()].filter(([at, { missing }]) => missing > 0 && this.#isKept(at)).sort(([a], [b]) => b - a)[0];
    if (youngest === undefined) return;
    youngest[1].missing--;
    this.#add(youngest[0], "received");
  }

  count(fromUs: number, toUs: number): { readonly expected: number; readonly received: number } {
    const inside = [...this.#buckets.entries()].filter(
      ([at]) => at >= Math.floor(fromUs / BUCKET_US) && at <= Math.floor(toUs / BUCKET_US) && this.#isKept(at),
    );
    const sum = (of: keyof Bucket): number => inside.reduce((total, [, bucket]) => total + bucket[of], 0);
    return { expected: sum("received") + sum("missing"), received: sum("received") };
  }

  #seen(atUs: number): void {
    this.newest = Math.max(this.newest, Math.floor(atUs / BUCKET_US));
  }

  #isKept(at: number): boolean {
    return at > this.newest - KEPT;
  }

  #add(at: number, what: keyof Bucket): void {
    if (!this.#isKept(at)) return;
    const bucket = this.#buckets.get(at) ?? { received: 0, missing: 0 };
    bucket[what] = Math.min(MAX_COUNT, bucket[what] + 1);
    this.#buckets.set(at, bucket);
  }
}

test("arrivals counted in buckets equal a naive count of them, over gaps of any length and stretches of any place", (t) => {
  const random = randomFor(t);
  for (let run = 0; run < 20; run++) {
    const counts = new ArrivalCount();
    const naive = new NaiveCount();
    // Even steps: what falls between two buckets is a matter of rounding, and not asked here.
    const intervalUs = [10_000, 20_000, 100_000, 250_000][random.below(4)] as number;
    let atUs = 1_000_000 + random.below(1_000) * 1_000 + 3_500;
    let missed = 0;
    for (let step = 0; step < 200; step++) {
      const lastUs = atUs;
      missed = random.chance(0.2) ? random.below(random.chance(0.1) ? 40_000 : 30) : 0;
      atUs += intervalUs * (1 + missed);
      if (missed > 0) for (const each of [counts, naive]) each.missing(missed, { fromUs: lastUs, toUs: atUs });
      for (const each of [counts, naive]) each.received(atUs);
      if (missed > 0 && random.chance(0.3)) for (const each of [counts, naive]) each.found(atUs);
      const fromUs = atUs - random.below(400) * 1_000_000 - random.below(1_000) * 1_000;
      const toUs = fromUs + random.below(400) * 1_000_000;
      assert.deepEqual(counts.count(fromUs, toUs), naive.count(fromUs, toUs), `run ${run}, step ${step}`);
    }
  }
});

test("a number that jumps by four billion, as anybody may claim, costs no more than a small one", () => {
  const counts = new ArrivalCount();
  counts.received(1_000_000);
  const started = process.hrtime.bigint();
  counts.missing(0xffff_fff0, { fromUs: 1_000_000, toUs: 1_150_000 });
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  assert.ok(ms < 100, `${ms} ms`);
  assert.deepEqual(counts.count(0, 2_000_000), { expected: 1 + 2 * MAX_COUNT, received: 1 });
  counts.missing(2, { fromUs: 3_000_000, toUs: 3_000_000 });
  assert.deepEqual(counts.count(3_000_000, 3_000_000), { expected: 2, received: 0 });
});
