/**
 * The catalogue: every fault once, with a seed that is printed, several laboratories side by side. The share of right verdicts over many seeds is judged by
 * `npm run catalogue`; here each must be right, and none that is wrong may be called certain.
 */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import process from "node:process";
import pLimit from "p-limit";
import { catalogue } from "./catalogue/registry.ts";
import { FIRST_VERDICT_MS, isCertain, wrongLine } from "./catalogue/table.ts";
import { trial, type Finding } from "./catalogue/trial.ts";
import { skipLab } from "./requirements.ts";

/** Agents wait most of the time; more would make each other late. */
const LABS = 6;
const MAX_SEED = 1_000_000;
/** What an earlier run printed brings its faults back. */
const seed = Number(process.env["CATALOGUE_SEED"] ?? Math.floor(Math.random() * MAX_SEED));

describe("catalogue", { skip: skipLab, concurrency: LABS }, () => {
  const limit = pLimit(LABS);
  const findings: Finding[] = [];

  for (const fault of catalogue) {
    test(fault.name, async (t) => {
      t.diagnostic(`seed ${seed}`);
      const found = await limit(() => trial(fault, { seed, keep: null }));
      findings.push(...found);
      const wrong = found.filter((finding) => finding.wrong !== null);
      assert.deepEqual(wrong.filter(isCertain).map(wrongLine), [], "wrong, and called certain");
      assert.deepEqual(wrong.map(wrongLine), []);
      for (const { firstVerdictMs } of found) {
        assert.ok(firstVerdictMs === null || firstVerdictMs <= FIRST_VERDICT_MS, `first verdict ${firstVerdictMs} ms after the detection`);
      }
    });
  }

  after(() => {
    const times = findings.flatMap(({ firstVerdictMs }) => firstVerdictMs ?? []);
    process.stdout.write(`catalogue, seed ${seed}: ${findings.length} verdicts, the slowest first one after ${Math.max(0, ...times)} ms\n`);
  });
});
