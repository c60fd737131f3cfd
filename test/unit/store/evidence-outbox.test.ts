import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { openDatabase } from "../../../src/store/database.ts";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { EVIDENCE_SCHEMA } from "../../../src/store/migrations.ts";
import { SETTLE_MS } from "../../../src/store/settled.ts";
import type { StoreOutbox } from "../../../src/store/store-outbox.ts";
import { digestEvidence } from "../../../src/store/ticket-reader.ts";
import type { IncidentHead } from "../../../src/sync/record-types.ts";
import { MAX_BODY_BYTES, MAX_HEAD_BYTES, type Lane } from "../../../src/sync/wire.ts";
import { ALL, cellsOf, idsOf, recordsOf, sendAll } from "./outbox-steps.ts";
import { burst, capture, incident, sampleBlock, T0 } from "./sample-rows.ts";
import { tempDir } from "./temp-dir.ts";

const LANES: readonly Lane[] = [0, 1, 3];

function open(t: TestContext, aheadMs = 0): { store: EvidenceStore; outbox: StoreOutbox } {
  const store = new EvidenceStore(tempDir(t));
  t.after(() => store.close());
  return { store, outbox: store.outbox(() => Date.now() + aheadMs) };
}

function headOf(outbox: StoreOutbox): IncidentHead {
  return recordsOf(outbox.next(0, ALL)).at(-1)?.data as IncidentHead;
}

test("a record waits once, in its newest version; the numbers that this leaves free are told as replaced", (t) => {
  const { store, outbox } = open(t);
  store.openIncident(incident({ status: "open", endedMs: null }), [capture()]);
  const first = recordsOf(outbox.next(0, ALL))[0];
  store.updateIncident(incident({ status: "cooling" }));
  store.updateIncident(incident({ status: "cooling" }));
  const batch = outbox.next(0, ALL);
  assert.deepEqual(batch?.tombstones, [{ from: 1, to: 1, reason: "replaced" }]);
  const [second, ...more] = recordsOf(batch);
  assert.deepEqual(
    [second?.seq, second?.type, second?.id, more.length, (second?.data as IncidentHead | undefined)?.status],
    [2, "incident", "i1", 0, "cooling"],
  );
  assert.ok((second?.version ?? 0) > (first?.version ?? Infinity));
  assert.deepEqual(idsOf(outbox.next(1, ALL)), ["row.captures c1", "row.incidents i1"]);
});

test("what a transaction that fails has written is not in the queue either", (t) => {
  const { store, outbox } = open(t);
  assert.throws(() =>
    store.transaction(() => {
      store.openIncident(incident(), [capture()]);
      throw new Error("no");
    }),
  );
  assert.deepEqual(
    LANES.map((lane) => outbox.backlog(lane).records),
    [0, 0, 0],
  );
});

test("lines go by fifty chunks when their capture has ended, those that come later at once", (t) => {
  const { store, outbox } = open(t);
  const mtr = capture({ id: "c 1", kind: "mtr", status: "running" });
  const chunk = (number: number): void => store.appendLines({ captureId: "c 1", number, lines: [{ atMs: T0 + number, text: "x 0 1" }] });
  store.openIncident(incident(), [mtr]);
  for (let number = 1; number <= 60; number++) chunk(number);
  assert.deepEqual(idsOf(outbox.next(1, ALL)), ["row.incidents i1", "row.captures c 1"]);
  store.putCapture({ ...mtr, status: "complete" });
  const rows = recordsOf(outbox.next(1, ALL)).filter(({ type }) => type === "row.lines");
  assert.deepEqual(
    rows.map(({ id, data }) => [id, (data as unknown[])[1], ((data as unknown[])[2] as unknown[]).length]),
    [
      ["c 1 0", 0, 49],
      ["c 1 50", 50, 11],
    ],
  );
  assert.deepEqual(cellsOf(rows[1])[0], "c 1");
  assert.deepEqual((cellsOf(rows[1])[2] as unknown[])[0], [50, `[[${T0 + 50},"x 0 1"]]`]);
  sendAll(outbox, 1);
  chunk(61);
  assert.deepEqual(idsOf(outbox.next(1, ALL)), ["row.lines c 1 50"]);
});

test("a baseline waits only once an incident refers to it", (t) => {
  const { store, outbox } = open(t);
  store.putCapture(capture({ id: "b1", incidentId: null, trigger: "baseline" }));
  assert.equal(outbox.next(1, ALL), null);
  store.openIncident(incident({ baselineCaptureId: "b1" }), []);
  assert.deepEqual(idsOf(outbox.next(1, ALL)), ["row.incidents i1", "row.captures b1"]);
});

test("the head of an incident has the digest of the report when nothing more comes, and says so once", (t) => {
  const { store, outbox } = open(t, SETTLE_MS);
  const after = capture({ id: "after", phase: "after", trigger: "after", status: "running", finishedMs: null });
  store.openIncident(incident({ status: "open", endedMs: null }), [capture()]);
  assert.equal(headOf(outbox).evidence, null, "it lasts");
  store.updateIncident(incident());
  store.putCapture(after);
  assert.equal(headOf(outbox).evidence, null, "the trace after it runs");
  sendAll(outbox, 0);
  store.putCapture({ ...after, status: "complete", finishedMs: T0 + 90_000 });
  const lately = store.outbox();
  assert.equal(lately.next(0, ALL), null, "something has changed just now");
  const told = headOf(outbox);
  assert.deepEqual(told.evidence, digestEvidence(store.database, { incidentIds: ["i1"] }));
  sendAll(outbox, 0);
  assert.equal(outbox.next(0, ALL), null);
  store.putSamples([sampleBlock("x")]);
  const again = sendAll(outbox, 0).at(-1)?.data as IncidentHead;
  assert.deepEqual(again.evidence, digestEvidence(store.database, { incidentIds: ["i1"] }), "what came late is in it");
  assert.notEqual(again.evidence?.sha256, told.evidence?.sha256);
  store.database.prepare("DELETE FROM samples").run();
  store.updateIncident(incident());
  assert.equal(outbox.next(0, ALL), null, "what was evicted is no change");
});

test("counting what waits makes no digest while something does; what is due is counted when nothing else waits", (t) => {
  const store = new EvidenceStore(tempDir(t));
  t.after(() => store.close());
  let nowMs = Date.now();
  const outbox = store.outbox(() => nowMs);
  const digests = (): unknown => store.database.prepare("SELECT count(*) FROM evidence_digests WHERE sha256 IS NOT NULL").pluck().get();
  store.openIncident(incident(), []);
  const batch = outbox.next(0, ALL);
  nowMs += SETTLE_MS + 1000;
  assert.deepEqual([outbox.backlog(0).records, digests()], [1, 0]);
  outbox.acknowledge(0, batch?.lastSeq ?? 0, batch);
  assert.deepEqual([outbox.backlog(0).records, digests()], [1, 1]);
  assert.notEqual(headOf(outbox).evidence, null);
});

test("a digest that goes out with a second attempt is not lost when the first, without it, is answered", (t) => {
  const store = new EvidenceStore(tempDir(t));
  t.after(() => store.close());
  let nowMs = Date.now();
  const outbox = store.outbox(() => nowMs);
  store.openIncident(incident(), []);
  const first = outbox.next(0, ALL);
  nowMs += SETTLE_MS + 1000;
  const second = outbox.next(0, ALL);
  const [head] = recordsOf(first).map(({ data }) => data as IncidentHead);
  assert.deepEqual([head?.evidence, recordsOf(second).length], [null, 1]);
  outbox.acknowledge(0, first?.lastSeq ?? 0, first);
  assert.notEqual(headOf(outbox).evidence, null);
});

test("of two attempts, the answer to the shorter says nothing of what only the longer has: also where the collector knows the numbers from another past", (t) => {
  const { store, outbox } = open(t);
  for (const id of ["i1", "i2", "i3"]) store.openIncident(incident({ id }), []);
  const short = outbox.next(0, 1);
  outbox.next(0, ALL);
  assert.equal(outbox.acknowledge(0, 3, short), "progress");
  assert.deepEqual(idsOf(outbox.next(0, ALL)), ["incident i2", "incident i3"]);
});

test("a head keeps to its bytes with the newest bursts", (t) => {
  const { store, outbox } = open(t);
  const bursts = Array.from({ length: 40 }, (_, index) => burst({ number: index + 1, sent: index }));
  store.openIncident(incident({ bursts }), []);
  const batch = outbox.next(0, ALL);
  const head = recordsOf(batch)[0]?.data as IncidentHead;
  assert.ok((batch?.bytes ?? Infinity) <= MAX_HEAD_BYTES, String(batch?.bytes));
  assert.ok(head.bursts.length >= 4, String(head.bursts.length));
  assert.deepEqual([head.bursts_in_all, head.bursts.at(-1)?.sent], [40, 39]);
});

test("what is deleted before it was sent is told as evicted; so is a range of thousands, in few words", (t) => {
  const { store, outbox } = open(t);
  store.transaction(() => {
    for (let index = 0; index < 1500; index++) store.putBlind({ startedMs: T0 + index, endedMs: T0 + index + 1, cause: "stall", detail: null });
  });
  store.database.prepare("DELETE FROM blind WHERE started_ms < ?").run(T0 + 1490);
  store.putBlind({ startedMs: T0 + 1495, endedMs: T0 + 9999, cause: "stall", detail: null });
  const batch = outbox.next(1, ALL);
  assert.deepEqual(batch?.tombstones, [
    { from: 1, to: 1490, reason: "evicted" },
    { from: 1496, to: 1496, reason: "replaced" },
  ]);
  outbox.compact();
  assert.equal(store.database.prepare("SELECT count(*) FROM outbox_gaps").pluck().get(), 1);
  assert.deepEqual(outbox.next(1, ALL), batch);
  assert.equal(sendAll(outbox, 1).length, 10);
  assert.equal(store.database.prepare("SELECT count(*) FROM outbox_gaps").pluck().get(), 0);
});

test("a refused record is set aside, named, and waits again when it changes; one that is too large never leaves", (t) => {
  const { store, outbox } = open(t);
  store.openIncident(incident(), []);
  store.putCapture(capture({ reason: "x".repeat(MAX_BODY_BYTES) }));
  outbox.refuse(1, 1, "malformed");
  const batch = outbox.next(1, ALL);
  assert.deepEqual([batch?.records.length, batch?.tombstones], [0, [{ from: 1, to: 2, reason: "refused" }]]);
  const named = outbox.refused(5);
  assert.equal(named.count, 2);
  assert.deepEqual(
    new Set(named.records.map(({ lane, type, id, code }) => `${lane} ${type} ${id} ${code}`)),
    new Set(["1 row.incidents i1 malformed", "1 row.captures c1 too-large-here"]),
  );
  store.updateIncident(incident({ status: "interrupted" }));
  assert.deepEqual(idsOf(outbox.next(1, ALL)), ["row.incidents i1"]);
  assert.equal(outbox.refused(5).count, 1);
});

test("a type that the collector did not know is tried again by the next start", (t) => {
  const { store, outbox } = open(t);
  store.openIncident(incident(), []);
  outbox.next(1, ALL);
  outbox.refuse(1, 1, "unknown-type");
  assert.deepEqual(idsOf(outbox.next(1, ALL)), []);
  assert.deepEqual(idsOf(store.outbox().next(1, ALL)), ["row.incidents i1"]);
});

test("an answer is believed up to the end of its batch; beyond every number that was given the file is an old copy", (t) => {
  const { store, outbox } = open(t);
  for (const id of ["i1", "i2", "i3"]) store.openIncident(incident({ id }), []);
  assert.equal(outbox.acknowledge(0, 2, null), "same", "nothing was sent");
  const [one] = [outbox.next(0, 1)];
  assert.equal(one?.lastSeq, 1);
  assert.equal(outbox.acknowledge(0, 3, one ?? null), "progress");
  assert.deepEqual(idsOf(outbox.next(0, ALL)), ["incident i2", "incident i3"]);
  const { db } = outbox;
  assert.equal(outbox.acknowledge(0, 4, null), "ahead");
  assert.notEqual(outbox.db, db);
  assert.equal(outbox.db, store.uuid);
  const batch = outbox.next(0, ALL);
  assert.deepEqual([batch?.tombstones, idsOf(batch)], [[{ from: 1, to: 1, reason: "replaced" }], ["incident i2", "incident i3"]]);
});

test("a collector that has lost what it had is told everything again, an hour apart", (t) => {
  const store = new EvidenceStore(tempDir(t));
  t.after(() => store.close());
  let nowMs = Date.now();
  const outbox = store.outbox(() => nowMs);
  for (let index = 0; index < 700; index++) store.putBlind({ startedMs: T0 + index, endedMs: T0 + index, cause: "stall", detail: null });
  store.putCapture(capture({ id: "b", incidentId: null, trigger: "baseline" }));
  assert.equal(sendAll(outbox, 1).length, 700);
  outbox.next(1, ALL);
  assert.equal(outbox.acknowledge(1, 10, null), "behind");
  const again = outbox.next(1, ALL);
  assert.deepEqual(again?.tombstones, [{ from: 11, to: 700, reason: "replaced" }]);
  assert.equal(sendAll(outbox, 1).length, 700, "all but what is never told");
  assert.equal(outbox.acknowledge(1, 0, null), "behind");
  assert.equal(sendAll(outbox, 1).length, 0, "not twice within the hour");
  nowMs += 3_600_000;
  assert.equal(sendAll(outbox, 1).length, 700);
});

test("a database of schema 4 is taken over at once, and what it holds is told bit by bit", (t) => {
  const dir = tempDir(t);
  const old = openDatabase(dir, { ...EVIDENCE_SCHEMA, steps: EVIDENCE_SCHEMA.steps.slice(0, 4) }, "FULL");
  const columns = "id, event_id, peer, address, status, started_ms, detected_ms, ended_ms, interval_ms, timeout_ms, bursts";
  const insert = old.prepare(`INSERT INTO incidents (${columns}) VALUES (?, ?, 'p', '10.0.0.1', 'closed', ?, ?, ?, 100, 2000, '[]')`);
  old.transaction(() => {
    for (let index = 0; index < 1000; index++) insert.run(`i${index}`, `e${index}`, T0, T0, T0 + 1);
  })();
  old.close();
  const store = new EvidenceStore(dir);
  t.after(() => store.close());
  const count = (table: string): unknown => store.database.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
  assert.equal(count("outbox"), 0);
  const outbox = store.outbox();
  outbox.next(0, ALL);
  assert.ok(Number(count("outbox")) < 1000, "not all at once");
  store.updateIncident(incident({ id: "i999", status: "interrupted" }));
  const heads = sendAll(outbox, 0);
  const settled = new Map(heads.map(({ id, data }) => [id, (data as IncidentHead).evidence?.sha256]));
  assert.equal(settled.size, 1000);
  for (const id of ["i0", "i500", "i998"]) assert.equal(settled.get(id), digestEvidence(store.database, { incidentIds: [id] }).sha256);
  assert.equal(new Set(sendAll(outbox, 1).map(({ id }) => id)).size, 1000);
});

test("a file that is used on another machine or in another directory gets another id; one that was never used, or where neither is known, keeps it", (t) => {
  const { store, outbox } = open(t);
  store.openIncident(incident(), []);
  sendAll(outbox, 0);
  const ids = [outbox.db];
  const settle = (machine: string | null, directory: string): void => {
    outbox.settleIn({ machine, directory });
    ids.push(outbox.db);
  };
  settle("m1", "/var/lib/meshprobe");
  settle("m1", "/var/lib/meshprobe");
  settle(null, "/var/lib/meshprobe");
  assert.equal(new Set(ids).size, 1);
  settle("m2", "/var/lib/meshprobe");
  settle("m2", "/srv/copy");
  assert.equal(new Set(ids).size, 3);
  store.updateIncident(incident({ status: "interrupted" }));
  assert.deepEqual(outbox.next(0, ALL)?.tombstones, [{ from: 1, to: 1, reason: "replaced" }]);
});
