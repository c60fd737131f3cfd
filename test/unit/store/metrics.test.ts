import assert from "node:assert/strict";
import { test } from "node:test";
import { MetricsStore } from "../../../src/store/metrics.ts";
import { readPeerTotals } from "../../../src/store/peer-totals.ts";
import { rollup } from "./sample-rows.ts";
import { tempDir } from "./temp-dir.ts";

const HOUR_MS = 3600_000;
const START_MS = Date.UTC(2026, 10, 19, 20);

function sums(store: MetricsStore, table: string): unknown {
  return store.database
    .prepare(`SELECT count(*) AS rows, sum(sent) AS sent, sum(lost) AS lost, min(nullif(rtt_min_us, 0)) AS min, max(rtt_max_us) AS max FROM ${table}`)
    .get();
}

test("two rows of one period add up exactly, histogram included", (t) => {
  const store = new MetricsStore(tempDir(t));
  store.addRollups([rollup({ rttUs: [400, 900] })]);
  store.addRollups([rollup({ sent: 2, received: 0, lost: 2, rttUs: [] }), rollup({ sent: 5, rttUs: [100] })]);
  assert.deepEqual(sums(store, "rollups_10s"), { rows: 1, sent: 107, lost: 4, min: 100, max: 900 });
  const stored = store.database.prepare("SELECT histogram FROM rollups_10s").pluck().get() as Uint8Array;
  assert.deepEqual(new Uint8Array(stored), rollup({ rttUs: [100, 400, 900] }).histogram);
  store.close();
});

test("a minute is rolled 30 s after its end, an hour too, and each only once", (t) => {
  const store = new MetricsStore(tempDir(t));
  const rows = Array.from({ length: 366 }, (_, i) => rollup({ atMs: START_MS + i * 10_000 }));
  store.addRollups(rows);
  store.roll(START_MS + 60_000 + 29_000);
  assert.deepEqual(sums(store, "rollups_1m"), { rows: 0, sent: null, lost: null, min: null, max: null });
  store.roll(START_MS + 60_000 + 30_000);
  assert.deepEqual(sums(store, "rollups_1m"), { rows: 1, sent: 600, lost: 6, min: 400, max: 420 });
  while (store.roll(START_MS + HOUR_MS + 30_000));
  store.roll(START_MS + HOUR_MS + 31_000);
  assert.deepEqual(sums(store, "rollups_1m"), { rows: 60, sent: 36_000, lost: 360, min: 400, max: 420 });
  assert.deepEqual(sums(store, "rollups_1h"), { rows: 1, sent: 36_000, lost: 360, min: 400, max: 420 });
  store.close();
});

test("a row that comes late for a finished period is added to the coarser rows as well", (t) => {
  const store = new MetricsStore(tempDir(t));
  store.addRollups(Array.from({ length: 366 }, (_, i) => rollup({ atMs: START_MS + i * 10_000 })));
  while (store.roll(START_MS + HOUR_MS + 90_000));
  store.addRollups([rollup({ atMs: START_MS + 20_000, sent: 0, received: 0, lost: -1, late: 1, rttUs: [] })]);
  assert.deepEqual(sums(store, "rollups_1m"), { rows: 61, sent: 36_600, lost: 365, min: 400, max: 420 });
  assert.deepEqual(sums(store, "rollups_1h"), { rows: 1, sent: 36_000, lost: 359, min: 400, max: 420 });
  // The wall clock was set back by two days.
  store.addRollups([rollup({ atMs: START_MS - 48 * HOUR_MS, peer: "other" })]);
  assert.equal(store.database.prepare("SELECT count(*) FROM rollups_1h").pluck().get(), 2);
  store.close();
});

test("the totals of a range are the same whatever was rolled when", (t) => {
  const store = new MetricsStore(tempDir(t));
  const range = { sinceMs: START_MS + 50_000, untilMs: START_MS + 3 * HOUR_MS + 130_000, peer: null };
  const peers = ["a", "b"];
  for (let hour = 0; hour < 4; hour++) {
    store.addRollups(
      peers.flatMap((peer) =>
        Array.from({ length: 360 }, (_, i) => rollup({ peer, atMs: START_MS + hour * HOUR_MS + i * 10_000, rttUs: [300 + i, 5000] })),
      ),
    );
  }
  const before = readPeerTotals(store.database, range);
  while (store.roll(START_MS + 3 * HOUR_MS + 70_000));
  const middle = readPeerTotals(store.database, range);
  while (store.roll(START_MS + 9 * HOUR_MS));
  const after = readPeerTotals(store.database, range);
  assert.equal(before.get("a")?.sent, ((range.untilMs - range.sinceMs) / 10_000) * 100);
  assert.deepEqual(middle, before);
  assert.deepEqual(after, before);
  assert.deepEqual([...readPeerTotals(store.database, { ...range, peer: "b" }).keys()], ["b"]);
  assert.equal(readPeerTotals(store.database, { ...range, peer: "nobody" }).size, 0);
  store.close();
});

test("every count comes back under its own name, added up over rows of all levels", (t) => {
  const store = new MetricsStore(tempDir(t));
  const counts = {
    sent: 101,
    received: 102,
    lost: 103,
    late: 104,
    duplicate: 105,
    foreign: 106,
    sendFailed: 107,
    skipped: 108,
    blind: 109,
    doubtful: 110,
    heardExpected: 111,
    heardReceived: 112,
  };
  // An hour and a minute that are rolled, and ten seconds that are not yet.
  const times = [START_MS, START_MS + HOUR_MS, START_MS + HOUR_MS + 120_000];
  store.addRollups(times.map((atMs) => rollup({ ...counts, atMs })));
  store.roll(START_MS + HOUR_MS + 130_000);
  const totals = readPeerTotals(store.database, { sinceMs: START_MS, untilMs: START_MS + 2 * HOUR_MS, peer: null }).get("bj-b1");
  const expected = Object.entries(counts).map(([name, count]) => [name, count * times.length]);
  assert.deepEqual(
    expected.map(([name]) => [name, totals?.[name as keyof typeof counts]]),
    expected,
  );
  store.close();
});
