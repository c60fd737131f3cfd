import assert from "node:assert/strict";
import { test } from "node:test";
import { contiguous, type Progress } from "../../../src/collector/contiguous.ts";
import type { Tombstone } from "../../../src/sync/wire.ts";
import { record, rollup } from "../../contract/delivery.ts";

interface Given {
  readonly records?: readonly number[];
  readonly rollups?: readonly number[];
  readonly tombstones?: readonly Tombstone[];
  readonly rejected?: readonly number[];
}

function after(acked: number, { records = [], rollups = [], tombstones = [], rejected = [] }: Given): Progress {
  return contiguous(acked, { records: records.map((seq) => record(seq)), rollups: rollups.map((seq) => rollup(seq)), tombstones, rejected });
}

const evicted = (from: number, to: number): Tombstone => ({ from, to, reason: "evicted" });
const refused = (from: number, to: number): Tombstone => ({ from, to, reason: "refused" });

for (const [title, acked, given, expected] of [
  ["nothing moves nothing", 7, {}, 7],
  ["records in turn", 7, { records: [8, 9] }, 9],
  ["rollups in turn", 7, { rollups: [8, 9] }, 9],
  ["a gap stops", 7, { records: [8, 10] }, 8],
  ["what came before is no step", 7, { records: [1, 2, 7] }, 7],
  ["what came before and what follows", 7, { records: [6, 7, 8] }, 8],
  ["a rejected number stops", 0, { records: [1, 3], rejected: [2] }, 1],
  ["a rejected number stops although its record is there", 0, { records: [1, 2, 3], rejected: [2] }, 1],
  ["a tombstone takes the place of a rejected number", 0, { records: [1, 2, 3], rejected: [2], tombstones: [refused(2, 2)] }, 3],
  ["tombstones between records", 0, { records: [1, 4], tombstones: [evicted(2, 3), evicted(5, 5)] }, 5],
  ["tombstones in any order, and within another", 0, { tombstones: [evicted(5, 9), evicted(1, 4), evicted(2, 3)] }, 9],
  ["a tombstone behind a gap stays there", 0, { tombstones: [evicted(2, 9)] }, 0],
] as const satisfies readonly (readonly [string, number, Given, number])[])
  test(title, () => assert.equal(after(acked, given).acked, expected));

test("a number is counted once, by the first range that holds it, and not where a record is", () => {
  const { acked, passed } = after(4, { records: [6], tombstones: [evicted(1, 7), refused(7, 9)] });
  assert.equal(acked, 9);
  assert.deepEqual(passed, [
    { reason: "evicted", numbers: 2 },
    { reason: "refused", numbers: 2 },
  ]);
  assert.deepEqual(after(9, { tombstones: [evicted(1, 7), refused(7, 9)] }).passed, []);
});

test("a range as long as numbers are is one step", () =>
  assert.equal(after(0, { tombstones: [evicted(1, Number.MAX_SAFE_INTEGER)] }).acked, Number.MAX_SAFE_INTEGER));
