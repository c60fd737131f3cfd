import assert from "node:assert/strict";
import { test } from "node:test";
import type { SweepAnswer, SweepHop } from "../../../src/path/hop.ts";
import { sweepHops } from "../../../src/path/sweep.ts";
import { outline } from "./hop-builder.ts";

const TARGET = "10.0.0.9";

/** One word a TTL: an address (Time Exceeded), `echo`, `!N` (unreachable from 10.0.0.2, code N), `.` no answer, `-` not sent. */
function sweep(words: string): SweepHop[] {
  return words
    .split(" ")
    .map((word, index) => ({ ttl: index + 1, sent: word !== "-", answer: answerOf(word), note: word === "-" ? "hop budget" : null }));
}

function answerOf(word: string): SweepAnswer | null {
  if (word === "." || word === "-") return null;
  if (word === "echo") return { address: TARGET, kind: "echo-reply", code: 0, rttUs: 9_000 };
  if (word.startsWith("!")) return { address: "10.0.0.2", kind: "unreachable", code: Number(word.slice(1)), rttUs: 2_000 };
  return { address: word, kind: "time-exceeded", code: 0, rttUs: 1_500 };
}

test("the table ends at the first TTL that the target answered", () => {
  const { hops, reached, pathLength } = sweepHops(sweep("10.0.0.1 10.0.0.2 echo echo . echo"), TARGET);
  assert.deepEqual(outline(hops), ["1 10.0.0.1 1/1", "2 10.0.0.2 1/1", "3 10.0.0.9 1/1"]);
  assert.deepEqual({ reached, pathLength }, { reached: true, pathLength: 3 });
  assert.deepEqual(hops[0]?.rttMs, { best: 1.5, avg: 1.5, worst: 1.5 });
});

test("a target that did not answer leaves one silent line behind the last responder", () => {
  const { hops, reached, pathLength } = sweepHops(sweep("10.0.0.1 . 10.0.0.3 . . . ."), TARGET);
  assert.deepEqual(outline(hops), ["1 10.0.0.1 1/1", "2 ??? 0/1", "3 10.0.0.3 1/1", "4 ??? 0/1"]);
  assert.deepEqual({ reached, pathLength }, { reached: false, pathLength: null });
});

test("a sweep that nobody answered is one silent line", () => {
  assert.deepEqual(outline(sweepHops(sweep(". . ."), TARGET).hops), ["1 ??? 0/1"]);
  assert.deepEqual(sweepHops([], TARGET), { hops: [], reached: false, pathLength: null });
});

test("a TTL that was not sent says so and counts nothing", () => {
  const { hops } = sweepHops(sweep("- 10.0.0.2 echo"), TARGET);
  assert.deepEqual([hops[0]?.sent, hops[0]?.lossPct, hops[0]?.note], [0, null, "hop budget"]);
  assert.equal(hops.length, 3);
});

test("silence is claimed of a TTL that was sent", () => {
  assert.deepEqual(outline(sweepHops(sweep("10.0.0.1 - . ."), TARGET).hops), ["1 10.0.0.1 1/1", "2 ??? 0/0", "3 ??? 0/1"]);
});

test("a router that refuses ends the path and says why", () => {
  const { hops, reached } = sweepHops(sweep("10.0.0.1 10.0.0.2 !1 !1 !1"), TARGET);
  assert.deepEqual(outline(hops), ["1 10.0.0.1 1/1", "2 10.0.0.2 1/1", "3 10.0.0.2 1/1"]);
  assert.equal(hops[2]?.note, "host unreachable (code 1)");
  assert.equal(reached, false);
});

test("an unreachable from the target itself reached it", () => {
  const hop: SweepHop = { ttl: 1, sent: true, answer: { address: "fe80::9", kind: "unreachable", code: 1, rttUs: 10 }, note: null };
  const { reached, hops } = sweepHops([hop], "fe80::9%eth0");
  assert.equal(reached, true);
  assert.equal(hops[0]?.note, "communication prohibited (code 1)");
});
