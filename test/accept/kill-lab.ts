/**
 * kill -9 of the agent around a burst, again and again on one data directory, and what must be there afterwards. A witness beside the agent hears the same
 * answers; the database is looked at from outside until the kill. So what should be there is known without asking the agent.
 */
import { setTimeout as pause } from "node:timers/promises";
import process from "node:process";
import type { Report } from "../../src/report/report.ts";
import type { IncidentRow } from "../../src/store/rows.ts";
import type { Agent } from "../netns/agent.ts";
import { createLab, type Lab } from "../netns/lab.ts";
import { processesIn } from "../netns/processes.ts";
import { starSpec } from "../netns/topology.ts";
import { until } from "./burst-lab.ts";
import { EvidenceView } from "./evidence-view.ts";
import { accessRouter, INTERVAL_MS, peersOf, startStarAgent } from "./star.ts";
import { startWitness, type Heard, type Witness } from "./witness.ts";

const PEERS = 4;
/** The incident must be on disk this long after its first lost packet, and a line this long after it was heard. */
const INCIDENT_MS = 900;
const LINE_MS = 500;
/** Ready means that every peer has answered; what follows is a good RTT estimate and the first baselines. */
const HEALTHY_MS = 1_500;
const BURST_MS = 2_500;
/** mtr ends at its next line when even the wire did not know of it. */
const ORPHAN_MS = 3_000;
const AGAIN_MS = 6_000;
const WARM_UP_MS = 3_000;
const LOOK_MS = 10;
/** Two processes stamp one answer; sweeps of one burst are 200 ms apart. */
const SAME_ANSWER_MS = 100;
const PINO_ERROR = 50;

export interface KillPlan {
  /** From the beginning of the loss to the kill; negative is before. */
  readonly afterMs: number;
  /** The loss goes on until the next agent has noticed it. */
  readonly hold: boolean;
}

export interface KillRun {
  readonly peer: string;
  readonly killedAfterMs: number;
  readonly hold: boolean;
  /** An incident was due, or had been seen on disk. */
  readonly due: boolean;
  /** Answers heard in time, that had to be on disk. */
  readonly sweepHops: number;
  readonly mtrLines: number;
  /** Until nothing of the agent ran any more. */
  readonly orphanMs: number;
  /** What was not as it must be. */
  readonly faults: readonly string[];
}

interface Death {
  readonly onMs: number;
  readonly killMs: number;
  readonly seen: readonly string[];
  readonly orphanMs: number;
}

export class KillLab {
  readonly #lab: Lab;
  readonly #witness: Witness;
  readonly #view: EvidenceView;
  readonly #start: () => Promise<Agent>;
  #turn = 0;

  private constructor(lab: Lab, parts: { readonly witness: Witness; readonly view: EvidenceView; readonly start: () => Promise<Agent> }) {
    this.#lab = lab;
    this.#witness = parts.witness;
    this.#view = parts.view;
    this.#start = parts.start;
  }

  static async open(options: { readonly directory: string; readonly cli?: string }): Promise<KillLab> {
    const { directory, cli } = options;
    const lab = await createLab(starSpec(PEERS));
    try {
      const start = (): Promise<Agent> => startStarAgent(lab, { directory, cli, detect: { merge: "10s", cooling: "5s" } });
      // A first life, so that the peers are known and there is something to be blind since.
      const agent = await start();
      await pause(WARM_UP_MS);
      await agent.stop();
      return new KillLab(lab, { witness: await startWitness(lab, "node"), view: new EvidenceView(agent.dataDir), start });
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  async kill(plan: KillPlan): Promise<KillRun> {
    const peer = peersOf(this.#lab)[this.#turn++ % PEERS] as string;
    const agent = await this.#start();
    await pause(HEALTHY_MS);
    // A kill before the loss is the rule switched on afterwards.
    if (plan.afterMs < 0)
      return this.#judge(await this.#killed(agent, { peer, onMs: Date.now() - plan.afterMs, afterMs: plan.afterMs }), { peer, hold: false });
    const rule = await this.#lab.dropOn(accessRouter(peer), { to: this.#lab.address(peer), perMille: 1000 });
    const lifted = plan.hold ? null : pause(BURST_MS).then(() => rule.lift());
    const death = await this.#killed(agent, { peer, onMs: rule.switchedOnMs, afterMs: plan.afterMs });
    const run = await this.#judge(death, { peer, hold: plan.hold });
    await (lifted ?? rule.lift());
    return run;
  }

  async close(): Promise<void> {
    this.#view.close();
    await this.#lab.close();
  }

  /** Looks at the database until the moment comes, then kills, then waits until nothing is left. */
  async #killed(agent: Agent, when: { readonly peer: string; readonly onMs: number; readonly afterMs: number }): Promise<Death> {
    const atMs = when.onMs + when.afterMs;
    const look = (): string[] => this.#view.incidents(when.peer, when.onMs - INTERVAL_MS).map((incident) => incident.id);
    let seen = look();
    for (let leftMs = atMs - Date.now(); leftMs > 0; leftMs = atMs - Date.now()) {
      await pause(Math.min(LOOK_MS, leftMs));
      seen = look();
    }
    const killMs = Date.now();
    agent.kill("SIGKILL");
    const since = performance.now();
    const left = (): number[] => processesIn(this.#lab.namespace("node")).filter((pid) => pid !== this.#witness.pid);
    while (left().length > 0 && performance.now() - since < ORPHAN_MS) await pause(LOOK_MS);
    const orphanMs = left().length === 0 ? Math.round(performance.now() - since) : Number.POSITIVE_INFINITY;
    for (const pid of left()) process.kill(pid, "SIGKILL");
    return { onMs: when.onMs, killMs, seen, orphanMs };
  }

  /** What the dead agent left, then what the next one makes of it. */
  async #judge(death: Death, of: { readonly peer: string; readonly hold: boolean }): Promise<KillRun> {
    const { onMs, killMs } = death;
    const incidents = (): IncidentRow[] => this.#view.incidents(of.peer, onMs - INTERVAL_MS);
    const left = incidents();
    const ids = new Set(left.map((incident) => incident.id));
    const due = death.seen.length > 0 || killMs - onMs >= INTERVAL_MS + INCIDENT_MS;
    const faults: string[] = [];
    const must = (holds: boolean, fault: string): void => {
      if (!holds) faults.push(fault);
    };
    must(Number.isFinite(death.orphanMs), "something of the agent still ran");
    must(!due || left.length === 1, `${left.length} incidents on disk`);
    must(
      death.seen.every((id) => ids.has(id)),
      "an incident that was on disk is gone",
    );
    const heard = left.flatMap((incident) => this.#heard(of.peer, incident.detectedMs, killMs - LINE_MS));
    const missing = left.flatMap((incident) => heard.filter((one) => !this.#isKept(incident.id, one)));
    must(missing.length === 0, `not on disk: ${JSON.stringify(missing.slice(0, 3))}`);

    const agent = await this.#start();
    if (of.hold && due) await until(`the loss of ${of.peer} noticed again`, AGAIN_MS, () => incidents().some((incident) => !ids.has(incident.id)));
    const code = await agent.stop();
    must(code === 0, `the next agent ended with ${code}: ${JSON.stringify(agent.log.slice(-2))}`);
    const errors = agent.log.filter((record) => Number(record["level"]) >= PINO_ERROR);
    must(errors.length === 0, `the next agent's log: ${JSON.stringify(errors[0])}`);
    const after = incidents();
    for (const incident of after.filter((one) => ids.has(one.id))) must(incident.status === "interrupted", `status ${incident.status}`);
    const next = after.filter((one) => !ids.has(one.id));
    must(left.length === 0 || next.slice(0, 1).every((one) => ids.has(one.continues ?? "")), `the next incident continues ${next[0]?.continues}`);
    const report = JSON.parse(await agent.report("--since", "1h", "--format", "json")) as Report;
    must(
      left.every((one) => report.incidents.some((other) => other.id === one.id)),
      "the report does not know the incident",
    );
    const blind = report.blind.filter(
      (one) => one.cause === "agent-restart" && Date.parse(one.started_at) <= killMs && Date.parse(one.ended_at) >= killMs,
    );
    must(blind.length === 1, `${blind.length} blind intervals agent-restart around the kill`);
    return {
      peer: of.peer,
      killedAfterMs: Math.round(killMs - onMs),
      hold: of.hold,
      due,
      sweepHops: heard.filter((one) => one.from === "sweep").length,
      mtrLines: heard.filter((one) => one.from === "other").length,
      orphanMs: death.orphanMs,
      faults,
    };
  }

  #heard(peer: string, fromMs: number, toMs: number): readonly Heard[] {
    const target = this.#lab.address(peer);
    return this.#witness.heard.filter((one) => one.target === target && one.atMs >= fromMs && one.atMs <= toMs);
  }

  #isKept(incidentId: string, one: Heard): boolean {
    if (one.from === "other")
      return this.#view.lines(incidentId).some((line) => line.text.startsWith("p ") && line.text.endsWith(` ${one.sequence}`));
    return this.#view.captures(incidentId).some((sweep) => {
      const hop = sweep.kind === "sweep" ? sweep.hops.find((other) => other.ttl === one.ttl) : undefined;
      return hop?.addresses.includes(one.source) === true && Math.abs(sweep.startedMs + (hop.rttMs?.worst ?? 0) - one.atMs) <= SAME_ANSWER_MS;
    });
  }
}
