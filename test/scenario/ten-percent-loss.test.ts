/** Thin loss that lasts: 10 % of the probes of a minute, ten a second. What the detector alone makes of it, over many seeds; the laboratory then shows the rest. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Detector } from "../../src/detect/detector.ts";
import { seededRandom } from "../accept/statistics.ts";

const SEEDS = 400;
const HEALTHY = 300;
const LOSSY = 600;
const LOSS = 0.1;

interface Seen {
  readonly bursts: readonly { readonly start: number; readonly end: number }[];
  /** Share of all probes of the minute that were lost, and of those between start and end of its burst. */
  readonly dropped: number;
  readonly reported: number;
}

/** A slot is bad with the given chance while the loss lasts. */
function play(seed: number): Seen {
  const random = seededRandom(seed);
  const detector = new Detector({ window: 20, lost: 5, clear: 20 });
  const bad: boolean[] = [];
  const bursts: { start: number; end: number }[] = [];
  for (let slot = 0; slot < HEALTHY + LOSSY + HEALTHY; slot++) {
    bad.push(slot >= HEALTHY && slot < HEALTHY + LOSSY && random() < LOSS);
    const change = bad[slot] === true ? detector.bad(slot, slot) : detector.good(slot, slot);
    if (change?.kind === "burst-opened") bursts.push({ start: change.startSlot, end: Number.NaN });
    const last = bursts.at(-1);
    if (change?.kind === "burst-ended" && last !== undefined) last.end = change.endSlot;
  }
  const count = (from: number, to: number): number => bad.slice(from, to).filter(Boolean).length;
  const inside = bursts.reduce((sum, burst) => sum + count(burst.start, burst.end), 0);
  const length = bursts.reduce((sum, burst) => sum + burst.end - burst.start, 0);
  return { bursts, dropped: count(HEALTHY, HEALTHY + LOSSY) / LOSSY, reported: inside / length };
}

const seen = Array.from({ length: SEEDS }, (_, seed) => play(seed + 1));

test("10 % loss for 60 s is one burst in at least 95 % of 400 seeds, and noticed in all", () => {
  const counts = seen.map(({ bursts }) => bursts.length);
  const one = counts.filter((count) => count === 1).length;
  assert.equal(counts.filter((count) => count === 0).length, 0);
  assert.ok(one >= 0.95 * SEEDS, `${one} of ${SEEDS}`);
});

test("the loss it reports is within 3 points of what was dropped, in at least 95 % of 400 seeds", () => {
  const within = seen.filter(({ dropped, reported }) => Math.abs(reported - dropped) <= 0.03).length;
  assert.ok(within >= 0.95 * SEEDS, `${within} of ${SEEDS}`);
});

test("every burst of it ends before the good weather is over, and none begins in it", () => {
  for (const [index, { bursts }] of seen.entries()) {
    for (const { start, end } of bursts) assert.ok(start >= HEALTHY && end <= HEALTHY + LOSSY, `seed ${index + 1}: ${start} to ${end}`);
  }
});
