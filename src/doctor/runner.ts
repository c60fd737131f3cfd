/**
 * Who runs the agent, or will: the agent that runs now, else the installed service, else whoever asks. Files and the capability are judged for that user: what
 * root may read says nothing of what the service may.
 */
import { dirname } from "node:path";
import type { Said } from "../phrases/phrase.ts";
import { sayPart } from "./phrases.ts";
import type { FileFacts, System } from "./system.ts";

export const UNIT = "meshprobe.service";
const CAP_NET_RAW = 13n;

export interface Runner {
  readonly kind: "agent" | "service" | "shell";
  /** Of the running agent, null where none runs. */
  readonly pid: number | null;
  readonly uid: number;
  readonly gids: readonly number[];
  /** Whether it has CAP_NET_RAW; null where that cannot be seen. */
  readonly mayOpenRaw: boolean | null;
}

/** As in "the running agent (pid 4711)", "the service". */
export function runnerName(runner: Runner): Said {
  if (runner.kind === "agent") return sayPart("agent", { n: String(runner.pid) });
  return runner.kind === "service" ? sayPart("service") : sayPart("user");
}

/** `agentPid` is that of the running agent, null where none runs. */
export async function findRunner(system: System, agentPid: number | null): Promise<Runner> {
  if (agentPid !== null) {
    const agent = fromStatus(system, agentPid);
    if (agent !== null) return { ...agent, kind: "agent" };
  }
  return (await fromUnit(system)) ?? { ...(fromStatus(system, "self") ?? NOBODY), kind: "shell", pid: null };
}

/** Where /proc says nothing, nothing is allowed. */
const NOBODY: Omit<Runner, "kind"> = { pid: null, uid: 65_534, gids: [65_534], mayOpenRaw: null };

/** From /proc/PID/status: proc_pid_status(5). */
function fromStatus(system: System, pid: number | "self"): Omit<Runner, "kind"> | null {
  const text = system.readFile(`/proc/${pid}/status`);
  if (text === null) return null;
  const column = (name: string): string[] =>
    new RegExp(`^${name}:\\s*(.*)$`, "m")
      .exec(text)?.[1]
      ?.split(/\s+/)
      .filter((word) => word !== "") ?? [];
  const effective = column("CapEff")[0];
  return {
    pid: pid === "self" ? null : pid,
    uid: Number(column("Uid")[1] ?? NOBODY.uid),
    gids: [Number(column("Gid")[1] ?? NOBODY.gids[0]), ...column("Groups").map(Number)],
    mayOpenRaw: effective === undefined ? null : ((BigInt(`0x${effective}`) >> CAP_NET_RAW) & 1n) === 1n,
  };
}

async function fromUnit(system: System): Promise<Runner | null> {
  const end = await system.run("systemctl", ["show", UNIT, "--property=LoadState,User,AmbientCapabilities,CapabilityBoundingSet"]);
  if (end.kind !== "ended" || end.exitCode !== 0) return null;
  const properties = new Map(end.stdout.split("\n").map((line) => [line.split("=", 1)[0] ?? "", line.slice(line.indexOf("=") + 1)]));
  if (properties.get("LoadState") !== "loaded") return null;
  const holds = (property: string): boolean => /\bcap_net_raw\b/.test(properties.get(property) ?? "");
  const name = properties.get("User") ?? "";
  if (name === "" || name === "root") return { kind: "service", pid: null, uid: 0, gids: [0], mayOpenRaw: holds("CapabilityBoundingSet") };
  const account = accountOf(system, name);
  return account === null ? null : { kind: "service", pid: null, ...account, mayOpenRaw: holds("AmbientCapabilities") };
}

/** Of the local files; an account from a directory service is not found here, and the next best runner is taken. */
function accountOf(system: System, name: string): { readonly uid: number; readonly gids: readonly number[] } | null {
  const fields = (system.readFile("/etc/passwd") ?? "").split("\n").map((line) => line.split(":"));
  const entry = fields.find(([user]) => user === name);
  if (entry === undefined) return null;
  const groups = (system.readFile("/etc/group") ?? "").split("\n").map((line) => line.split(":"));
  const more = groups.filter((group) => (group[3] ?? "").split(",").includes(name)).map((group) => Number(group[2]));
  return { uid: Number(entry[2]), gids: [Number(entry[3]), ...more] };
}

export const READ = 4;
export const WRITE = 2;
export const ENTER = 1;

/** By owner and mode alone, as path_resolution(7) has it; root may everything that anybody may. */
export function mayAccess(file: FileFacts, { uid, gids }: Pick<Runner, "uid" | "gids">, wanted: number): boolean {
  if (uid === 0) return true;
  const shift = file.uid === uid ? 6 : gids.includes(file.gid) ? 3 : 0;
  return ((file.mode >> shift) & wanted) === wanted;
}

/** The outermost directory above the file that this user may not enter; null when there is none. */
export function closedDirectory(system: System, path: string, runner: Runner): string | null {
  const parent = dirname(path);
  if (parent === path) return null;
  const above = closedDirectory(system, parent, runner);
  if (above !== null) return above;
  const facts = system.file(parent);
  return facts !== null && !mayAccess(facts, runner, ENTER) ? parent : null;
}
