import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeHops } from "../../../src/path/hop-table.ts";
import { mtrFigures } from "../../../src/path/mtr-figures.ts";
import { readMtr } from "../../../src/path/mtr-raw.ts";
import type { Hop } from "../../../src/path/hop.ts";

function hop(more: Partial<Hop>): Hop {
  return { ttl: 1, address: "a", addresses: ["a"], sent: 1, received: 1, lossPct: 0, rttMs: null, mpls: [], note: null, ...more };
}

test("last is the newest answer, and the deviation that of a sample, in whole microseconds as mtr cuts them", () => {
  const figures = mtrFigures(hop({ sent: 4, received: 3, rttsUs: [1_000, 2_000, 4_000] }));
  // The running mean: 1000, 1500, 1500 + 2500/3 cut to 2333; squares 0 + 500,000 + 2500 · 1667.
  assert.deepEqual(figures, { lossPct: 25, sent: 4, received: 3, last: 4, avg: 2.333, best: 1, worst: 4, stdev: 1.527 });
});

test("nothing answered is all zeros, as mtr prints it; one answer deviates from nothing", () => {
  const silent = mtrFigures(hop({ sent: 10, received: 0 }));
  assert.deepEqual([silent.lossPct, silent.last, silent.avg, silent.best, silent.worst, silent.stdev], [100, 0, 0, 0, 0, 0]);
  const single = mtrFigures(hop({ rttMs: { best: 0.7, avg: 0.7, worst: 0.7 } }));
  assert.deepEqual([single.last, single.stdev], [0.7, 0]);
});

test("of several answers of which only sums were kept, last and deviation are those that were kept with them, or not known", () => {
  const summed = hop({ sent: 2, received: 2, rttMs: { best: 1, avg: 2, worst: 3 } });
  assert.deepEqual([mtrFigures(summed).last, mtrFigures(summed).stdev, mtrFigures(summed).avg], [null, null, 2]);
  const kept = hop({ sent: 2, received: 2, rttMs: { best: 1, avg: 2, worst: 3, last: 3, stdev: Math.SQRT2 } });
  assert.deepEqual([mtrFigures(kept).last, mtrFigures(kept).stdev], [3, Math.SQRT2]);
});

test("merged tables keep every round trip, and where one kept only sums the spread within and between them", () => {
  const one = hop({ rttMs: { best: 1, avg: 1, worst: 1 } });
  const two = hop({ sent: 2, received: 2, rttMs: { best: 2, avg: 3, worst: 4 }, rttsUs: [2_000, 4_000] });
  assert.deepEqual(mergeHops([[one], [two]])[0]?.rttsUs, [1_000, 2_000, 4_000]);
  const summed = hop({ sent: 2, received: 2, rttMs: { best: 2, avg: 3, worst: 4, last: 4, stdev: Math.SQRT2 } });
  const merged = mergeHops([[one], [summed]])[0];
  assert.equal(merged?.rttsUs, undefined);
  assert.deepEqual([merged?.rttMs?.last, merged?.rttMs?.stdev?.toFixed(2)], [4, "1.53"]);
  const unknown = hop({ sent: 2, received: 2, rttMs: { best: 2, avg: 3, worst: 4 } });
  assert.deepEqual([mergeHops([[one], [unknown]])[0]?.rttsUs, mergeHops([[one], [unknown]])[0]?.rttMs?.stdev], [undefined, undefined]);
});

test("round trips come in the order of the answers, not of the probes", () => {
  const lines = ["x 0 1", "x 0 2", "h 0 10.0.0.1", "p 0 900 2", "p 0 1500 1"].map((text, index) => ({ atMs: index, text }));
  const { hops } = readMtr(lines, { target: "10.0.0.1", graceMs: 0 });
  assert.deepEqual(hops[0]?.rttsUs, [900, 1500]);
  assert.equal(mtrFigures(hops[0] as Hop).last, 1.5);
});
