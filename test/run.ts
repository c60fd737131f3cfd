/**
 * What `npm test` runs: everything, with what it needs installed and built first.
 * Two stages of node:test: quick tests side by side, then the laboratory and the command line one file at a time, for they measure time and need the processor
 * to themselves. Both go through one reporter, so that there is one list of failures and one closing count.
 * A skipped test is never silent: it is listed and counted, and with CI=true it fails the run.
 * Usage: node test/run.ts [--only unit,netns] [FILE…]
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";
import process from "node:process";
import { ensureSystemPackages } from "../packaging/system-packages.ts";

interface Stage {
  readonly rooms: readonly string[];
  readonly concurrency: number;
}

const STAGES: readonly Stage[] = [
  { rooms: ["unit", "scenario", "property"], concurrency: availableParallelism() },
  { rooms: ["contract", "cli", "netns"], concurrency: 1 },
];
const ROOMS: readonly string[] = STAGES.flatMap((stage) => stage.rooms);
/** A test file that takes longer hangs; the catalogue of faults takes four minutes, on a busy machine five. */
const FILE_TIMEOUT_MS = 420_000;
/**
 * Node 24 can hang for good at the end of a process: the main thread waits for V8's compiler threads, and one of them, which needs memory for the code it built,
 * waits for a garbage collection that only the main thread could do (nodejs/node#54918, #64274, #64560). Maglev and concurrent Sparkplug are the compilers that
 * do so. A file that hangs all the same is cut after the time above, and fails.
 */
const NODE_OPTIONS: readonly string[] = ["--no-maglev", "--no-concurrent-sparkplug"];
const COUNTS = ["tests", "suites", "passed", "failed", "cancelled", "skipped", "todo"] as const;
/** As the runner words them. */
const WORDING: Readonly<Partial<Record<string, string>>> = { passed: "pass", failed: "fail" };

const root = dirname(import.meta.dirname);
const startedMs = performance.now();
const stop = new AbortController();

interface Tally {
  readonly counts: Record<(typeof COUNTS)[number], number>;
  readonly skipped: string[];
  success: boolean;
}

function filesOf(stage: Stage, only: readonly string[], chosen: readonly string[]): string[] {
  const rooms = stage.rooms.filter((room) => only.includes(room));
  const files = rooms.flatMap((room) => globSync(`test/${room}/**/*.test.ts`, { cwd: root }).sort());
  return chosen.length === 0 ? files : files.filter((file) => chosen.some((name) => join(root, file) === join(process.cwd(), name)));
}

function prepare(): boolean {
  ensureSystemPackages(["mtr-tiny", "nftables", "iproute2", "libfaketime", "iputils-ping", "mandoc", "postgresql"]);
  return ["packaging/native.ts", "packaging/build.ts"].every(
    (script) => spawnSync(process.execPath, [join(root, script)], { cwd: root, stdio: "inherit" }).status === 0,
  );
}

/** The runner's events, file by file as they come, without its closing counts; those are added up. */
async function* eventsOf(files: readonly string[], concurrency: number, tally: Tally): AsyncGenerator<unknown> {
  const options = {
    files: files.map((file) => join(root, file)),
    concurrency,
    timeout: FILE_TIMEOUT_MS,
    signal: stop.signal,
    execArgv: NODE_OPTIONS,
  };
  for await (const event of run(options)) {
    if (event.type === "test:summary" && event.data.file === undefined) {
      for (const name of COUNTS) tally.counts[name] += event.data.counts[name];
      tally.success &&= event.data.success;
      continue;
    }
    if (
      event.type === "test:diagnostic" &&
      event.data.nesting === 0 &&
      /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/.test(event.data.message)
    )
      continue;
    if (event.type === "test:pass" && event.data.skip !== undefined && event.data.skip !== false) {
      const where = relative(root, event.data.file ?? "");
      tally.skipped.push(`${where} › ${event.data.name}${event.data.skip === true ? "" : `: ${event.data.skip}`}`);
    }
    yield event;
  }
}

async function* allEvents(only: readonly string[], chosen: readonly string[], tally: Tally): AsyncGenerator<unknown> {
  for (const stage of STAGES) {
    const files = filesOf(stage, only, chosen);
    if (files.length === 0) continue;
    const rooms = stage.rooms.filter((room) => only.includes(room)).join(", ");
    process.stdout.write(`\n${rooms}: ${files.length} files, ${stage.concurrency === 1 ? "one at a time" : `${stage.concurrency} at a time`}\n`);
    yield* eventsOf(files, stage.concurrency, tally);
  }
  const messages = COUNTS.map((name) => `${WORDING[name] ?? name} ${tally.counts[name]}`);
  for (const message of [...messages, `duration_ms ${Math.round(performance.now() - startedMs)}`]) {
    yield { type: "test:diagnostic", data: { nesting: 0, message, level: "info" } };
  }
  yield { type: "test:summary", data: { counts: tally.counts, success: tally.success, duration_ms: performance.now() - startedMs } };
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { only: { type: "string" } }, allowPositionals: true });
  const only = values.only?.split(",") ?? ROOMS;
  const unknown = only.filter((room) => !ROOMS.includes(room));
  if (unknown.length > 0) {
    console.error(`Cannot run ${unknown.join(", ")}: the rooms are ${ROOMS.join(", ")}`);
    return 2;
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  if (!prepare()) return 1;
  const counts = Object.fromEntries(COUNTS.map((name) => [name, 0])) as Tally["counts"];
  const tally: Tally = { counts, skipped: [], success: true };
  const report = Readable.from(allEvents(only, positionals, tally)).compose(new spec());
  report.pipe(process.stdout, { end: false });
  await finished(report);

  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  const failsOnSkip = process.env["CI"] === "true";
  if (tally.skipped.length > 0) {
    process.stdout.write(`\nSKIPPED ${tally.skipped.length}${failsOnSkip ? ", and CI=true makes that a failure" : ""}:\n`);
    for (const line of tally.skipped) process.stdout.write(`  ${line}\n`);
  }
  const passed = tally.success && tally.counts.tests > 0 && !stop.signal.aborted && !(failsOnSkip && tally.skipped.length > 0);
  if (tally.counts.tests === 0) process.stdout.write("\nno test was run\n");
  process.stdout.write(`\n${passed ? "passed" : "FAILED"} in ${seconds} s\n`);
  return passed ? 0 : 1;
}

process.exitCode = await main();
