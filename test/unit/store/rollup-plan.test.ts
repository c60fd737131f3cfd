import assert from "node:assert/strict";
import { test } from "node:test";
import { planRollups, type RollupCoverage } from "../../../src/store/rollup-plan.ts";

const HOUR = 3600;
const all = (rolledUntil: number): RollupCoverage => ({
  hoursUntil: Math.floor(rolledUntil / HOUR) * HOUR,
  minutesUntil: rolledUntil,
  oldestMinute: 0,
  oldestTen: 0,
});

test("a long range reads hours, then minutes, then ten seconds for what is not rolled yet", () => {
  const plan = planRollups(0, (100 * HOUR + 610) * 1000, all(100 * HOUR + 540));
  assert.deepEqual(plan, [
    { table: "rollups_1h", from: 0, to: 100 * HOUR },
    { table: "rollups_1m", from: 100 * HOUR, to: 100 * HOUR + 540 },
    { table: "rollups_10s", from: 100 * HOUR + 540, to: 100 * HOUR + 610 },
  ]);
});

test("a range that begins inside an hour takes the finer rows of its edge", () => {
  const plan = planRollups((HOUR + 1234) * 1000, 3 * HOUR * 1000, all(4 * HOUR));
  assert.deepEqual(plan, [
    { table: "rollups_10s", from: HOUR + 1230, to: HOUR + 1260 },
    { table: "rollups_1m", from: HOUR + 1260, to: 2 * HOUR },
    { table: "rollups_1h", from: 2 * HOUR, to: 3 * HOUR },
  ]);
});

test("an edge whose finer rows are gone is widened to the whole hour", () => {
  const plan = planRollups((HOUR + 1234) * 1000, (5 * HOUR + 60) * 1000, { ...all(9 * HOUR), oldestMinute: 8 * HOUR, oldestTen: 8 * HOUR });
  assert.deepEqual(plan, [{ table: "rollups_1h", from: HOUR, to: 6 * HOUR }]);
});

test("before anything was rolled everything comes from the ten-second rows", () => {
  assert.deepEqual(planRollups(0, 50_000, { hoursUntil: 0, minutesUntil: 0, oldestMinute: Infinity, oldestTen: 10 }), [
    { table: "rollups_10s", from: 0, to: 50 },
  ]);
});

test("an empty range reads nothing", () => {
  assert.deepEqual(planRollups(50_000, 50_000, all(HOUR)), []);
});

test("segments cover any range once, without gap or overlap", () => {
  let state = 12345;
  const random = (below: number): number => (state = (state * 48271) % 2147483647) % below;
  for (let round = 0; round < 3000; round++) {
    const rolled = random(20 * HOUR);
    const from = random(20 * HOUR);
    const plan = planRollups(from * 1000, (from + 1 + random(20 * HOUR)) * 1000, {
      ...all(Math.floor(rolled / 60) * 60),
      oldestMinute: random(20) * HOUR,
      oldestTen: random(20) * HOUR,
    });
    for (let i = 1; i < plan.length; i++) assert.equal(plan[i]?.from, plan[i - 1]?.to, JSON.stringify(plan));
    for (const segment of plan) assert.ok(segment.to > segment.from, JSON.stringify(plan));
    assert.ok((plan[0]?.from ?? 0) <= from);
  }
});
