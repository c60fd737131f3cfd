import assert from "node:assert/strict";
import test from "node:test";
import { BlindBook } from "../../../src/control/blind-book.ts";

test("intervals are counted and added up; one that grew is counted once", () => {
  const book = new BlindBook();
  const stall = { startedMs: 1_000, cause: "stall", detail: null };
  book.add({ ...stall, endedMs: 1_500 });
  book.add({ ...stall, endedMs: 3_000 });
  for (let n = 0; n < 9; n++) book.add({ startedMs: 10_000 * (n + 1), endedMs: 10_000 * (n + 1) + 100, cause: "overflow", detail: `${n}` });
  const { count, seconds, last } = book.summary();
  assert.equal(count, 10);
  assert.equal(seconds, 2.9);
  assert.deepEqual(
    last.map(({ detail }) => detail),
    ["4", "5", "6", "7", "8"],
  );
});
