/**
 * A small version of the rows `slots` and `cpu`: a thousand peers for a few seconds, once. On a machine that others use too the ratio swings by a third, and a
 * tenth of a second without a processor is half a per cent of the slots of so short a run. So the bars are wider than those of the table: twice the processor
 * time, and 99 % of the slots; the table itself is judged by `npm run accept`.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ensureSystemPackages } from "../../packaging/system-packages.ts";
import { measureRound, type CpuSample } from "../bench/cpu-round.ts";
import { ProbeLab } from "../bench/probe-lab.ts";
import { skipLab } from "./requirements.ts";

const PEERS = 1_000;
const MAX_RATIO = 2 * 1.4;
const SENT_SHARE = 0.99;

const skip = skipLab || (ensureSystemPackages(["fping"]).missing.length > 0 ? "not installed: fping" : false);

describe("a thousand peers ten times a second", { skip }, () => {
  let directory: string;
  let lab: ProbeLab;
  let sample: CpuSample;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "meshprobe-load-"));
    lab = await ProbeLab.open();
    sample = await measureRound(lab, { peers: PEERS, paced: false, directory: join(directory, "run"), warmUpMs: 4_000, seconds: 4 });
  });
  after(async () => {
    await lab?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test("lose none, use their slots, and make no incident", () => {
    const { lost, blind, incidents, sentShare } = sample;
    assert.deepEqual({ lost, blind, incidents }, { lost: 0, blind: 0, incidents: 0 });
    assert.ok(sentShare >= SENT_SHARE, `${(sentShare * 100).toFixed(3)} % of the slots were sent`);
  });

  test("cost no more processor time a probe than the bar of the table, doubled, allows beside fping", () => {
    assert.ok(sample.ratio <= MAX_RATIO, `${sample.agentUs.toFixed(1)} µs a probe, fping ${sample.fpingUs.toFixed(1)}: ${sample.ratio.toFixed(2)} ×`);
  });
});
