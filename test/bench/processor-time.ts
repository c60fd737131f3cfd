/**
 * Processor time (user and system) of a process and all its descendants, from the scheduler's own account in nanoseconds: /proc/PID/task/TID/schedstat, field 1.
 * The ticks of /proc/PID/stat are too coarse for a small load. Only the difference of two readings means something; a thread that ended in between is missing,
 * so compare readings between which none did.
 */
import { readdirSync, readFileSync } from "node:fs";

/** The process and its descendants, as they are now. */
export function processTree(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean).map(Number));
  return [pid, ...children.flatMap(processTree)];
}

/** ns since each thread of these processes started. */
export function processorNs(pids: readonly number[]): number {
  let ns = 0;
  for (const pid of pids) for (const thread of threadsOf(pid)) ns += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(" ", 1)[0]);
  return ns;
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
