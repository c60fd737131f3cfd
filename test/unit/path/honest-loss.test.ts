import assert from "node:assert/strict";
import { test } from "node:test";
import { annotateHops } from "../../../src/path/honest-loss.ts";
import type { Hop } from "../../../src/path/hop.ts";
import { hop } from "./hop-builder.ts";

function notes(received: readonly number[], healthy: readonly Hop[] | null = null): (string | null)[] {
  const hops = received.map((count, index) => hop(index + 1, count === 0 ? null : `10.0.0.${index + 1}`, { sent: 10, received: count }));
  return annotateHops(hops, healthy).map((line) => line.note);
}

const LIMITED = "answers limited by the router (loss does not reach the destination)";

test("loss at a middle hop alone is labelled as the router's limit", () => {
  assert.deepEqual(notes([10, 4, 10]), [null, LIMITED, null]);
});

test("loss that reaches the destination is not explained away", () => {
  assert.deepEqual(notes([10, 6, 6]), [null, null, null]);
  assert.deepEqual(notes([10, 10, 0]), [null, null, null]);
  assert.deepEqual(notes([5, 6, 6]), [null, null, null]);
});

test("before a fault, a limited hop is labelled by the hops that answer behind it", () => {
  assert.deepEqual(notes([4, 10, 0]), ["answers limited by the router (later hops lose 0 %)", null, null]);
});

test("a lossy destination is not called healthy", () => {
  assert.deepEqual(notes([1, 10, 7]), ["answers limited by the router (later hops lose 0 %)", null, null]);
  assert.deepEqual(notes([10, 1, 7]), [null, "answers limited by the router (later hops lose 30 %)", null]);
});

test("while the destination loses, hops that cannot have had its loss lie before the fault, and so does what is before them", () => {
  const table = (sent: number, lost: readonly number[]): Hop[] =>
    lost.map((count, index) => hop(index + 1, `10.0.0.${index + 1}`, { sent, received: sent - count }));
  const label = (sent: number, lost: readonly number[]): (string | null)[] => annotateHops(table(sent, lost), null, 40).map(({ note }) => note);
  assert.deepEqual(label(12, [0, 1, 0, 5, 5]), [null, "answers limited by the router (hops behind it answered 12 of 12)", null, null, null]);
  assert.deepEqual(label(3, [0, 1, 0, 0, 1]), [null, "answers limited by the router (hops behind it answered 6 of 6)", null, null, null]);
  // Three that came back may have been lucky, and the last one before the loss has nobody behind it.
  assert.deepEqual(label(3, [0, 1, 0, 2, 1]), [null, null, null, null, null]);
  assert.deepEqual(label(12, [0, 0, 1, 5, 5]), [null, null, null, null, null]);
  // What loses as much as the hops behind it lost for all of them.
  assert.deepEqual(label(40, [0, 4, 4, 16, 16]), [null, null, null, null, null]);
});

test("a silent hop is told from one that fell silent", () => {
  assert.deepEqual(notes([10, 0, 10]), [null, "silent; later hops answer", null]);
  assert.deepEqual(notes([10, 0, 10], [hop(2, null)]), [null, "silent, also while healthy; later hops answer", null]);
  assert.deepEqual(notes([10, 0, 10], [hop(2, "10.0.0.2")]), [null, "silent; later hops answer; answered while healthy", null]);
});

test("a hop that fell silent while most probes were lost is not excused by an answer that came when the loss ended", () => {
  const hops = [hop(1, "10.0.0.1"), hop(2, null, { sent: 4, received: 0 }), hop(3, "10.0.0.3", { sent: 1, received: 1 })];
  const noteAt2 = (healthy: readonly Hop[] | null, lossPct: number): string | null | undefined => annotateHops(hops, healthy, lossPct)[1]?.note;
  assert.equal(noteAt2([hop(2, "10.0.0.2")], 100), null);
  assert.equal(noteAt2(null, 60), null);
  assert.equal(noteAt2([hop(2, null)], 100), "silent, also while healthy; later hops answer");
  assert.equal(noteAt2([hop(2, "10.0.0.2")], 40), "silent; later hops answer; answered while healthy");
});

test("the reply rate while healthy is told", () => {
  assert.deepEqual(
    notes([4, 10], [hop(1, "10.0.0.1", { received: 5 })])[0],
    "answers limited by the router (loss does not reach the destination; 50 % while healthy)",
  );
});

test("counts stay, a note that was there stays, and lines never sent get none", () => {
  const [limited, unsent] = annotateHops(
    [hop(1, "10.0.0.1", { received: 1, note: "first" }), hop(2, null, { sent: 0, note: "hop budget" }), hop(3, "10.0.0.3")],
    null,
  );
  assert.deepEqual([limited?.note, limited?.lossPct, unsent?.note], [`first; ${LIMITED}`, 90, "hop budget"]);
});

test("of a thousand packets that had the destination's loss nobody is excused either", () => {
  const lost = [0, 1190, 590, 600];
  const table = lost.map((count, index) => hop(index + 1, `10.0.0.${index + 1}`, { sent: 1200, received: 1200 - count }));
  assert.deepEqual(
    annotateHops(table, null, 50).map(({ note }) => note),
    [null, null, null, null],
  );
});
