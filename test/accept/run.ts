/**
 * The acceptance table: measures the rows in full and prints one JSON line a row on standard output, when all of them are through; what is going on goes to
 * standard error. Takes hours and can be interrupted at any time: the same command goes on where it stopped, as long as the program under test is the same;
 * `--build ID` stays with an earlier one. Rows that are finished are not measured again, unless `--fresh` is given.
 * Usage: node test/accept/run.ts [--row NAME[,NAME]] [--seed N] [--quick] [--labs N] [--build ID] [--fresh]
 * Exit code: 0 every bar was met, 1 one was missed, 2 usage, 3 a row could not be measured.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import process from "node:process";
import { ensureSystemPackages } from "../../packaging/system-packages.ts";
import { onProcessEnd } from "../netns/namespaces.ts";
import { freezeBuild, type FrozenBuild } from "./frozen-build.ts";
import { Journal } from "./journal.ts";
import { registry } from "./registry.ts";
import type { Row } from "./row.ts";

const root = dirname(dirname(import.meta.dirname));
const store = join(root, ".accept");
const startedMs = performance.now();

interface Options {
  readonly rows: readonly Row[];
  readonly seed: number;
  readonly quick: boolean;
  readonly labs: number;
  readonly build: string | undefined;
  readonly fresh: boolean;
}

function say(line: string): void {
  process.stderr.write(`[${((performance.now() - startedMs) / 1000).toFixed(0).padStart(5)} s] ${line}\n`);
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      row: { type: "string" },
      seed: { type: "string", default: "1" },
      quick: { type: "boolean", default: false },
      labs: { type: "string", default: "4" },
      build: { type: "string" },
      fresh: { type: "boolean", default: false },
    },
  });
  const number = (name: "seed" | "labs", most: number): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 1 || value > most) throw new Error(`--${name} ${values[name]}: a whole number from 1 to ${most}`);
    return value;
  };
  const rows = (values.row?.split(",") ?? [...registry.keys()]).map((name) => {
    const row = registry.get(name);
    if (row === undefined) throw new Error(`--row ${name}: the rows are ${[...registry.keys()].join(", ")}`);
    return row;
  });
  const { quick, build, fresh } = values;
  return { rows, seed: number("seed", 2 ** 31), labs: number("labs", 8), quick, build, fresh };
}

/** The line of a row; null when it could not be measured. */
async function measure(row: Row, build: FrozenBuild, options: Options): Promise<Readonly<Record<string, unknown>> | null> {
  const { seed, quick, labs } = options;
  const file = join(store, `${row.name}-seed${seed}${quick ? "-quick" : ""}-${build.id}.jsonl`);
  if (options.fresh) rmSync(file, { force: true });
  const journal = new Journal(file);
  const directory = mkdtempSync(join(tmpdir(), "meshprobe-accept-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const forget = onProcessEnd(() => (forget(), remove()));
  try {
    if (journal.result !== null) say(`${row.name}: was finished earlier`);
    else {
      say(`${row.name}: ${row.title}${journal.samples.length > 0 ? ` (going on after ${journal.samples.length} samples)` : ""}`);
      const result = await row.run({
        seed,
        quick,
        labs,
        directory,
        cli: build.cli,
        kept: () => journal.samples,
        keep: (sample) => journal.keep(sample),
        progress: (line) => say(`${row.name}: ${line}`),
      });
      journal.finish(result);
    }
    const result = journal.result;
    say(`${row.name}: ${result?.passed === true ? "passed" : "MISSED"}`);
    const command = `npm run accept -- --row ${row.name} --seed ${seed}${quick ? " --quick" : ""}`;
    return { row: row.name, command, seed, ...result, build: build.id, took_s: journal.tookS };
  } catch (error) {
    say(`${row.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return null;
  } finally {
    forget();
    remove();
  }
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions();
  } catch (error) {
    console.error(`Cannot run the rows: ${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
  if (process.getuid?.() !== 0) {
    console.error("Cannot run the rows: they build network namespaces, which needs root");
    return 3;
  }
  ensureSystemPackages(["mtr-tiny", "nftables", "iproute2", "libfaketime", "iputils-ping"]);
  const build = freezeBuild(root, { store, id: options.build });
  say(`build ${build.id}, kept in ${store}`);
  const lines: (Readonly<Record<string, unknown>> | null)[] = [];
  for (const row of options.rows) lines.push(await measure(row, build, options));
  for (const line of lines) if (line !== null) process.stdout.write(`${JSON.stringify(line)}\n`);
  if (lines.includes(null)) return 3;
  return lines.every((line) => line?.["passed"] === true) ? 0 : 1;
}

process.exitCode = await main();
