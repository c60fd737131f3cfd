import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { MAX_LINE_CHARACTERS, MAX_LINES, MTR_CHUNK_MS, MtrLines } from "../../../src/capture/mtr-lines.ts";
import type { StampedLine } from "../../../src/path/mtr-raw.ts";

interface Bench {
  readonly lines: MtrLines;
  readonly chunks: StampedLine[][];
  readonly clock: { nowMs: number };
  readonly push: (text: string) => void;
}

function bench(context: TestContext): Bench {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const chunks: StampedLine[][] = [];
  const clock = { nowMs: 1_000 };
  const lines = new MtrLines({ nowMs: () => clock.nowMs, onLines: (chunk) => chunks.push(chunk) });
  return { lines, chunks, clock, push: (text) => lines.push(Buffer.from(text)) };
}

test("lines are collected for a quarter of a second, then handed over as one chunk", (context) => {
  const { chunks, clock, push } = bench(context);
  push("x 0 1\n");
  clock.nowMs += 100;
  push("h 0 127.0.0.1\np 0 5 1\n");
  context.mock.timers.tick(MTR_CHUNK_MS - 1);
  assert.equal(chunks.length, 0);
  context.mock.timers.tick(1);
  assert.deepEqual(chunks, [
    [
      { atMs: 1_000, text: "x 0 1" },
      { atMs: 1_100, text: "h 0 127.0.0.1" },
      { atMs: 1_100, text: "p 0 5 1" },
    ],
  ]);
});

test("a timer that is late does not make a chunk longer", (context) => {
  const { lines, chunks, clock, push } = bench(context);
  push("x 0 1\n");
  clock.nowMs += MTR_CHUNK_MS;
  push("x 0 2\n");
  assert.deepEqual(
    chunks.map((chunk) => chunk.length),
    [1],
  );
  lines.end();
  assert.equal(chunks.length, 2);
});

test("a line in pieces is stamped when its end arrives, and a character in pieces survives", (context) => {
  const { lines, chunks, clock } = bench(context);
  const bytes = Buffer.from("d 0 zürich\r\n");
  for (const byte of bytes) lines.push(Uint8Array.of(byte));
  clock.nowMs = 9_000;
  lines.end();
  assert.deepEqual(chunks, [[{ atMs: 1_000, text: "d 0 zürich" }]]);
});

test("a last line without its newline counts", (context) => {
  const { lines, chunks, push } = bench(context);
  push("x 0 1\nx 0");
  lines.end();
  assert.deepEqual(
    chunks[0]?.map((line) => line.text),
    ["x 0 1", "x 0"],
  );
  assert.deepEqual(lines.counts, { lines: 2, garbage: 1, answers: 0, cut: 0, dropped: 0 });
  assert.equal(lines.firstGarbage, "x 0");
});

test("a line longer than allowed is cut and counted, in one piece or in many", (context) => {
  const { lines, chunks, push } = bench(context);
  push(`${"a".repeat(MAX_LINE_CHARACTERS)}\n${"b".repeat(5_000)}\n`);
  for (let piece = 0; piece < 100; piece++) push("c".repeat(100));
  push("\nx 0 1\n");
  lines.end();
  assert.deepEqual(
    chunks.flat().map((line) => line.text.length),
    [MAX_LINE_CHARACTERS, MAX_LINE_CHARACTERS, MAX_LINE_CHARACTERS, 5],
  );
  assert.deepEqual(lines.counts, { lines: 4, garbage: 3, answers: 0, cut: 2, dropped: 0 });
});

test("lines beyond the maximum are dropped and counted", (context) => {
  const { lines, chunks, push } = bench(context);
  push("p 0 5 1\n".repeat(MAX_LINES + 7));
  lines.end();
  assert.equal(chunks.flat().length, MAX_LINES);
  assert.deepEqual(lines.counts, { lines: MAX_LINES, garbage: 0, answers: MAX_LINES, cut: 0, dropped: 7 });
});
