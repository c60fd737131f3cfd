/**
 * A hop goes into a ticket, so few of those that are claimed may be wrong, whatever the nature of the loss: traces of faults anywhere on a path, some with a router
 * that begins to limit its answers just then.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { faultSegment } from "../../src/path/fault-segment.ts";
import type { SweepHop } from "../../src/path/hop.ts";
import { randomFor, type Random } from "./random.ts";

const PATH = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"];
const TARGET = "10.9.9.9";
const ROUNDS = 200;
/** One to four in a hundred are, by nature of the loss; chance makes twice that of it in one run. */
const MAX_WRONG = 0.1;
const INTERVAL_S = 0.1;
const FLOWS = 4;
const LIMITED = 0.02;
const LIMITED_MISS = 0.4;
const HEALTHY_MISS = 0.003;

/** Chance to be lost at this second, on this flow. */
type Nature = (at: { readonly second: number; readonly flow: number }) => number;

const natures: Readonly<Record<string, (random: Random, loss: number) => Nature>> = {
  "one by one": (_, loss) => () => loss,
  "by turns of a second": (random, loss) => {
    const bad = Array.from({ length: 60 }, () => random.chance(loss));
    return ({ second }) => (bad[Math.floor(second)] === true ? 1 : 0);
  },
  "of one flow":
    (_, loss) =>
    ({ flow }) =>
      flow === 0 ? Math.min(1, loss * FLOWS) : 0,
};

interface World {
  readonly random: Random;
  readonly lossAt: Nature;
  readonly faultTtl: number;
  readonly limitedTtl: number | null;
}

function packet(world: World, sent: { readonly ttl: number; readonly second: number; readonly flow: number }): SweepHop {
  const { random, lossAt, faultTtl, limitedTtl } = world;
  const { ttl } = sent;
  const miss = ttl > faultTtl ? lossAt(sent) : ttl === limitedTtl ? LIMITED_MISS : HEALTHY_MISS;
  const address = PATH[ttl - 1];
  const kind = address === undefined ? "echo-reply" : "time-exceeded";
  return { ttl, sent: true, note: null, answer: random.chance(miss) ? null : { address: address ?? TARGET, kind, code: 0, rttUs: 900 } };
}

function trace(world: World, of: { readonly second: number; readonly flow: number }): SweepHop[] {
  return [1, 2, 3, 4, 5, 6].map((ttl) => packet(world, { ...of, ttl }));
}

/** Whether the claim is wrong; null when there is none. */
function claim(world: World, seconds: number): boolean | null {
  const { random, lossAt, faultTtl } = world;
  const probes = Array.from({ length: seconds / INTERVAL_S }, (_, index) =>
    random.chance(lossAt({ second: index * INTERVAL_S, flow: index % FLOWS })),
  );
  const found = faultSegment({
    target: TARGET,
    self: null,
    sweeps: [0.5, 0.7, 0.9].map((second) => trace(world, { second, flow: 0 })),
    cycles: Array.from({ length: seconds - 1 }, (_, index) => trace(world, { second: index + 1, flow: 1 })),
    path: PATH,
    replyRates: null,
    loss: probes.filter(Boolean).length / probes.length,
  });
  if (found === null) return null;
  return faultTtl < found.afterTtl || faultTtl >= found.afterTtl + found.links;
}

for (const [name, make] of Object.entries(natures)) {
  for (const loss of [0.2, 0.36, 0.6]) {
    test(`a loss of ${loss * 100} %, ${name}: of the hops that are claimed few are wrong`, (t) => {
      const random = randomFor(t);
      const claims = Array.from({ length: ROUNDS }, () => {
        const limitedTtl = random.chance(LIMITED) ? 1 + random.below(PATH.length) : null;
        return claim({ random, lossAt: make(random, loss), faultTtl: random.below(PATH.length + 1), limitedTtl }, 12);
      }).filter((wrong) => wrong !== null);
      const wrong = claims.filter(Boolean).length;
      assert.ok(claims.length >= ROUNDS / 4, `only ${claims.length} claims`);
      assert.ok(wrong <= MAX_WRONG * ROUNDS, `${wrong} of ${claims.length} claims are wrong`);
    });
  }
}
