/** Who is traced after an event, and what becomes of the sweeps. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AfterTables } from "../../../src/capture/after-tables.ts";
import { EventCrowd } from "../../../src/capture/event-crowd.ts";
import { differs } from "../../../src/capture/incident-facts.ts";
import { sweepRow } from "../../../src/capture/sweep-row.ts";
import type { Incident } from "../../../src/detect/incident.ts";
import type { CaptureRow } from "../../../src/store/rows.ts";
import type { SweepReport } from "../../../src/wire/messages.ts";

function incident(number: number): Incident {
  const times = { startedMs: 0, detectedMs: 0, endedMs: null, openedAt: 0, burstEndedAt: null };
  return { id: `i${number}`, continues: null, peer: `p${number}`, address: "10.0.0.2", phase: "open", bursts: [], ...times };
}

test("a peer that was lost alone is traced for long", () => {
  const crowd = new EventCrowd(100);
  crowd.opened("e1", incident(1));
  crowd.opened("e2", incident(2));
  assert.deepEqual([crowd.afterOf("i1"), crowd.afterOf("i2")], [{ cycles: 100 }, { cycles: 100 }]);
});

test("of several the first three that were traced are, ten sweeps each, and the others say for whom", () => {
  const crowd = new EventCrowd(100);
  for (let number = 1; number <= 5; number++) crowd.opened("e1", incident(number));
  assert.deepEqual(crowd.afterOf("i5"), { cycles: 10 });
  for (const id of ["i2", "i2", "i4", "i5", "i1"]) crowd.traced(id);
  assert.deepEqual(crowd.afterOf("i4"), { cycles: 10 });
  assert.deepEqual(crowd.afterOf("i1"), { reason: "one of 5 peers lost together; traced afterwards: p2, p4, p5" });
});

test("one whose companions are closed was not lost alone; a limit below ten holds for all", () => {
  const crowd = new EventCrowd(3);
  for (const number of [1, 2]) crowd.opened("e1", incident(number));
  crowd.traced("i1");
  crowd.closed(incident(1));
  assert.deepEqual(crowd.afterOf("i2"), { reason: "one of 2 peers lost together; traced afterwards: p1" });
  const small = new EventCrowd(3);
  small.opened("e1", incident(1));
  assert.deepEqual(small.afterOf("i1"), { cycles: 3 });
});

function after(more: Partial<SweepReport>): [CaptureRow, SweepReport] {
  const answered = [
    { ttl: 1, sent: true, answer: { address: "a", kind: "time-exceeded", code: 0, rttUs: 900 }, note: null },
    { ttl: 2, sent: true, answer: { address: "10.0.0.2", kind: "echo-reply", code: 0, rttUs: 900 }, note: null },
  ] as const;
  const times = { startedMs: 1_000, firstHopMs: 1_001, finishedMs: 1_009 };
  const report: SweepReport = { id: 3, peer: "p1", target: "10.0.0.2", trigger: "after", flow: 0, ...times, skipped: null, hops: answered, ...more };
  return [sweepRow(report, { epoch: 7, source: null }), report];
}

test("the sweeps of one trace become one capture, complete with the last", () => {
  const tables = new AfterTables();
  tables.ordered({ peer: "p1", id: "i1" });
  const rows = [1, 2, 3].map((number) => tables.add(...after({ id: number, cycle: { number, of: 3 } })));
  assert.deepEqual(
    rows.map((row) => [row?.id, row?.status, row?.hops.map(({ sent }) => sent)]),
    [
      ["s7-1-after", "running", [1, 1]],
      ["s7-1-after", "running", [2, 2]],
      ["s7-1-after", "complete", [3, 3]],
    ],
  );
  assert.deepEqual(tables.end("agent stopped"), []);
});

test("one that ends early says why and keeps what it has; one that never began is skipped; the next is another", () => {
  const tables = new AfterTables();
  tables.ordered({ peer: "p1", id: "i1" });
  assert.equal(tables.add(...after({ finishedMs: null, cycle: { number: 1, of: 100 } })), null);
  tables.add(...after({ cycle: { number: 1, of: 100 } }));
  const stopped = tables.add(...after({ id: 9, skipped: "a burst began" }));
  assert.deepEqual([stopped?.id, stopped?.status, stopped?.reason, stopped?.hops.length], ["s7-3-after", "partial", "a burst began", 2]);
  const never = tables.add(...after({ id: 10, skipped: "a burst began" }));
  assert.deepEqual([never?.id, never?.status, never?.incidentId], ["s7-10", "skipped", "i1"]);
  tables.ordered({ peer: "p1", id: "i2" });
  tables.add(...after({ id: 11, cycle: { number: 1, of: 100 } }));
  assert.deepEqual(
    tables.end("agent stopped").map((row) => [row.id, row.incidentId, row.status, row.reason]),
    [["s7-11-after", "i2", "partial", "agent stopped"]],
  );
});

test("a path is another when a router or its length is; not when a hop, or the target at its own TTL, was silent once", () => {
  const cases: readonly (readonly [readonly (string | null)[], readonly (string | null)[], boolean])[] = [
    [["a", "b"], ["a", "b"], false],
    [["a", "b"], ["a", "c"], true],
    [["a", "b"], ["a", null], false],
    [["a", null], ["a", "b"], false],
    [["a", "b"], ["a"], true],
    [["a"], ["a", "b"], true],
    [["a"], ["a", null], false],
    [["a", null], ["a"], false],
  ];
  for (const [before, now, changed] of cases) assert.equal(differs(before, now), changed, `${before.join(" ")} → ${now.join(" ")}`);
});
