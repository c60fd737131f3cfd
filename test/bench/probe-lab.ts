/**
 * Two namespaces and a cable: `node`, where a real agent or fping runs, and `far`, which answers for every address of 10.98.0.0/16. The kernel answers within
 * the send, so both programs pay for both ways and there is nothing to wait for: the hardest case for whoever counts instructions.
 *
 * Probes are counted by the far kernel (InEchos of /proc/net/snmp), not by the program that is measured.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { startAgent, type Agent } from "../netns/agent.ts";
import { createLab, type Lab } from "../netns/lab.ts";
import { wireOf } from "../netns/processes.ts";
import { tally } from "../netns/tally.ts";
import { processorNs, processTree } from "./processor-time.ts";
import { ProcessorWait } from "./processor-wait.ts";

export const INTERVAL_MS = 100;
const CROWD = join(import.meta.dirname, "mesh-crowd.ts");
/** fping 5 gives a sequence number away again after ten seconds at the earliest, and has 65,535 of them: then it ends with an error. */
const FPING_PROBES = 60_000;
const FPING_MAX_S = 10;
/** The first round of fping is name look-ups and cold caches. */
const FPING_WARM_UP_MS = 400;
/** So long fping goes on after its window where it can, for we may be late in ending that. */
const FPING_SLACK_S = 2;
/** For the clock of the report, which counts in whole seconds. */
const REPORT_SLACK_MS = 10_000;

export interface Window {
  readonly seconds: number;
  /** Echo requests that arrived at the far side. */
  readonly probes: number;
  readonly processorMs: number;
  /** Processor µs per probe. */
  readonly usPerProbe: number;
}

export interface Totals {
  readonly sent: number;
  readonly lost: number;
  readonly blind: number;
  readonly incidents: number;
  /** Of the slots that were due. */
  readonly sentShare: number;
}

/** An interval that the agent itself calls blind. */
export interface BlindSpell {
  readonly cause: string;
  readonly ms: number;
  /** Of it, as long as the machine made the probing process wait for a processor; null when the process ended before that could be asked. */
  readonly waitedMs: number | null;
}

export interface AgentRun {
  readonly window: Window;
  /** Of the whole run, start and end included, as the report says. */
  readonly totals: Totals;
  readonly blindSpells: readonly BlindSpell[];
}

export interface AgentRunOptions {
  readonly peers: number;
  /** Made for the run, and removed after it. */
  readonly directory: string;
  readonly warmUpMs: number;
  /** The window lasts as long as this does. */
  readonly during: (agent: Agent) => Promise<unknown>;
  readonly cli?: string;
  /** All peers have agents that probe back, with a mesh key. */
  readonly mesh?: boolean;
}

export class ProbeLab {
  readonly #lab: Lab;
  readonly #farPid: number;

  private constructor(lab: Lab, farPid: number) {
    this.#lab = lab;
    this.#farPid = farPid;
  }

  static async open(): Promise<ProbeLab> {
    const lab = await createLab({ hosts: ["node", "far"], routers: [], links: [["node", "far"]] });
    try {
      const done = await lab.exec("far", ["ip", "route", "add", "local", "10.98.0.0/16", "dev", "lo"]);
      if (done.code !== 0) throw new Error(`Cannot route the targets: ${done.stderr.trim()}`);
      // Its /proc/PID/net is the far side's, readable without starting anything.
      const keeper = lab.spawn("far", ["sleep", "infinity"]);
      return new ProbeLab(lab, keeper.pid ?? 0);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  async agent(options: AgentRunOptions): Promise<AgentRun> {
    const { peers, directory, warmUpMs, during, cli, mesh = false } = options;
    const keyFile = join(directory, "mesh.key");
    const key = randomBytes(32).toString("hex");
    if (mesh) {
      mkdirSync(directory, { recursive: true });
      writeFileSync(keyFile, `${key}\n`, { mode: 0o600 });
    }
    const config = {
      ...(mesh ? { mesh: { key_file: keyFile } } : {}),
      probe: { interval: `${INTERVAL_MS}ms`, max_rate: `${Math.max(2000, peers * 12)}/s` },
      // One trace each at the start is enough.
      capture: { baseline: "24h" },
      peers: targets(peers).map((address, index) => ({ name: `p${index}`, address })),
    };
    const sinceMs = Date.now() - REPORT_SLACK_MS;
    const agent = await startAgent(this.#lab, "node", { directory, config, ...(cli === undefined ? {} : { cli }) });
    const crowd = mesh
      ? this.#lab.spawn("far", [process.execPath, CROWD, this.#lab.address("node"), "node", key, String(peers), String(INTERVAL_MS)])
      : null;
    crowd?.stdout.resume();
    crowd?.stderr.pipe(process.stderr);
    const wait = new ProcessorWait(wireOf(agent.pid));
    try {
      await pause(warmUpMs);
      const window = await this.#window(agent.pid, () => during(agent));
      // All probes of the window are judged before the end, or they would count as neither.
      await pause(2_500);
      await agent.stop();
      const { sent, lost, blind, incidents, skipped, sendFailed, blindIntervals } = await tally(agent, { sinceMs, untilMs: Date.now() });
      const totals = { sent, lost, blind, incidents: incidents.length, sentShare: sent / (sent + skipped + sendFailed) };
      const blindSpells = blindIntervals.map(({ cause, ms, started_at, ended_at }) => ({
        cause,
        ms,
        waitedMs: wait.during(Date.parse(started_at), Date.parse(ended_at)),
      }));
      return { window, totals, blindSpells };
    } finally {
      wait.stop();
      crowd?.kill("SIGKILL");
      agent.kill("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    }
  }

  /** `-i 0 -b 64` sends the round of all targets in one go, its cheapest pattern; `paced` spreads it, as the agent does. */
  async fping(options: { readonly peers: number; readonly seconds: number; readonly paced?: boolean }): Promise<Window> {
    const { peers, paced = false } = options;
    const rounds = (s: number): number => Math.ceil(s * (1000 / INTERVAL_MS));
    const seconds = Math.min(options.seconds, fpingSeconds(peers));
    const pattern = paced ? ["-i", "0.1"] : ["-i", "0"];
    const count = Math.min(rounds(seconds + FPING_WARM_UP_MS / 1000 + FPING_SLACK_S), Math.floor(FPING_PROBES / peers));
    const before = this.#echoes();
    const child = this.#lab.spawn("node", ["fping", "-q", "-p", String(INTERVAL_MS), ...pattern, "-b", "64", "-c", String(count), ...targets(peers)]);
    child.stdout.resume();
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-20_000)));
    const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
    while (this.#echoes() === before && child.exitCode === null) await pause(5);
    await pause(FPING_WARM_UP_MS);
    const window = await this.#window(child.pid ?? 0, () => pause(seconds * 1000));
    const early = child.exitCode !== null;
    const code = await ended;
    if (early || code !== 0) throw new Error(`Cannot measure fping: exit code ${code}; ${errors.trim().split("\n").at(-1) ?? ""}`);
    return window;
  }

  close(): Promise<void> {
    return this.#lab.close();
  }

  async #window(pid: number, during: () => Promise<unknown>): Promise<Window> {
    const tree = processTree(pid);
    const before = this.#look(tree);
    await during();
    const after = this.#look(tree);
    const probes = after.echoes - before.echoes;
    const processorMs = (after.ns - before.ns) / 1e6;
    if (probes <= 0) throw new Error(`Cannot measure process ${pid}: the far side saw no echo request`);
    return { seconds: (after.atMs - before.atMs) / 1000, probes, processorMs, usPerProbe: (processorMs * 1000) / probes };
  }

  #look(tree: readonly number[]): { readonly ns: number; readonly echoes: number; readonly atMs: number } {
    return { ns: processorNs(tree), echoes: this.#echoes(), atMs: performance.now() };
  }

  #echoes(): number {
    const [names = "", values = ""] = readFileSync(`/proc/${this.#farPid}/net/snmp`, "latin1")
      .split("\n")
      .filter((line) => line.startsWith("Icmp: "));
    return Number(values.split(" ")[names.split(" ").indexOf("InEchos")]);
  }
}

/** How long fping can run at this rate: it cannot run ten seconds above 6,500 a second. */
export function fpingSeconds(peers: number): number {
  return Math.min(FPING_MAX_S, FPING_PROBES / (peers * (1000 / INTERVAL_MS)) - 2 * (FPING_WARM_UP_MS / 1000));
}

function targets(peers: number): string[] {
  // 10.98.0.0 is left out: it looks like a network's own address.
  return Array.from({ length: peers }, (_, index) => `10.98.${(index + 1) >> 8}.${(index + 1) & 255}`);
}
