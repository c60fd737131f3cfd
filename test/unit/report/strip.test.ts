import assert from "node:assert/strict";
import { test } from "node:test";
import { LIST_ENGLISH } from "../../../src/report/list-labels.ts";
import { drawStrip, MAX_STRIP } from "../../../src/report/strip.ts";
import { stripLines } from "../../../src/report/strip-lines.ts";
import { sampleBlock, T0 } from "../store/sample-rows.ts";

const zone = (): number => 480;

test("every outcome has its character; blocks are joined by the time of their samples", () => {
  const blocks = [sampleBlock("..xo"), sampleBlock("-!..", { startSlot: 4, startedMs: T0 + 400 })];
  assert.deepEqual(drawStrip(blocks, { fromMs: T0, toMs: T0 + 800, intervalMs: 100 }), { text: "..xo-!..", startedMs: T0 });
});

test("a gap between two boots is blank, an overlap keeps what was judged", () => {
  const blocks = [sampleBlock("xx??"), sampleBlock("x.", { startedMs: T0 + 200 }), sampleBlock("..", { epoch: 2, startedMs: T0 + 600 })];
  assert.equal(drawStrip(blocks, { fromMs: T0, toMs: T0 + 1000, intervalMs: 100 })?.text, "xxx.  ..");
});

test("only the wanted range is drawn, starting with the first sample in it", () => {
  const blocks = [sampleBlock("xxxxx.....")];
  assert.deepEqual(drawStrip(blocks, { fromMs: T0 + 400, toMs: T0 + 600, intervalMs: 100 }), { text: "x.", startedMs: T0 + 400 });
  assert.deepEqual(drawStrip(blocks, { fromMs: T0 - 300, toMs: T0 + 100, intervalMs: 100 }), { text: "x", startedMs: T0 });
  assert.equal(drawStrip([], { fromMs: T0, toMs: T0 + 100, intervalMs: 100 }), null);
  assert.equal(drawStrip(blocks, { fromMs: T0, toMs: T0 + 100, intervalMs: 0 }), null);
});

test("a strip has a maximum length", () => {
  const text = drawStrip([sampleBlock("x".repeat(MAX_STRIP + 50))], { fromMs: T0, toMs: T0 + 1e12, intervalMs: 100 })?.text;
  assert.equal(text?.length, MAX_STRIP);
});

test("lines start with their time and hold a round number of probes", () => {
  const lines = stripLines("x".repeat(70), { startedMs: T0, intervalMs: 100, columns: 50, zone, maxLines: Infinity, labels: LIST_ENGLISH });
  assert.deepEqual(lines, [`  04:12:03.120  ${"x".repeat(30)}`, `  04:12:06.120  ${"x".repeat(30)}`, `  04:12:09.120  ${"x".repeat(10)}`]);
});

test("quiet lines are folded, and a limit says what is left out", () => {
  const strip = `${"x".repeat(30)}${".".repeat(90)}x${".".repeat(29)}${"x".repeat(60)}`;
  const lines = stripLines(strip, { startedMs: T0, intervalMs: 100, columns: 50, zone, maxLines: 3, labels: LIST_ENGLISH });
  assert.deepEqual(lines, [
    `  04:12:03.120  ${"x".repeat(30)}`,
    "  04:12:06.120  … 90 good probes (9 s) …",
    `  04:12:15.120  x${".".repeat(29)}`,
    "                … 60 more probes, see --full",
  ]);
});
