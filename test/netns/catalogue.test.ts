/**
 * The catalogue: every fault once, with a seed that is printed, several laboratories side by side. No wrong verdict may be called certain, and the share of right
 * ones has a bar: faults are a matter of chance, so each wrong one is told with its sentence. `npm run catalogue` judges the share over many seeds.
 */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import process from "node:process";
import pLimit from "p-limit";
import { catalogue } from "./catalogue/registry.ts";
import { FIRST_VERDICT_MS, isCertain, isOnlyMissed, wrongLine } from "./catalogue/table.ts";
import { trial, type Finding } from "./catalogue/trial.ts";
import { skipLab } from "./requirements.ts";

/** Agents wait most of the time; more would make each other late. */
const LABS = 6;
const MAX_SEED = 1_000_000;
/** The bar over many seeds is 95 %; with one of each fault chance alone may cost a few. */
const MIN_RIGHT = 0.9;
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
      for (const finding of wrong) t.diagnostic(`${isOnlyMissed(finding) ? "not known" : "WRONG"}: ${wrongLine(finding)}`);
    });
  }

  after(() => {
    const times = findings.flatMap(({ firstVerdictMs }) => firstVerdictMs ?? []).toSorted((a, b) => a - b);
    const right = findings.filter(({ wrong }) => wrong === null).length;
    process.stdout.write(
      `catalogue, seed ${seed}: ${right} of ${findings.length} verdicts right, the slowest first one after ${times.at(-1) ?? 0} ms\n`,
    );
    assert.ok(right >= MIN_RIGHT * findings.length, `only ${right} of ${findings.length} are right`);
    const typical = times[Math.floor(times.length / 2)] ?? 0;
    assert.equal(
      findings.reduce((sum, { hopLines }) => sum + hopLines.lossy, 0),
      0,
      "hops before the fault that a table shows as lossy",
    );
    assert.ok(typical <= FIRST_VERDICT_MS, `first verdicts ${typical} ms after the detection`);
  });
});
