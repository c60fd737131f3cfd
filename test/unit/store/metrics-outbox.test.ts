import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { MetricsStore } from "../../../src/store/metrics.ts";
import { ROLLUP_COLUMNS } from "../../../src/sync/record-types.ts";
import { ALL, cellsOf, idsOf, recordsOf, sendAll } from "./outbox-steps.ts";
import { rollup, T0 } from "./sample-rows.ts";
import { tempDir } from "./temp-dir.ts";

const MINUTE_MS = 60_000;
const MINUTE = Math.floor(T0 / MINUTE_MS) * MINUTE_MS;

function open(t: TestContext, keepPending = true): MetricsStore {
  const store = new MetricsStore(tempDir(t), { keepPending });
  t.after(() => store.close());
  return store;
}

function fill(store: MetricsStore, minutes: number): void {
  for (let minute = 0; minute < minutes; minute++)
    store.addRollups([rollup({ atMs: MINUTE + minute * MINUTE_MS }), rollup({ atMs: MINUTE + minute * MINUTE_MS, peer: "p 2" })]);
  while (store.roll(MINUTE + (minutes + 2) * MINUTE_MS));
}

test("every minute waits, with its cells, while there is a collector; a late probe makes it wait again with a higher version", (t) => {
  const store = open(t);
  const outbox = store.outbox();
  fill(store, 1);
  assert.deepEqual(outbox.backlog(2), { records: 2, oldestMs: MINUTE });
  const batch = outbox.next(2, ALL);
  assert.deepEqual(idsOf(batch), [`rollup ${MINUTE / 1000} bj-b1`, `rollup ${MINUTE / 1000} p 2`]);
  const [first] = recordsOf(batch);
  const cells = Object.fromEntries(ROLLUP_COLUMNS.map((column, index) => [column, cellsOf(first)[index]]));
  assert.deepEqual([cells["at"], cells["peer"], cells["sent"], cells["rtt_max_us"]], [MINUTE / 1000, "bj-b1", 100, 420]);
  assert.deepEqual(Buffer.from(String(cells["histogram"]), "base64"), Buffer.from(rollup().histogram));
  assert.equal(outbox.acknowledge(2, batch?.lastSeq ?? 0, batch), "progress");
  assert.equal(outbox.next(2, ALL), null);
  store.addRollups([rollup({ atMs: MINUTE })]);
  const [late] = recordsOf(outbox.next(2, ALL));
  assert.deepEqual([late?.seq, cellsOf(late)[2]], [3, 200]);
  assert.ok((late?.version ?? 0) > (first?.version ?? Infinity));
});

test("without a collector nothing waits", (t) => {
  const store = open(t, false);
  fill(store, 3);
  assert.deepEqual([store.outbox().backlog(2).records, store.outbox().next(2, ALL)], [0, null]);
});

test("minutes that were evicted are told as that, and numbers are not used twice, also after the queue was empty", (t) => {
  const store = open(t);
  const outbox = store.outbox();
  fill(store, 3);
  store.database.prepare("DELETE FROM rollups_1m WHERE at < ?").run(MINUTE / 1000 + 60);
  const batch = outbox.next(2, ALL);
  assert.deepEqual([batch?.tombstones, batch?.records.length, batch?.lastSeq], [[{ from: 1, to: 2, reason: "evicted" }], 4, 6]);
  outbox.acknowledge(2, 6, batch);
  store.addRollups([rollup({ atMs: MINUTE + MINUTE_MS })]);
  assert.equal(recordsOf(outbox.next(2, ALL))[0]?.seq, 7);
});

test("a collector that has lost the minutes gets all that are stored again; under a new id only what waits", (t) => {
  const store = open(t);
  const outbox = store.outbox();
  fill(store, 30);
  assert.equal(sendAll(outbox, 2).length, 60);
  assert.equal(outbox.acknowledge(2, 0, null), "behind");
  assert.deepEqual(outbox.next(2, ALL)?.tombstones, [{ from: 1, to: 60, reason: "replaced" }]);
  assert.equal(sendAll(outbox, 2).length, 60);
  assert.equal(outbox.acknowledge(2, 1000, null), "ahead");
  store.addRollups([rollup({ atMs: MINUTE })]);
  const batch = outbox.next(2, ALL);
  assert.deepEqual([batch?.tombstones, batch?.records.length], [[{ from: 1, to: 120, reason: "replaced" }], 1]);
});
