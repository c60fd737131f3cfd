/** One direction fails: the agents at both ends trace it while it lasts, with no other channel than their probes. The figures of the table: test/accept/both-ends-lab.ts. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { BothEndsLab, isTracedInside, type EndRun, type OneWayRun } from "../accept/both-ends-lab.ts";
import type { CaptureRow } from "../../src/store/rows.ts";
import type { Report } from "../../src/report/report.ts";
import { skipLab } from "./requirements.ts";

/** "remote sweep complete". */
function words(captures: readonly CaptureRow[]): string[] {
  return captures.map(({ trigger, kind, status }) => `${trigger} ${kind} ${status}`);
}

/** For the message of a failure. */
function shown({ onMs, offMs, ends }: OneWayRun): string {
  const line = (capture: CaptureRow): string =>
    `${capture.trigger} ${capture.kind} ${Math.round(capture.startedMs - onMs)} ms ${capture.status} ${capture.askedBy ?? "-"} ${capture.reason ?? ""}`;
  const end = ({ incidents, own, remote }: EndRun): string[] => [`${incidents.length} incidents`, ...[...own, ...remote].map(line)];
  return JSON.stringify({ lastedMs: Math.round(offMs - onMs), a: end(ends.a), b: end(ends.b) }, null, 1);
}

/** Runs of mtr that were started, in order of their start, are over before the next one begins. */
function oneAfterTheOther({ own, remote }: EndRun): boolean {
  const runs = [...own, ...remote]
    .filter((capture) => capture.kind === "mtr" && capture.status !== "skipped")
    .toSorted((left, right) => left.startedMs - right.startedMs);
  return runs.every((run, index) => index === 0 || (runs[index - 1]?.finishedMs ?? Infinity) <= run.startedMs);
}

async function open(t: TestContext, options: { readonly sameKey?: boolean } = {}): Promise<BothEndsLab> {
  const directory = mkdtempSync(join(tmpdir(), "meshprobe-both-ends-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const lab = await BothEndsLab.open({ directory, ...options });
  t.after(() => lab.close());
  return lab;
}

describe("both ends trace", { skip: skipLab }, () => {
  test("three seconds of 60 % loss in one direction are traced from both ends, also where only one of them has an incident", async (t) => {
    const lab = await open(t);
    const alone = await lab.burst({ direction: "requests", perMille: 600, durationMs: 3_000 });
    assert.deepEqual([isTracedInside(alone.ends.a, alone.offMs), isTracedInside(alone.ends.b, alone.offMs)], [true, true], shown(alone));
    assert.ok(alone.ends.a.incidents.length > 0 && alone.ends.b.incidents.length === 0, shown(alone));
    assert.deepEqual(words(alone.ends.b.remote), ["remote sweep complete", "remote mtr complete"], shown(alone));
    assert.ok(
      alone.ends.b.remote.every((capture) => capture.target === lab.lab.address("a") && /^a incident \d+$/.test(capture.askedBy ?? "")),
      shown(alone),
    );

    const text = await lab.sides.b.agent.report("--since", "10m");
    assert.match(text, /TRACED FOR OTHER NODES\n.*sweep to .*, asked by a incident \d+, complete\n.*mtr to .*\n +HOST: b /);
    const json = JSON.parse(await lab.sides.b.agent.report("--since", "10m", "--format", "json")) as Report;
    assert.deepEqual(
      json.remote_captures.map(({ kind, hops }) => [kind, hops.map((hop) => hop.address)]),
      ["sweep", "mtr"].map((kind) => [kind, lab.lab.hopAddresses("b", "a")]),
    );

    const both = await lab.burst({ direction: "everything", perMille: 600, durationMs: 3_000 });
    assert.deepEqual([isTracedInside(both.ends.a, both.offMs), isTracedInside(both.ends.b, both.offMs)], [true, true], shown(both));
    for (const end of Object.values(both.ends)) {
      assert.ok(end.incidents.length > 0, shown(both));
      assert.ok(oneAfterTheOther(end), shown(both));
      assert.ok(end.own.some((capture) => capture.askedBy !== null) || end.remote.length > 0, shown(both));
      // A suspicion, two of the burst, one for the other's sake, the trace after; once more if the incident had a second burst.
      const sweeps = [...end.own, ...end.remote].filter((capture) => capture.kind === "sweep").length;
      const bursts = end.incidents.reduce((sum, incident) => sum + incident.bursts.length, 0);
      assert.ok(sweeps <= 5 * bursts, shown(both));
    }
  });

  test("with another key nobody traces for anybody", async (t) => {
    const lab = await open(t, { sameKey: false });
    const run = await lab.burst({ direction: "requests", perMille: 600, durationMs: 3_000 });
    assert.ok(run.ends.a.incidents.length > 0, shown(run));
    assert.deepEqual([words(run.ends.b.remote), words(run.ends.b.own)], [[], []]);
  });
});
