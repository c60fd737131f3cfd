import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeHops } from "../../../src/path/hop-table.ts";
import { hop, outline } from "./hop-builder.ts";

test("no table, no lines", () => {
  assert.deepEqual(mergeHops([]), []);
  assert.deepEqual(mergeHops([[], []]), []);
});

test("counts add up, and the average is weighted by answers", () => {
  const [line] = mergeHops([
    [hop(1, "10.0.0.1", { sent: 1, received: 1, rttMs: { best: 4, avg: 4, worst: 4 } })],
    [hop(1, "10.0.0.1", { sent: 4, received: 3, rttMs: { best: 1, avg: 2, worst: 3 } })],
  ]);
  assert.deepEqual([line?.sent, line?.received, line?.lossPct], [5, 4, 20]);
  assert.deepEqual(line?.rttMs, { best: 1, avg: 2.5, worst: 4 });
});

test("the address shown is the one that answered most often, over all tables", () => {
  const [line] = mergeHops([[hop(1, "10.0.0.1", { sent: 1 })], [hop(1, "10.0.0.2", { sent: 5 })], [hop(1, "10.0.0.1", { sent: 2 })], [hop(1, null)]]);
  assert.deepEqual([line?.address, line?.addresses], ["10.0.0.2", ["10.0.0.2", "10.0.0.1"]]);
});

test("a line that nothing was sent for changes no figure and keeps its note only when it is alone", () => {
  const unsent = hop(1, null, { sent: 0, note: "hop budget" });
  assert.equal(mergeHops([[unsent], [hop(1, "10.0.0.1")]])[0]?.note, null);
  const [alone] = mergeHops([[unsent], [unsent]]);
  assert.deepEqual([alone?.sent, alone?.lossPct, alone?.note], [0, null, "hop budget"]);
});

test("distinct notes and labels are joined", () => {
  const [line] = mergeHops([
    [hop(1, "10.0.0.1", { note: "a", mpls: ["x"] })],
    [hop(1, "10.0.0.1", { note: "b", mpls: ["x", "y"] })],
    [hop(1, "10.0.0.1", { note: "a" })],
  ]);
  assert.deepEqual([line?.note, line?.mpls], ["a; b", ["x", "y"]]);
});

test("the destination that a lossy sweep saw one TTL too late is listed once", () => {
  const full = [hop(1, "10.0.0.1", { sent: 1 }), hop(2, "10.0.0.9", { sent: 1 })];
  const late = [hop(1, "10.0.0.1", { sent: 1 }), hop(2, null, { sent: 1 }), hop(3, "10.0.0.9", { sent: 1 })];
  assert.deepEqual(outline(mergeHops([full, late])), ["1 10.0.0.1 2/2", "2 10.0.0.9 1/2"]);
});

test("tables that ended early leave the rest to those that went on", () => {
  const broken = [hop(1, "10.0.0.1", { sent: 1 }), hop(2, null, { sent: 1 })];
  const whole = [hop(1, "10.0.0.1", { sent: 1 }), hop(2, "10.0.0.2", { sent: 1 }), hop(3, "10.0.0.9", { sent: 1 })];
  assert.deepEqual(outline(mergeHops([broken, whole])), ["1 10.0.0.1 2/2", "2 10.0.0.2 1/2", "3 10.0.0.9 1/1"]);
});
