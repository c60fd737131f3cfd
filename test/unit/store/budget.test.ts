import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Ballast } from "../../../src/store/ballast.ts";
import { StoreBudget } from "../../../src/store/budget.ts";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { MetricsStore } from "../../../src/store/metrics.ts";
import type { CaptureRow } from "../../../src/store/rows.ts";
import { sendAll } from "./outbox-steps.ts";
import { capture, incident, rollup, sampleBlock, T0 } from "./sample-rows.ts";
import { tempDir } from "./temp-dir.ts";

const DAY_MS = 24 * 3600_000;
const KEEP = { evidenceMs: 365 * DAY_MS, rollups: { tenSecondsMs: 7 * DAY_MS, minuteMs: 30 * DAY_MS, hourMs: 365 * DAY_MS } };

function stores(
  t: TestContext,
  maxBytes: number,
): { evidence: EvidenceStore; metrics: MetricsStore; budget: StoreBudget; rows: (sql: string) => number } {
  const dir = tempDir(t);
  const evidence = new EvidenceStore(dir);
  const metrics = new MetricsStore(dir);
  t.after(() => {
    evidence.close();
    metrics.close();
  });
  const ballast = new Ballast(dir, { maxBytes, note: () => undefined });
  const budget = new StoreBudget({ evidence, metrics, ballast, store: { maxBytes, ...KEEP } });
  const rows = (sql: string): number =>
    Number((sql.includes("rollups") ? metrics : evidence).database.prepare(`SELECT count(*) FROM ${sql}`).pluck().get());
  return { evidence, metrics, budget, rows };
}

test("the ballast is made once, counts, and is given back once", (t) => {
  const dir = tempDir(t);
  const notes: string[] = [];
  const ballast = new Ballast(dir, { maxBytes: 32 * 1024 * 1024, note: (line) => notes.push(line) });
  ballast.create();
  ballast.create();
  assert.equal(statSync(join(dir, "ballast")).size, 1024 * 1024);
  assert.equal(ballast.heldBytes(), 1024 * 1024);
  assert.equal(ballast.give(), true);
  assert.equal(existsSync(join(dir, "ballast")), false);
  assert.equal(ballast.give(), false);
  assert.deepEqual(notes, [`disk full: gave 1048576 bytes of ballast back so that evidence is still kept; free some space in ${dir}`]);
});

test("over the budget raw samples go first, then rollups, then old evidence; open incidents never", (t) => {
  const { evidence, metrics, budget, rows } = stores(t, 600_000);
  for (let i = 0; i < 30; i++) {
    const id = `i${i}`;
    evidence.openIncident(incident({ id, startedMs: T0 + i * 1000, status: i < 2 ? "open" : "closed" }), [capture({ id: `c${i}`, incidentId: id })]);
    evidence.putSamples([sampleBlock("x".repeat(10_000), { incidentId: id })]);
  }
  metrics.addRollups([rollup()]);
  assert.equal(budget.run(T0 + 60_000), false);
  assert.ok(budget.bytes() <= 600_000, String(budget.bytes()));
  assert.equal(rows("incidents"), 30, "all incidents are still there");
  assert.equal(rows("samples WHERE incident_id IN ('i0', 'i1')"), 2);
  assert.ok(rows("samples") < 30);
  assert.equal(rows("rollups_10s"), 1, "a row that has not been added up yet stays");
  const tombstone = evidence.database.prepare("SELECT day, what, reason, from_ms FROM tombstones").all();
  assert.deepEqual(tombstone, [{ day: "2026-11-19", what: "samples", reason: "budget", from_ms: T0 + 2000 }]);
});

test("over the budget healthy baselines go before all else, the oldest first; those in use, the last of a peer and those of the last hours stay", (t) => {
  const { evidence, budget, rows } = stores(t, 600_000);
  const hourMs = 3600_000;
  const nowMs = T0 + 20 * hourMs;
  const baseline = { incidentId: null, trigger: "baseline", phase: "before" } as const;
  const put = (id: string, hour: number, more: Partial<CaptureRow> = {}): void =>
    evidence.putCapture(capture({ id, ...baseline, startedMs: T0 + hour * hourMs, reason: "x".repeat(60_000), ...more }));
  put("in use", 0);
  put("last of p2", 0.5, { peer: "p2" });
  for (let hour = 1; hour < 12; hour++) put(`old ${String(hour).padStart(2, "0")}`, hour);
  put("of the last hours", 18.5);
  put("last", 19);
  evidence.openIncident(incident({ id: "i", baselineCaptureId: "in use" }), []);
  evidence.putSamples([sampleBlock("x".repeat(10_000), { incidentId: "i" })]);
  assert.ok(budget.bytes() > 600_000);
  budget.run(nowMs);
  assert.deepEqual(evidence.database.prepare("SELECT id FROM captures ORDER BY started_ms").pluck().all(), [
    "in use",
    "last of p2",
    "of the last hours",
    "last",
  ]);
  assert.ok(budget.bytes() <= 600_000, String(budget.bytes()));
  assert.equal(rows("samples"), 1);
  assert.deepEqual(evidence.database.prepare("SELECT what, reason, from_ms, to_ms, rows FROM tombstones").all(), [
    { what: "baselines", reason: "budget", from_ms: T0 + hourMs, to_ms: T0 + 11 * hourMs, rows: 11 },
  ]);
});

test("over the budget incidents that were sent go before older ones that wait, and minutes that go wait no longer", (t) => {
  const { evidence, metrics, budget, rows } = stores(t, 450_000);
  const outbox = evidence.outbox();
  const put = (index: number): void => {
    const id = `i${String(index).padStart(2, "0")}`;
    evidence.openIncident(incident({ id, startedMs: T0 + index * 1000 }), [capture({ id: `c${id}`, incidentId: id, reason: "x".repeat(20_000) })]);
  };
  for (let index = 10; index < 20; index++) put(index);
  for (const lane of [0, 1] as const) sendAll(outbox, lane);
  for (let index = 0; index < 10; index++) put(index);
  put(19.5);
  // One that was sent, but for what has become known of it since.
  evidence.markAsked("i10", "node x");
  metrics.database.exec("INSERT INTO pending_rollups (at, peer_id) VALUES (1, 1)");
  budget.run(T0 + 60_000);
  const left = evidence.database.prepare<[], string>("SELECT id FROM incidents ORDER BY id").pluck().all();
  assert.ok(left.length > 5 && left.length < 21, left.join(" "));
  const sent = left.filter((id) => /^i1[1-9]$/.test(id));
  assert.deepEqual(sent, [], "all that were sent are gone");
  assert.ok(left.includes("i10") && left.includes("i09"), left.join(" "));
  assert.equal(outbox.next(1, 1_000_000)?.tombstones.some(({ reason }) => reason === "evicted") ?? false, !left.includes("i00"));
  assert.ok(rows("outbox") > 0);
});

test("a budget that nothing can meet keeps what is open and ends", (t) => {
  const { evidence, budget, rows } = stores(t, 1000);
  evidence.openIncident(incident({ id: "open", status: "open", endedMs: null }), [capture({ id: "c0", incidentId: "open" })]);
  evidence.openIncident(incident({ id: "closed" }), [capture({ id: "c1", incidentId: "closed", kind: "mtr" })]);
  evidence.appendLines({ captureId: "c1", number: 1, lines: [{ atMs: T0, text: "x 0 1" }] });
  budget.run(T0 + 60_000);
  assert.equal(rows("incidents"), 1);
  assert.equal(rows("captures"), 1);
  assert.equal(rows("lines"), 0);
});

test("ages: rollups by level, evidence, loose baselines; the last baseline of a peer and those in use stay", (t) => {
  const { evidence, metrics, budget, rows } = stores(t, 1e9);
  const nowMs = T0 + 400 * DAY_MS;
  metrics.addRollups([rollup({ atMs: T0 }), rollup({ atMs: nowMs - 8 * DAY_MS }), rollup({ atMs: nowMs - DAY_MS })]);
  while (metrics.roll(nowMs));
  const baseline = { incidentId: null, trigger: "baseline", phase: "before" } as const;
  evidence.putCapture(capture({ id: "in use", ...baseline, startedMs: nowMs - 9 * DAY_MS }));
  evidence.putCapture(capture({ id: "loose", ...baseline, startedMs: nowMs - 8 * DAY_MS }));
  evidence.putCapture(capture({ id: "last", ...baseline, startedMs: nowMs - 7 * DAY_MS }));
  evidence.openIncident(incident({ id: "old" }), [capture({ incidentId: "old" })]);
  evidence.openIncident(incident({ id: "new", startedMs: nowMs - 9 * DAY_MS, endedMs: nowMs - 9 * DAY_MS + 1, baselineCaptureId: "in use" }), []);
  evidence.putBlind({ startedMs: T0, endedMs: T0 + 5, cause: "stall", detail: null });
  budget.run(nowMs);
  assert.deepEqual([rows("rollups_10s"), rows("rollups_1m"), rows("rollups_1h")], [1, 2, 2]);
  assert.deepEqual(evidence.database.prepare("SELECT id FROM captures ORDER BY id").pluck().all(), ["in use", "last"]);
  assert.deepEqual(evidence.database.prepare("SELECT id FROM incidents").pluck().all(), ["new"]);
  assert.equal(rows("blind"), 0);
});
