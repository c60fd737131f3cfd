/** Processes as /proc shows them: an agent's tree, what runs in a namespace, and how much memory it takes. */
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { isRunning, NETNS_DIRECTORY } from "./namespaces.ts";

function all(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Empty when the process is gone. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

export function commandLine(pid: number): string {
  return read(pid, "cmdline").replaceAll("\0", " ").trim();
}

function parentOf(pid: number): number {
  const stat = read(pid, "stat");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
}

/** A process and all that it started and that still has a parent in the tree. */
export function processTree(root: number): number[] {
  const parents = new Map(all().map((pid) => [pid, parentOf(pid)]));
  const tree = [root];
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

/** The probing process of an agent. */
export function wireOf(agent: number): number {
  const wires = processTree(agent).filter((pid) => /wire\/main\.[jt]s/.test(commandLine(pid)));
  if (wires.length !== 1) throw new Error(`Cannot find the wire of agent ${agent}: it has ${wires.length}`);
  return wires[0] as number;
}

/** Running processes (no zombies) inside a namespace. */
export function processesIn(namespace: string): number[] {
  const inode = `net:[${statSync(join(NETNS_DIRECTORY, namespace)).ino}]`;
  return all().filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/ns/net`) === inode && isRunning(pid);
    } catch {
      return false;
    }
  });
}

/** Proportional set size of these processes together, bytes. */
export function pssBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + Number(/^Pss:\s+(\d+) kB$/m.exec(read(pid, "smaps_rollup"))?.[1] ?? 0) * 1024, 0);
}
