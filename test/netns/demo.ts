/**
 * The demonstration: a small routed internet, a real agent on each of its nodes, two faults, and the report of one of them.
 * Everything runs in network namespaces and one temporary directory, and is gone afterwards, also after Ctrl-C.
 * Usage: npm run demo; npm run demo:shell leaves it up with a shell on the node
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import process from "node:process";
import { ensureSystemPackages } from "../../packaging/system-packages.ts";
import type { Report, ReportIncident } from "../../src/report/report.ts";
import { CLI, startAgent, type Agent, type LogRecord } from "./agent.ts";
import { Centre } from "./centre.ts";
import { createLab, labObstacle, type Lab } from "./lab.ts";
import { onProcessEnd } from "./namespaces.ts";
import { shellFile } from "./demo-shell.ts";
import { demoSpec, type LabSpec } from "./topology.ts";

const HEALTHY_MS = 4_000;
const BETWEEN_MS = 3_000;
/** Ending a burst takes up to nine seconds of good probes, closing its incident five more. */
const CLOSED_TIMEOUT_MS = 30_000;
const HEAD_TIMEOUT_MS = 15_000;
const HEAD_LOOK_MS = 50;
const CENTRE = "centre";
const CENTRE_PORT = 8443;
/** The collector's link is the one that breaks. */
const SPEC: LabSpec = { ...demoSpec, hosts: [...demoSpec.hosts, CENTRE], links: [...demoSpec.links, ["r4", CENTRE]] };
const FAULTS = [
  { peer: "peer-b", after: "r2", before: "r3", perMille: 400, lastsMs: 3_000, behind: ["peer-b"] },
  { peer: "peer-c", after: "r2", before: "r4", perMille: 1000, lastsMs: 3_000, behind: ["peer-c", CENTRE] },
] as const;
const MAP = `
                       ┌── r3 ── peer-b
  node ── r1 ── r2 ────┤
                       └── r4 ─┬─ peer-c
                               └─ centre (collector)
`;
const startedMs = performance.now();

function say(line: string): void {
  process.stdout.write(`[${((performance.now() - startedMs) / 1000).toFixed(1).padStart(5)} s] ${line}\n`);
}

/** Null when the demonstration can run, else the one line to print. */
function obstacle(): string | null {
  if (process.getuid?.() !== 0) return "it builds network namespaces, which needs root. Run: sudo npm run demo";
  ensureSystemPackages(["iproute2", "nftables", "mtr-tiny", "iputils-ping"]);
  if (!existsSync(CLI)) return "dist/cli.js is not built. Run: npm run demo";
  return labObstacle();
}

interface Demo {
  readonly lab: Lab;
  readonly centre: Centre;
  readonly agent: Agent;
  /** The agents of the peers: they probe back, and say what they hear. */
  readonly others: readonly Agent[];
  readonly directory: string;
  readonly close: () => Promise<void>;
}

async function buildUp(): Promise<Demo> {
  say(`building ${SPEC.hosts.length} hosts and ${SPEC.routers.length} routers from network namespaces`);
  const lab = await createLab(SPEC);
  const directory = mkdtempSync(join(tmpdir(), `meshprobe-demo-${process.pid}-`));
  const forget = onProcessEnd(() => (forget(), rmSync(directory, { recursive: true, force: true })));
  const close = async (): Promise<void> => {
    await lab.close();
    forget();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    process.stdout.write(`${MAP}\n`);
    const centre = new Centre({ lab, machine: CENTRE, directory: join(directory, CENTRE), port: CENTRE_PORT });
    await centre.start();
    say("a collector runs on centre; starting an agent on node and on each peer: ten probes a second to one another");
    const keyFile = join(directory, "mesh.key");
    writeFileSync(keyFile, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600 });
    const nodes = demoSpec.hosts;
    const start = async (host: string): Promise<Agent> => {
      const own = join(directory, host);
      mkdirSync(own);
      const config = {
        probe: { interval: "100ms" },
        detect: { cooling: "2s", merge: "5s" },
        capture: { after: "2s", after_cycles: 3 },
        mesh: { key_file: keyFile },
        collector: { url: centre.url, token_file: await centre.tokenFile(host, "node") },
        peers: nodes.map((name) => ({ name, address: lab.address(name) })),
      };
      return startAgent(lab, host, { directory: own, config });
    };
    const [agent, ...others] = await Promise.all(["node", ...nodes.filter((host) => host !== "node")].map(start));
    return { lab, centre, agent: agent as Agent, others, directory, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function demo(): Promise<void> {
  const { lab, centre, agent, others, close } = await buildUp();
  try {
    agent.onRecord((record) => {
      if (/^(incident|burst) /.test(record.msg)) say(`  agent: ${record.msg}${typeof record["peer"] === "string" ? ` (${record["peer"]})` : ""}`);
    });
    say(`ready; ${HEALTHY_MS / 1000} s of good weather`);
    await pause(HEALTHY_MS);
    const [first, second] = FAULTS;
    await breakLink(lab, first);
    await pause(BETWEEN_MS);
    await breakLink(lab, second);
    const headMs = await headAfter(centre, { peer: second.peer, backMs: Date.now() });
    say(`centre was cut off too; ${headMs} ms after its link was back it knew of the incident`);
    say("both links are whole again; waiting until the agent has closed both incidents");
    await Promise.all(
      FAULTS.map(({ peer }) => {
        const closed = (record: LogRecord): boolean => record.msg === "incident closed" && record["peer"] === peer;
        return agent.waitFor(`the incident with ${peer} closed`, closed, CLOSED_TIMEOUT_MS);
      }),
    );
    await delivered(centre);
    const fleet = await fleetReport(lab, centre);
    say("stopping the agents; this is the report of node:");
    const codes = await Promise.all([agent, ...others].map((one) => one.stop()));
    if (codes.some((code) => code !== 0)) throw new Error(`Cannot stop the agents cleanly: exit codes ${codes.join(", ")}`);
    const [text, json] = await Promise.all([agent.report("--since", "10m"), agent.report("--since", "10m", "--format", "json")]);
    process.stdout.write(`\n${text.trimEnd()}\n\n`);
    summarise(JSON.parse(json) as Report, lab);
    say("and this is what the collector tells of all nodes (meshprobe report --collector):");
    process.stdout.write(`\n${fleet.trimEnd()}\n\n`);
  } finally {
    await close();
  }
  say("done; nothing is left behind");
}

async function breakLink(lab: Lab, fault: (typeof FAULTS)[number]): Promise<void> {
  say(
    `breaking the link ${fault.after} – ${fault.before} for ${fault.lastsMs / 1000} s: ${fault.perMille / 10} % of what goes to ${fault.peer} is lost`,
  );
  const rules = await Promise.all(fault.behind.map((host) => lab.dropOn(fault.after, { to: lab.address(host), perMille: fault.perMille })));
  const onMs = Math.min(...rules.map(({ switchedOnMs }) => switchedOnMs));
  await pause(fault.lastsMs - (Date.now() - onMs));
  const lasted = Math.max(...(await Promise.all(rules.map((rule) => rule.lift())))) - onMs;
  say(`the link ${fault.after} – ${fault.before} is whole again after ${(lasted / 1000).toFixed(2)} s`);
}

/** From the link being back until the collector has the head of the incident with this peer, ms. */
async function headAfter(centre: Centre, { peer, backMs }: { readonly peer: string; readonly backMs: number }): Promise<number> {
  const store = await centre.open();
  try {
    for (const deadlineMs = backMs + HEAD_TIMEOUT_MS; Date.now() < deadlineMs; await pause(HEAD_LOOK_MS))
      if ((await store.records({ types: ["incident"], node: "node", peer, limit: 1 })).length > 0) return Date.now() - backMs;
    throw new Error("Cannot see the incident at the collector");
  } finally {
    await store.close();
  }
}

/** Until the collector has the end of every incident of node. */
async function delivered(centre: Centre): Promise<void> {
  const store = await centre.open();
  try {
    for (const deadlineMs = Date.now() + HEAD_TIMEOUT_MS; Date.now() < deadlineMs; await pause(HEAD_LOOK_MS)) {
      const heads = await store.records({ types: ["incident"], node: "node", limit: FAULTS.length });
      if (heads.length === FAULTS.length && heads.every(({ data }) => data.includes('"status":"closed"'))) return;
    }
  } finally {
    await store.close();
  }
}

async function fleetReport(lab: Lab, centre: Centre): Promise<string> {
  const token = await centre.tokenFile("operator", "reader");
  const asked = [process.execPath, CLI, "report", "--collector", centre.url, "--token-file", token, "--since", "10m"];
  const { code, stdout, stderr } = await lab.exec(CENTRE, asked);
  if (code !== 0) throw new Error(`Cannot ask the collector: ${stderr}`);
  return stdout;
}

function summarise(report: Report, lab: Lab): void {
  const names = new Map(
    lab.topology.machines.flatMap((machine) =>
      [lab.address(machine), ...lab.topology.ends(machine).map((end) => end.address)].map((address): [string, string] => [address, machine]),
    ),
  );
  say(`in short: ${report.incidents.length} incident${report.incidents.length === 1 ? "" : "s"}`);
  const incidents = [...report.incidents].sort((a, b) => a.started_at.localeCompare(b.started_at));
  for (const incident of incidents) process.stdout.write(`  ${summary(incident, names).join("\n    ")}\n`);
  process.stdout.write("\nWhat a ticket would say:\n");
  for (const { verdict } of incidents) process.stdout.write(`  * ${verdict === null ? "not judged" : verdict.sentence}\n`);
  process.stdout.write("\n");
}

function summary(incident: ReportIncident, names: ReadonlyMap<string, string>): readonly string[] {
  const clock = (time: string | null): string => (time === null ? "?" : time.slice(11, 23));
  const loss = `${incident.peer}: ${incident.lost} of ${incident.sent} probes lost (${incident.loss_pct} %)`;
  const traced = incident.captures
    .filter((capture) => capture.kind === "sweep" && capture.phase === "during" && capture.first_hop_at !== null)
    .sort((a, b) => String(a.first_hop_at).localeCompare(String(b.first_hop_at)))[0];
  const head = [loss, `from ${clock(incident.started_at)} to ${clock(incident.ended_at)} UTC`];
  if (traced === undefined) return [...head, "no path was traced while it lasted"];
  const waited = Date.parse(traced.first_hop_at ?? "") - Date.parse(incident.started_at);
  const hops = traced.hops.map((hop) => (hop.address === null ? "*" : (names.get(hop.address) ?? hop.address)));
  while (hops.length > 1 && hops.at(-1) === "*" && hops.at(-2) === "*") hops.pop();
  return [...head, `first hop of evidence ${waited} ms after the first lost packet`, `path then: node → ${hops.join(" → ")}`];
}

async function shell(): Promise<void> {
  const { lab, agent, others, directory, close } = await buildUp();
  try {
    const file = join(directory, "shellrc");
    const peers = demoSpec.hosts.filter((host) => host !== "node");
    writeFileSync(file, shellFile({ lab, cli: CLI, configFile: agent.configFile, peers, node: process.execPath }));
    say("ready; the agent keeps running until you leave this shell");
    const child = lab.spawn("node", ["bash", "--rcfile", file, "-i"], { terminal: true });
    await new Promise((resolve) => child.once("close", resolve));
    await Promise.all([agent, ...others].map((one) => one.stop()));
  } finally {
    await close();
  }
  say("everything is removed");
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { shell: { type: "boolean", default: false } } });
  const reason = obstacle();
  if (reason !== null) {
    console.error(`Cannot run the demo: ${reason}`);
    return 3;
  }
  try {
    await (values.shell ? shell() : demo());
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 3;
  }
}

process.exitCode = await main();
