/**
 * One mtr process. `--raw` because `--json` prints nothing until the end, and nothing at all when killed; `-n` because DNS may be behind the fault; IP literal
 * behind `--`, PATH and LC_ALL=C only, so that neither the configuration nor the environment can change what runs. The process leads a group of its own
 * (mtr starts mtr-packet), which is what gets the signals. When the agent is killed, the next line that mtr prints ends it by SIGPIPE, within a cycle.
 *
 * With `-f N` mtr sends the hops N..L in (L−N+1)/L of the interval (it divides the interval by L, the length of the path, not by the hops it probes), so the
 * routers behind N would be asked several times a second and show loss that is not there. Given L, the interval is stretched until a cycle takes one second.
 */
import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { isIP } from "node:net";
import type { Readable } from "node:stream";
import type { StampedLine } from "../path/mtr-raw.ts";
import { MAX_LINES, MtrLines, NO_LINES } from "./mtr-lines.ts";
import { classifyEnd, type MtrEnd, type MtrOutcome } from "./mtr-outcome.ts";
import { toolEnvironment } from "./tool-environment.ts";

export { mtrVerdict, type MtrOutcome, type MtrVerdict } from "./mtr-outcome.ts";

const CYCLES = 75;
/** The grace of 5 s that mtr gives its last probes, the first cycle that takes up to 3 s, and a loaded machine. */
const DEADLINE_EXTRA_MS = 30_000;
/** From SIGTERM to SIGKILL. */
const KILL_AFTER_MS = 1_000;
const MAX_STDERR_CHARACTERS = 4_096;

export interface MtrOptions {
  /** Default `mtr`, looked up in PATH. */
  readonly binary?: string;
  /** IPv4 or IPv6 literal. */
  readonly address: string;
  readonly firstTtl: number;
  /** TTL of the target where it is known; only used with `firstTtl` above 1. */
  readonly pathLength?: number;
  /** Default 75. Without -c mtr ends after ten. */
  readonly cycles?: number;
  /** Gets the lines in order, in chunks of at most 250 ms; the last one before `done` resolves. */
  readonly onLines: (lines: StampedLine[]) => void;
  readonly nowMs: () => number;
  /** Stops the run; what was printed has been handed over when `done` resolves. */
  readonly signal: AbortSignal;
}

export interface MtrRun {
  /** Also the id of its process group; undefined when no process was started. */
  readonly pid: number | undefined;
  /** Never rejects because of mtr. */
  readonly done: Promise<MtrOutcome>;
}

export function mtrArguments(options: Pick<MtrOptions, "address" | "firstTtl" | "pathLength" | "cycles">): string[] {
  const { address, firstTtl, cycles = CYCLES } = options;
  const from = firstTtl > 1 ? ["-f", String(firstTtl)] : [];
  return ["--raw", "-n", "-e", "-i", String(intervalSeconds(options)), "-c", String(cycles), ...from, "--", address];
}

/** Never below 1: mtr refuses that unless it runs as root. */
function intervalSeconds({ firstTtl, pathLength }: Pick<MtrOptions, "firstTtl" | "pathLength">): number {
  if (pathLength === undefined || firstTtl <= 1) return 1;
  return Math.ceil((pathLength / Math.max(1, pathLength - firstTtl + 1)) * 100) / 100;
}

/** Starts mtr, or throws when `address` is no IP literal. */
export function startMtr(options: MtrOptions): MtrRun {
  const { binary = "mtr", address, cycles = CYCLES, signal } = options;
  if (isIP(address) === 0) throw new TypeError(`Cannot trace ${JSON.stringify(address)}: not an IP address`);
  const lines = new MtrLines(options);
  if (signal.aborted) return { pid: undefined, done: Promise.resolve({ kind: "stopped", counts: NO_LINES }) };
  const child = spawn(binary, mtrArguments(options), {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: toolEnvironment(),
  });
  if (child.pid === undefined) return { pid: undefined, done: notStarted(child, binary) };
  const deadlineMs = cycles * 1_000 * intervalSeconds(options) + DEADLINE_EXTRA_MS;
  return { pid: child.pid, done: follow(child, { pid: child.pid, lines, deadlineMs, signal }) };
}

/** A child without a process may have no streams either (EMFILE). */
async function notStarted(child: ChildProcess, binary: string): Promise<MtrOutcome> {
  const [error] = (await once(child, "error")) as [NodeJS.ErrnoException]; // Resolves: waiting for "error" itself is no rejection.
  return {
    ...(error.code === "ENOENT" ? { kind: "missing", binary } : { kind: "not-started", code: error.code ?? error.message }),
    counts: NO_LINES,
  };
}

interface Following {
  readonly pid: number;
  readonly lines: MtrLines;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

function follow(child: ChildProcessByStdio<null, Readable, Readable>, { pid, lines, deadlineMs, signal }: Following): Promise<MtrOutcome> {
  const { promise, resolve } = Promise.withResolvers<MtrOutcome>();
  let stderr = "";
  /** Why we ended it; null while we have not. */
  let ended: MtrEnd | null = null;
  let killTimer: NodeJS.Timeout | undefined;
  const end = (why: MtrEnd): void => {
    if (ended !== null) return;
    ended = why;
    signalGroup(pid, "SIGTERM");
    killTimer = setTimeout(() => {
      signalGroup(pid, "SIGKILL");
      // A process that left the group may hold the pipes open for ever.
      child.stdout.destroy();
      child.stderr.destroy();
    }, KILL_AFTER_MS);
  };
  const onAbort = (): void => end({ kind: "stopped" });
  const deadline = setTimeout(() => end({ kind: "hang", deadlineMs }), deadlineMs);
  const finish = (why: MtrEnd): void => {
    clearTimeout(deadline);
    clearTimeout(killTimer);
    signal.removeEventListener("abort", onAbort);
    resolve({ ...why, counts: lines.counts });
  };

  signal.addEventListener("abort", onAbort, { once: true });
  child.stdout.on("data", (bytes: Buffer) => {
    lines.push(bytes);
    if (lines.counts.lines >= MAX_LINES) end({ kind: "flood" });
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(0, MAX_STDERR_CHARACTERS);
  });
  child.on("close", (exitCode, killedBy) => {
    lines.end();
    const stderrLines = stderr.split("\n").filter((line) => line.trim() !== "");
    finish(ended ?? classifyEnd({ exitCode, signal: killedBy, stderrLines, counts: lines.counts, firstGarbage: lines.firstGarbage }));
  });
  return promise;
}

/** Best effort: the group may have ended meanwhile (ESRCH), or what is left of it may not be ours to signal (EPERM, a setuid mtr-packet). */
function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
