/**
 * One fault, once: a laboratory is built, its agents get to know it, something is broken and mended, and what each agent's report says of it is compared with
 * what it must say. The report is that of a copy of the data directory, for a verdict must not depend on where its evidence lies.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import process from "node:process";
import type { Report } from "../../../src/report/report.ts";
import { until } from "../../accept/burst-lab.ts";
import { EvidenceView } from "../../accept/evidence-view.ts";
import { startAgent, type Agent } from "../agent.ts";
import { createLab, type Lab } from "../lab.ts";
import { onProcessEnd } from "../namespaces.ts";
import { whyNotKept } from "./kept-verdicts.ts";
import { namesOf, seenIn, whyWrong, type Seen } from "./compare.ts";
import type { Expected, Fault, Stage } from "./fault.ts";
import { hopLinesBefore, type HopLines } from "./lossy-before.ts";
import { seeded } from "./random.ts";
import { towns, type Town } from "./towns.ts";

/** What one observer made of it. */
export interface Finding {
  readonly fault: string;
  readonly seed: number;
  readonly observer: string;
  readonly expected: Expected;
  readonly seen: Seen;
  /** Null when it is right. */
  readonly wrong: string | null;
  /** From the detection of the burst to the first verdict in the log; null without a verdict. */
  readonly firstVerdictMs: number | null;
  readonly hopLines: HopLines;
  /** Everything it ever said, first to last: certainty, then rule. */
  readonly versions: readonly { readonly certainty: string; readonly scope: string; readonly rule: string }[];
  /** The copy of its data that is kept; null unless it was wrong and that was asked for. */
  readonly kept: string | null;
}

export interface TrialOptions {
  readonly seed: number;
  /** Where the data of wrong verdicts is kept; null removes them. */
  readonly keep: string | null;
}

/** As short as the rules allow. */
const QUICK = { detect: { cooling: "100ms", merge: "1s" }, capture: { after: "100ms", after_cycles: 1, hourly: 60, daily: 1440 } };
const KEYS = { one: "0123456789abcdef0123456789abcdef", other: "fedcba9876543210fedcba9876543210" } as const;
const BASELINE_TIMEOUT_MS = 90_000;
/** Three traces' tokens at one a second, and the routers' own; the peers' requests have been counted by then. */
const RECOVERY_MS = 4_000;
/** A loss of the last moment is noticed and has its incident by then. */
const NOTICED_MS = 3_000;
/** A thin loss ends nine seconds after its last one, late answers may come for twelve more, and the machine may be busy. */
const CLOSED_TIMEOUT_MS = 60_000;
/** A fault begins anywhere between two probes. */
const PHASE_MS = 1_000;

export async function trial(fault: Fault, options: TrialOptions): Promise<readonly Finding[]> {
  const town = towns[fault.town];
  const directory = mkdtempSync(join(tmpdir(), `meshprobe-catalogue-${process.pid}-`));
  const forget = onProcessEnd(() => (forget(), rmSync(directory, { recursive: true, force: true })));
  const lab = await createLab(town.spec);
  try {
    await town.furnish(lab);
    const agents = new Map<string, Agent>();
    const stage: Stage = { lab, agents, random: seeded(options.seed, fault.name), directory };
    const unset = await fault.setting?.(stage);
    for (const machine of ["node", ...fault.agents]) agents.set(machine, await agentOn(machine, { fault, stage, town }));
    await known(agents.get("node") as Agent, town);
    const watches = [...agents.values()].map((agent) => new Watch(agent));
    await pause(RECOVERY_MS + stage.random.between(0, PHASE_MS));
    const brokenMs = Date.now();
    const mend = await fault.broken(stage);
    await pause(Math.max(0, fault.lastsMs - (Date.now() - brokenMs)));
    await mend();
    await pause(NOTICED_MS);
    await Promise.all(watches.map((watch) => watch.allClosed()));
    await unset?.();
    await Promise.all([...agents.values()].map((agent) => agent.stop()));
    const observers = Object.entries(fault.expected);
    return await Promise.all(
      observers.map(([observer, expected]) =>
        findingOf(agents.get(observer) as Agent, { fault, observer, expected, brokenMs, lab, directory, options }),
      ),
    );
  } catch (error) {
    throw new Error(`Cannot try "${fault.name}" with seed ${options.seed}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    await lab.close();
    forget();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function agentOn(
  machine: string,
  { fault, stage, town }: { readonly fault: Fault; readonly stage: Stage; readonly town: Town },
): Promise<Agent> {
  const directory = join(stage.directory, machine);
  mkdirSync(directory);
  const { keys = "one" } = fault;
  const key = keys === "none" ? null : keys === "other-at-peers" && machine !== "node" ? KEYS.other : KEYS.one;
  const keyFile = join(directory, "mesh.key");
  if (key !== null) writeFileSync(keyFile, `${key}\n`, { mode: 0o600 });
  const config = { ...QUICK, ...(key === null ? {} : { mesh: { key_file: keyFile } }), peers: town.peers(stage.lab, machine) };
  return startAgent(stage.lab, machine, { directory, config });
}

/** The paths while healthy are in its store. */
async function known(agent: Agent, town: Town): Promise<void> {
  const view = new EvidenceView(agent.dataDir);
  try {
    await until(`${town.baselines} baselines`, BASELINE_TIMEOUT_MS, () => view.peersWithBaseline().size >= town.baselines);
  } finally {
    view.close();
  }
}

/** Incidents of one agent that are not closed. */
class Watch {
  readonly #agent: Agent;
  readonly #open = new Set<unknown>();

  constructor(agent: Agent) {
    this.#agent = agent;
    agent.onRecord((record) => {
      if (record.msg === "incident opened") this.#open.add(record["incident"]);
      if (record.msg === "incident closed") this.#open.delete(record["incident"]);
    });
  }

  async allClosed(): Promise<void> {
    for (const incident of this.#open) {
      await this.#agent.waitFor(
        "the incident closed",
        (record) => record.msg === "incident closed" && record["incident"] === incident,
        CLOSED_TIMEOUT_MS,
      );
    }
  }
}

async function findingOf(
  agent: Agent,
  context: {
    readonly fault: Fault;
    readonly observer: string;
    readonly expected: Expected;
    readonly brokenMs: number;
    readonly lab: Lab;
    readonly directory: string;
    readonly options: TrialOptions;
  },
): Promise<Finding> {
  const { fault, observer, expected, brokenMs, lab, directory, options } = context;
  const { seed, keep } = options;
  const copy = join(directory, `${observer}-copy`);
  cpSync(agent.dataDir, copy, { recursive: true });
  const report = JSON.parse(await agent.report("--data-dir", copy, "--since", "1h", "--format", "json")) as Report;
  const seen = seenIn(report, brokenMs - PHASE_MS, namesOf(lab));
  const text = await agent.report("--data-dir", copy, "--since", "1h", "--full");
  const wrong = whyWrong(expected, seen) ?? (await whyNotKept(agent, { copy, report, text }));
  const spoken = agent.log.filter((record) => typeof record["version"] === "number" && typeof record["rule"] === "string");
  const versions = spoken.map((record) => ({ certainty: String(record["certainty"]), scope: String(record["scope"]), rule: String(record["rule"]) }));
  let kept: string | null = null;
  if (wrong !== null && keep !== null) {
    kept = join(keep, `${fault.name.replaceAll(/[^a-z0-9]+/gi, "-")}-${seed}-${observer}`);
    cpSync(copy, kept, { recursive: true });
    writeFileSync(join(kept, "log.jsonl"), agent.log.map((record) => `${JSON.stringify(record)}\n`).join(""));
  }
  return {
    fault: fault.name,
    seed,
    observer,
    expected,
    seen,
    wrong,
    firstVerdictMs: firstVerdict(report, spoken[0]),
    hopLines: hopLinesBefore({ report, text }, { expected, lab, observer }),
    versions,
    kept,
  };
}

function firstVerdict(report: Report, first: Agent["log"][number] | undefined): number | null {
  const detected = report.incidents.filter((incident) => incident.event_id === first?.["event"]).map((incident) => Date.parse(incident.detected_at));
  return first === undefined || detected.length === 0 ? null : Date.parse(String(first.time)) - Math.min(...detected);
}
