/** Where the network is healthy nothing is reported, whatever happens to the agent's machine. Small versions of rows of the acceptance table, see test/accept/rows/. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { stepClock, stepFaults } from "../accept/rows/clock-step.ts";
import { watchMemory } from "../accept/rows/memory.ts";
import { probeInCalm } from "../accept/rows/no-false-incidents.ts";
import { stopBoth, stopFaults } from "../accept/rows/sigstop.ts";
import { skipLab } from "./requirements.ts";

/** The table asks for 99.9 % over half an hour; in seconds one hiccup of the machine is a larger share. */
const MIN_SENT_SHARE = 0.99;
const MAX_BYTES = 170e6;

describe("robustness", { skip: skipLab }, () => {
  let directory: string;
  before(() => (directory = mkdtempSync(join(tmpdir(), "meshprobe-robustness-"))));
  after(() => rmSync(directory, { recursive: true, force: true }));
  const empty = (): string => mkdtempSync(join(directory, "agent-"));

  test("200 peers on processors kept busy by other programs: no incident, and the probes are sent", async () => {
    const seen = await probeInCalm({ peers: 200, forMs: 10_000, loops: 4, directory: empty() });
    assert.deepEqual(seen.incidents, []);
    assert.ok(seen.sent > 20_000 && seen.sentShare >= MIN_SENT_SHARE, `${seen.sent} sent, ${seen.skipped} skipped`);
  });

  test("10,000 probes a second: no incident, and the probes are sent", async () => {
    const seen = await probeInCalm({ peers: 1_000, forMs: 5_000, loops: 0, directory: empty() });
    assert.deepEqual(seen.incidents, []);
    assert.ok(seen.sent > 50_000 && seen.sentShare >= MIN_SENT_SHARE, `${seen.sent} sent, ${seen.skipped} skipped`);
  });

  test("the wire stopped for five seconds is one blind interval, the agent stopped is none, and nothing is lost", async () => {
    assert.deepEqual(stopFaults(await stopBoth({ directory: empty(), afterMs: 3_000 })), []);
  });

  test("the wall clock set forward and back by an hour is a line in the log and nothing else", async () => {
    assert.deepEqual(stepFaults(await stepClock({ directory: empty(), betweenMs: 3_500, stepsH: [-1, -2] })), []);
  });

  test("a thousand peers take less than 170 MB", async () => {
    const looks = await watchMemory({ peers: 1_000, forMs: 10_000, directory: empty() });
    assert.equal(looks.length, 2);
    for (const { bytes } of looks) assert.ok(bytes > 0 && bytes < MAX_BYTES, `${bytes} bytes`);
  });
});
