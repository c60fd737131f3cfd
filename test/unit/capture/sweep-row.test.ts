import assert from "node:assert/strict";
import { test } from "node:test";
import { sweepRow } from "../../../src/capture/sweep-row.ts";
import type { SweepHop } from "../../../src/path/hop.ts";
import type { SweepReport } from "../../../src/wire/messages.ts";

const T0 = Date.UTC(2026, 10, 21, 4, 12, 0);
const FROM = { epoch: 7, source: "10.0.0.1" };
const ANSWERED: readonly SweepHop[] = [
  { ttl: 1, sent: true, answer: { address: "10.9.0.1", kind: "time-exceeded", code: 0, rttUs: 900 }, note: null },
  { ttl: 2, sent: true, answer: { address: "10.0.0.2", kind: "echo-reply", code: 0, rttUs: 1_900 }, note: null },
];
const REPORT: SweepReport = {
  id: 3,
  peer: "p1",
  target: "10.0.0.2",
  trigger: "burst",
  flow: 1,
  startedMs: T0,
  firstHopMs: T0 + 1,
  finishedMs: T0 + 9,
  skipped: null,
  hops: ANSWERED,
};

test("a sweep is running while answers may come, then complete, and keeps its id, which no other boot of the wire uses", () => {
  const rows = [{ ...REPORT, finishedMs: null }, REPORT].map((report) => sweepRow(report, FROM));
  assert.deepEqual(
    rows.map((row) => [row.id, row.status, row.reached, row.phase]),
    [
      ["s7-3", "running", true, "during"],
      ["s7-3", "complete", true, "during"],
    ],
  );
  assert.notEqual(sweepRow(REPORT, { ...FROM, epoch: 8 }).id, rows[0]?.id);
});

test("hops that were not asked make it partial, with the reason", () => {
  const denied: SweepHop = { ttl: 1, sent: false, answer: null, note: "not asked: hop budget" };
  const row = sweepRow({ ...REPORT, hops: [denied, ...ANSWERED.slice(1)] }, FROM);
  assert.deepEqual([row.status, row.reason], ["partial", "not asked: hop budget"]);
});

test("one that was skipped says why, shows no hops and claims nothing of the target", () => {
  const row = sweepRow({ ...REPORT, skipped: "an mtr runs", hops: ANSWERED }, FROM);
  assert.deepEqual([row.status, row.reason, row.hops, row.reached], ["skipped", "an mtr runs", [], null]);
});

test("what it was triggered by says whether it shows the path before, during or after", () => {
  const phases = (["baseline", "suspect", "recapture", "after"] as const).map((trigger) => sweepRow({ ...REPORT, trigger }, FROM).phase);
  assert.deepEqual(phases, ["before", "during", "during", "after"]);
});
