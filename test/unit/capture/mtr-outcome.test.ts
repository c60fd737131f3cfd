import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NO_LINES, type MtrCounts } from "../../../src/capture/mtr-lines.ts";
import { classifyEnd, mtrVerdict, type MtrEnd } from "../../../src/capture/mtr-outcome.ts";
import { readRecording } from "../../fixtures/mtr/recording.ts";

const SOME: MtrCounts = { ...NO_LINES, lines: 12, answers: 4 };

function verdictOf(end: MtrEnd, counts: MtrCounts = SOME): readonly [string, string | null] {
  const { status, reason } = mtrVerdict({ ...end, counts });
  return [status, reason];
}

describe("recordings of mtr 0.95 are classified", () => {
  for (const [name, kind] of [
    ["three-hops", "complete"],
    ["no-route", "no-route"],
    ["output-firewall", "no-permission"],
    ["no-permission", "no-permission"],
  ] as const) {
    test(`${name}: ${kind}`, () => {
      const { lines, stderrLines, exitCode } = readRecording(name);
      const end = classifyEnd({ exitCode, signal: null, stderrLines, counts: { ...NO_LINES, lines: lines.length }, firstGarbage: null });
      assert.equal(end.kind, kind);
    });
  }
});

test("a prohibited or blackhole route is a route matter, whatever mtr calls it", () => {
  for (const text of ["Permission denied", "Invalid argument", "Network is unreachable"]) {
    const stderrLines = [`mtr: udp socket connect failed: ${text}`];
    assert.equal(classifyEnd({ exitCode: 1, signal: null, stderrLines, counts: NO_LINES, firstGarbage: null }).kind, "no-route");
  }
});

test("an end asked for is complete, and remarks what a reader must know", () => {
  assert.deepEqual(verdictOf({ kind: "complete" }), ["complete", null]);
  assert.deepEqual(verdictOf({ kind: "stopped" }), ["complete", null]);
  assert.deepEqual(verdictOf({ kind: "complete" }, { ...SOME, answers: 0 }), ["complete", "no hop answered"]);
  assert.deepEqual(verdictOf({ kind: "complete" }, { ...SOME, garbage: 2, cut: 1 }), ["complete", "2 unreadable lines, 1 lines cut"]);
  assert.deepEqual(verdictOf({ kind: "stopped" }, NO_LINES), ["partial", "stopped before its first probe"]);
});

test("what was read before an odd end stays evidence", () => {
  const exit: MtrEnd = { kind: "exit", exitCode: 3, message: "mtr: oops" };
  assert.deepEqual(verdictOf(exit), ["partial", "mtr ended with exit code 3: mtr: oops"]);
  assert.deepEqual(verdictOf(exit, NO_LINES), ["failed", "mtr ended with exit code 3: mtr: oops"]);
  assert.deepEqual(verdictOf(exit, { ...NO_LINES, lines: 3, garbage: 3 })[0], "failed");
  assert.deepEqual(verdictOf({ kind: "hang", deadlineMs: 105_000 }), ["partial", "mtr was still running after 105 s and was killed"]);
});

test("what never ran says why", () => {
  assert.deepEqual(verdictOf({ kind: "missing", binary: "mtr" }, NO_LINES), ["failed", "mtr is not installed"]);
  assert.deepEqual(verdictOf({ kind: "not-started", code: "EAGAIN" }, NO_LINES), ["failed", "mtr could not be started: EAGAIN"]);
});
