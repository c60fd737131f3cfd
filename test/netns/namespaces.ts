/**
 * Names and ends of the laboratory's namespaces.
 *
 * A namespace is called `mp-<pid>-<start time of that pid>-<number>-<machine>`: the name says which process made it, so the next laboratory can remove what a
 * crashed one left, without a file that could be left behind as well. Whatever runs inside a namespace of ours is ours: it is ended by its pid.
 * Everything here is synchronous, because it also runs while the process ends.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import process from "node:process";

export const NETNS_DIRECTORY = "/run/netns";
const NAME = /^mp-(\d+)-([0-9a-z]+)-\d+-[a-z0-9-]+$/;
/** A killed process is gone within a few milliseconds; one that hangs in the kernel must not hang us. */
const KILL_LOOK_MS = 2;
const MAX_KILL_LOOKS = 500;
const FATAL: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

const cleanUps = new Set<() => void>();
let created = 0;

/** What the names of one laboratory's namespaces begin with. */
export function namespacePrefix(): string {
  return `mp-${process.pid}-${startTime(process.pid)}-${++created}-`;
}

/** Removes the namespaces of processes that are gone. Returns their names. */
export function removeLeftovers(): readonly string[] {
  const names = existsSync(NETNS_DIRECTORY) ? readdirSync(NETNS_DIRECTORY) : [];
  const dead = names.filter((name) => {
    const [, pid, started] = NAME.exec(name) ?? [];
    return pid !== undefined && startTime(Number(pid)) !== started;
  });
  removeNamespaces(dead);
  return dead;
}

/** Kills what runs inside, then removes by name. */
export function removeNamespaces(names: readonly string[]): void {
  const inodes = new Set<string>();
  const existing = names.filter((name) => {
    const stat = statSync(`${NETNS_DIRECTORY}/${name}`, { throwIfNoEntry: false });
    if (stat !== undefined) inodes.add(`net:[${stat.ino}]`);
    return stat !== undefined;
  });
  if (existing.length === 0) return;
  endAll(() => processesInside(inodes));
  spawnSync("ip", ["-force", "-batch", "-"], { input: existing.map((name) => `netns del ${name}\n`).join(""), stdio: ["pipe", "ignore", "ignore"] });
}

function processesInside(inodes: ReadonlySet<string>): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return inodes.has(readlinkSync(`/proc/${pid}/ns/net`));
      } catch {
        return false;
      }
    });
}

/** Kills what is found until nothing is: what a process forked between our look and our kill is found by the next look. */
export function endAll(find: () => readonly number[]): void {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  for (let look = 0, found = find(); found.length > 0 && look < MAX_KILL_LOOKS; look++, found = find()) {
    for (const pid of found) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself.
      }
    }
    Atomics.wait(nap, 0, 0, KILL_LOOK_MS);
  }
}

/** False for a zombie too: it does nothing more and waits for us to hear of it. */
export function isRunning(pid: number): boolean {
  return !["", "Z", "X"].includes(statFields(pid)[0] ?? "");
}

/** Clock ticks from boot to the start of a process, in base 36; empty when there is no such process. Tells a pid from its namesake after reuse. */
function startTime(pid: number): string {
  const ticks = statFields(pid)[19];
  return ticks === undefined ? "" : Number(ticks).toString(36);
}

/** /proc/PID/stat from the state (field 3 of proc(5)) on; empty when there is no such process. The name before it may hold blanks. */
function statFields(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

/**
 * Runs a synchronous clean-up when this process ends in any way it can notice: exit, an uncaught exception, SIGINT, SIGTERM, SIGHUP.
 * Returns the function that takes it off again.
 */
export function onProcessEnd(cleanUp: () => void): () => void {
  if (cleanUps.size === 0) {
    process.on("exit", runAll);
    for (const signal of FATAL) process.on(signal, dieOf);
  }
  cleanUps.add(cleanUp);
  return () => {
    if (cleanUps.delete(cleanUp) && cleanUps.size === 0) forgetAll();
  };
}

function forgetAll(): void {
  cleanUps.clear();
  process.off("exit", runAll);
  for (const signal of FATAL) process.off(signal, dieOf);
}

function runAll(): void {
  for (const cleanUp of cleanUps) cleanUp();
}

/** Cleans up, then ends the process as the signal would have, unless somebody else listens for it and so decides. */
function dieOf(signal: NodeJS.Signals): void {
  runAll();
  // Also of those that are still known: their listener would be taken for somebody else's.
  forgetAll();
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}
