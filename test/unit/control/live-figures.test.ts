import assert from "node:assert/strict";
import test from "node:test";
import { BUCKETS_S, LiveFigures, PERIOD_MS, PERIODS } from "../../../src/control/live-figures.ts";
import { Histogram } from "../../../src/stats/histogram.ts";
import type { RollupRow } from "../../../src/store/rows.ts";

const T0 = 1_700_000_000_000;

function row(fields: Partial<RollupRow>, rttsUs: readonly number[] = []): RollupRow {
  const histogram = new Histogram();
  for (const us of rttsUs) histogram.add(us);
  const none = { late: 0, duplicate: 0, foreign: 0, sendFailed: 0, skipped: 0, blind: 0, doubtful: 0, heardExpected: 0, heardReceived: 0 };
  return {
    peer: "b",
    atMs: T0,
    sent: 0,
    received: 0,
    lost: 0,
    ...none,
    rttMinUs: Math.min(...rttsUs, Infinity) === Infinity ? 0 : Math.min(...rttsUs),
    rttMaxUs: Math.max(0, ...rttsUs),
    errorMaxUs: 0,
    histogram: rttsUs.length === 0 ? new Uint8Array(0) : histogram.encode(),
    ...fields,
  };
}

test("counters add up and never fall: a loss that was answered late is taken back by the losses that follow", () => {
  const figures = new LiveFigures();
  const seen: (number | undefined)[] = [];
  for (const lost of [3, -2, 1, 2]) {
    figures.add([row({ sent: 100, lost })]);
    seen.push(figures.of("b")?.totals.lost);
  }
  assert.deepEqual(seen, [3, 3, 3, 4]);
  assert.equal(figures.of("b")?.totals.sent, 400);
  figures.forget("b");
  assert.equal(figures.of("b"), null);
});

test("round-trip times fall into their buckets, with their sum", () => {
  const figures = new LiveFigures();
  figures.add([row({ received: 4 }, [90, 400, 30_000, 9_000_000])]);
  figures.add([row({ received: 1 }, [400])]);
  const { buckets, rttCount, rttSumS } = figures.of("b") ?? assert.fail();
  const expected = new Float64Array(BUCKETS_S.length + 1);
  expected[0] = 1;
  expected[BUCKETS_S.indexOf(0.0005)] = 2;
  expected[BUCKETS_S.indexOf(0.05)] = 1;
  expected[BUCKETS_S.length] = 1;
  assert.deepEqual(buckets, expected);
  assert.equal(rttCount, 5);
  assert.ok(Math.abs(rttSumS - 9.03089) < 0.01 * 9.03089, String(rttSumS));
});

test("the last periods come in order, with gaps where nothing was told, and the window moves on", () => {
  const figures = new LiveFigures();
  figures.add([row({ sent: 10, lost: 1 }, [500]), row({ atMs: T0 + 2 * PERIOD_MS, sent: 20 }, [700, 900])]);
  const nowMs = T0 + 3 * PERIOD_MS + 1;
  const shown = figures.periods("b", 4, nowMs).map((period) => (period === null ? null : [period.sent, period.lost, period.maxUs]));
  assert.deepEqual(shown, [null, [10, 1, 500], null, [20, 0, 900]]);
  assert.deepEqual(figures.periods("nobody", 2, nowMs), [null, null]);
  // Not told yet: the newest that was told stays the last, for one period.
  assert.equal(figures.periods("b", 1, nowMs + PERIOD_MS)[0]?.sent, 20);
  assert.equal(figures.periods("b", 1, nowMs + 2 * PERIOD_MS)[0], null);
  figures.add([row({ lost: -1, late: 1 })]);
  assert.equal(figures.periods("b", 3, nowMs)[0]?.lost, 0);
  // A round later in the ring: the old one is gone, and a correction of it changes nothing.
  const later = T0 + PERIODS * PERIOD_MS;
  figures.add([row({ atMs: later, sent: 5 }), row({ lost: -1 })]);
  assert.deepEqual(figures.periods("b", 1, later + PERIOD_MS)[0], { sent: 5, lost: 0, blind: 0, p50Us: 0, maxUs: 0 });
});
