import assert from "node:assert/strict";
import { test } from "node:test";
import { percentile, seededRandom, wilson95 } from "../../accept/statistics.ts";

const rounded = (interval: readonly number[]): number[] => interval.map((end) => Math.round(end * 10_000) / 10_000);

test("the Wilson interval has the published values, and is never empty at the ends", () => {
  assert.deepEqual(rounded(wilson95(81, 263)), [0.2553, 0.3662]); // Newcombe 1998, table I.
  assert.deepEqual(rounded(wilson95(0, 20)), [0, 0.1611]);
  assert.deepEqual(rounded(wilson95(200, 200)), [0.9812, 1]);
  assert.deepEqual(wilson95(0, 0), [0, 1]);
});

test("a percentile is one of the values: the smallest that the share does not exceed", () => {
  const values = [5, 1, 4, 2, 3];
  assert.equal(percentile(values, 0.5), 3);
  assert.equal(percentile(values, 0.99), 5);
  assert.equal(percentile(values, 0), 1);
  assert.ok(Number.isNaN(percentile([], 0.5)));
  assert.deepEqual(values, [5, 1, 4, 2, 3]);
});

test("random numbers follow from the seed, differ between seeds and spread evenly", () => {
  const draw = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 10_000 }, random);
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
  const mean = draw(7).reduce((sum, value) => sum + value, 0) / 10_000;
  assert.ok(Math.abs(mean - 0.5) < 0.01, `${mean}`);
});
