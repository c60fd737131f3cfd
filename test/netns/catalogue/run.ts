/**
 * The catalogue of faults: each is made in a laboratory of its own, once for every seed, and the verdicts are compared with what they must be.
 * Usage: npm run catalogue -- [--seeds N] [--first SEED] [--fault NAME]… [--labs N] [--keep DIR]
 */
import { parseArgs } from "node:util";
import process from "node:process";
import pLimit from "p-limit";
import { ensureSystemPackages } from "../../../packaging/system-packages.ts";
import { labObstacle } from "../lab.ts";
import { catalogue } from "./registry.ts";
import { markdown, wrongLine } from "./table.ts";
import { trial, type Finding } from "./trial.ts";

const USAGE = "usage: npm run catalogue -- [--seeds N] [--first SEED] [--fault NAME]… [--labs N] [--keep DIR]";
/** Agents wait most of the time: this many laboratories leave two processors idle enough that nobody is blind. */
const LABS = 6;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "1" },
      first: { type: "string", default: "1" },
      fault: { type: "string", multiple: true },
      labs: { type: "string", default: String(LABS) },
      keep: { type: "string" },
    },
  });
  const [seeds, first, labs] = [values.seeds, values.first, values.labs].map(Number) as [number, number, number];
  const chosen = catalogue.filter(({ name }) => values.fault === undefined || values.fault.includes(name));
  if (![seeds, first, labs].every((number) => Number.isInteger(number) && number > 0) || chosen.length === 0) {
    console.error(`${USAGE}\nfaults:\n${catalogue.map(({ name }) => `  ${name}`).join("\n")}`);
    return 2;
  }
  ensureSystemPackages(["iproute2", "nftables", "mtr-tiny"]);
  const obstacle = labObstacle();
  if (obstacle !== null) {
    console.error(`Cannot try the catalogue: ${obstacle}`);
    return 3;
  }
  const limit = pLimit(labs);
  const trials = Array.from({ length: seeds }, (_, index) => first + index).flatMap((seed) => chosen.map((fault) => ({ fault, seed })));
  const failures: string[] = [];
  const findings: Finding[] = [];
  await Promise.all(
    trials.map(({ fault, seed }) =>
      limit(async () => {
        try {
          const found = await trial(fault, { seed, keep: values.keep ?? null });
          findings.push(...found);
          for (const one of found) console.error(one.wrong === null ? `right: ${fault.name}, seed ${seed}, ${one.observer}` : wrongLine(one));
        } catch (error) {
          failures.push(error instanceof Error ? error.message : String(error));
          console.error(failures.at(-1));
        }
      }),
    ),
  );
  const order = new Map(catalogue.map(({ name }, index) => [name, index]));
  findings.sort((a, b) => (order.get(a.fault) ?? 0) - (order.get(b.fault) ?? 0) || a.seed - b.seed);
  process.stdout.write(`${markdown(findings)}${failures.map((failure) => `* ${failure}\n`).join("")}`);
  return failures.length === 0 && findings.every(({ wrong }) => wrong === null) ? 0 : 1;
}

process.exitCode = await main();
