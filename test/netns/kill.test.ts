/** kill -9 around a burst: the small version of the row `kill`, see test/accept/kill-lab.ts for what is looked at. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { KillLab } from "../accept/kill-lab.ts";
import { skipLab } from "./requirements.ts";

describe("kill -9 of the agent", { skip: skipLab }, () => {
  let directory: string;
  let lab: KillLab;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "meshprobe-kill-"));
    lab = await KillLab.open({ directory });
  });
  after(async () => {
    await lab.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test("in a burst: incident and evidence are on disk, nothing of it runs on, and the next agent continues the incident", async () => {
    const run = await lab.kill({ afterMs: 2_200, hold: true });
    assert.deepEqual(run.faults, []);
    assert.ok(run.due && run.sweepHops > 0 && run.mtrLines > 0, JSON.stringify(run));
  });

  test("after a burst: the incident is interrupted and keeps its evidence", async () => {
    const run = await lab.kill({ afterMs: 3_600, hold: false });
    assert.deepEqual(run.faults, []);
    assert.ok(run.due && run.sweepHops > 0, JSON.stringify(run));
  });
});
