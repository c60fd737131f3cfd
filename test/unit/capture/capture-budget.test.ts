import assert from "node:assert/strict";
import { test } from "node:test";
import { CaptureBudget, recaptureAt } from "../../../src/capture/capture-budget.ts";

const HOUR_MS = 3_600_000;

test("a lasting incident is captured again after 60 s, 5 min, 30 min, then hourly", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 10].map((n) => (recaptureAt(5_000, n) - 5_000) / 60_000),
    [1, 5, 30, 90, 150, 510],
  );
});

test("so many an hour and a day and peer, then the reason; an hour later the hour's share is back, the day's is not", () => {
  const budget = new CaptureBudget({ hourly: 2, daily: 3 });
  const take = (atMs: number, peer = "a"): string | null => budget.take(peer, atMs);
  assert.deepEqual([take(0), take(1)], [null, null]);
  assert.equal(take(2), "capture budget: 2 full captures of this peer in an hour; samples only");
  assert.equal(take(2, "b"), null);
  assert.equal(take(HOUR_MS), null);
  assert.equal(take(2 * HOUR_MS + 1), "capture budget: 3 full captures of this peer in a day; samples only");
  assert.equal(take(24 * HOUR_MS), null);
});

test("what was refused costs nothing", () => {
  const budget = new CaptureBudget({ hourly: 1, daily: 10 });
  assert.equal(budget.take("a", 0), null);
  for (let n = 1; n < 100; n++) assert.notEqual(budget.take("a", n), null);
  assert.equal(budget.take("a", HOUR_MS), null);
});
