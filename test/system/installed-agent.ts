/** The installed service on a node, as an administrator sees it: systemctl, journalctl, and the report. */
import { setTimeout as pause } from "node:timers/promises";
import type { Report, ReportIncident } from "../../src/report/report.ts";
import type { BootedNode } from "./booted-node.ts";

const LOOK_MS = 300;
const UNIT = "meshprobe.service";

export interface AgentProcesses {
  readonly agent: number;
  readonly wire: number;
}

/** A property of the unit, the agent's unless told otherwise. */
export async function property(node: BootedNode, name: string, unit: string = UNIT): Promise<string> {
  return (await node.run(["systemctl", "show", "--value", "-p", name, unit])).trim();
}

export async function report(node: BootedNode): Promise<Report> {
  return JSON.parse(await node.run(["meshprobe", "report", "--since", "1h", "--full", "--format", "json"])) as Report;
}

/** Asks until it is so; then returns what was asked. */
export async function until<T>(what: string, look: () => Promise<T | null>, timeoutMs: number): Promise<T> {
  for (const deadline = performance.now() + timeoutMs; ; await pause(LOOK_MS)) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
  }
}

/** The first incident towards a peer that began then or later and is as wanted. */
export async function incident(
  node: BootedNode,
  { peer, sinceMs, timeoutMs }: { readonly peer: string; readonly sinceMs: number; readonly timeoutMs: number },
  wanted: (incident: ReportIncident) => boolean,
): Promise<ReportIncident> {
  const look = async (): Promise<ReportIncident | null> => {
    const { incidents } = await report(node);
    return incidents.find((found) => found.peer === peer && Date.parse(found.started_at) >= sinceMs && wanted(found)) ?? null;
  };
  return until(`an incident towards ${peer}`, look, timeoutMs);
}

/** As numbered inside the node. */
export async function processes(node: BootedNode): Promise<AgentProcesses> {
  const agent = Number(await property(node, "MainPID"));
  const wire = Number((await node.run(["pgrep", "-P", String(agent), "-f", "wire/main"])).trim());
  if (!(agent > 1) || !(wire > 1)) throw new Error(`the service has agent ${agent} and wire ${wire}`);
  return { agent, wire };
}
