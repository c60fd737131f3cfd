/**
 * A laboratory with one agent, in which bursts of loss are made one after the other and what the agent knew of each is looked up.
 *
 * The bursts go round the peers, each on a link of its own, so that merging never joins two. Before the next one begins everything that the last one used is
 * there again: the incident is no longer open, its mtr and its trace afterwards are over, and the shared routers and the agent's hop budget (three traces at
 * once, then one a second) have had time to recover.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { CaptureRow, IncidentRow } from "../../src/store/rows.ts";
import type { Agent } from "../netns/agent.ts";
import { createLab, type Lab } from "../netns/lab.ts";
import { starSpec } from "../netns/topology.ts";
import { EvidenceView } from "./evidence-view.ts";
import { accessRouter, INTERVAL_MS, peersOf, startStarAgent } from "./star.ts";

/** How often the database is looked at while a burst lasts, and while nothing is measured. */
const LOOK_MS = 10;
const IDLE_LOOK_MS = 50;
/** Three tokens at one a second, and a little. */
const RECOVERY_MS = 3_200;
/** A suspicion without a burst has cost one. */
const SHORT_RECOVERY_MS = 1_500;
/** After the rule was lifted: the last lost probe is judged, and what follows from it is on disk. */
const VERDICT_MS = 500;
/** 86 good probes until the CUSUM is back at zero, the trace afterwards, and a loaded machine. */
const QUIET_TIMEOUT_MS = 45_000;
/** The burst ends up to 9 s after the last loss, and late replies may come for 12 s. */
const CLOSED_TIMEOUT_MS = 60_000;
/** Ten baselines through the same first hops: one every five seconds. */
const BASELINE_TIMEOUT_MS = 90_000;

export interface BurstPlan {
  /** `access`: the router in front of the peer drops what it would forward to it. `core`: the one before that does. */
  readonly fault: "access" | "core";
  readonly durationMs: number;
  /** 1000 is everything. */
  readonly perMille: number;
  /** Waited before the rule is switched on, so that bursts begin anywhere between two probes. */
  readonly delayMs: number;
}

/** What one burst looked like from outside; plain data. Times are wall ms. */
export interface BurstRun {
  readonly peer: string;
  readonly onMs: number;
  readonly offMs: number;
  /** Largest error of the two. */
  readonly switchErrorMs: number;
  /** When each sweep (by id) with a hop, and its incident, were first seen in the database; only those seen while the rule was on. */
  readonly onDiskMs: Readonly<Record<string, number>>;
  readonly incidents: readonly IncidentRow[];
  /** Sweeps of those incidents. */
  readonly sweeps: readonly CaptureRow[];
  /** Addresses of the hops before the fault. */
  readonly hopsBefore: readonly string[];
}

export interface BurstLabOptions {
  readonly peers: number;
  /** Empty; for the agent. */
  readonly directory: string;
  readonly cli?: string;
}

export class BurstLab {
  readonly lab: Lab;
  readonly agent: Agent;
  readonly view: EvidenceView;
  readonly peers: readonly string[];
  #turn = 0;

  private constructor(lab: Lab, agent: Agent) {
    this.lab = lab;
    this.agent = agent;
    this.view = new EvidenceView(agent.dataDir);
    this.peers = peersOf(lab);
  }

  /** Ready means: every peer answers, and its path while healthy is on disk. */
  static async open(options: BurstLabOptions): Promise<BurstLab> {
    const lab = await createLab(starSpec(options.peers));
    try {
      const { directory, cli } = options;
      const agent = await startStarAgent(lab, {
        directory,
        cli,
        detect: { cooling: "100ms", merge: "1s" },
        capture: { after: "100ms", after_cycles: 1 },
      });
      const burstLab = new BurstLab(lab, agent);
      await until("the path to every peer", BASELINE_TIMEOUT_MS, () => burstLab.view.peersWithBaseline().size === options.peers);
      await pause(RECOVERY_MS);
      return burstLab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** The whole of one burst, from the choice of the peer to the moment when the next may begin. */
  async burst(plan: BurstPlan): Promise<BurstRun> {
    const peer = await this.#nextPeer();
    const machine = plan.fault === "access" ? accessRouter(peer) : "r2";
    const hopsBefore = this.lab.hopAddresses("node", peer).slice(0, plan.fault === "access" ? 3 : 2);
    await pause(plan.delayMs);
    const rule = await this.lab.dropOn(machine, { to: this.lab.address(peer), perMille: plan.perMille });
    const onMs = rule.switchedOnMs;
    // A probe of just before may still be judged to be of this burst.
    const sinceMs = onMs - INTERVAL_MS;
    const onDiskMs: Record<string, number> = {};
    for (let leftMs = plan.durationMs; leftMs > 0; leftMs = plan.durationMs - (Date.now() - onMs)) {
      await pause(Math.min(LOOK_MS, leftMs));
      for (const id of this.view.tracedSweeps(peer, sinceMs)) onDiskMs[id] ??= Date.now();
    }
    const offMs = await rule.lift();
    await pause(VERDICT_MS);
    const incidents = await this.#quiet(peer, sinceMs);
    const sweeps = incidents.flatMap((incident) => this.view.captures(incident.id)).filter((capture) => capture.kind === "sweep");
    return { peer, onMs, offMs, switchErrorMs: rule.switchErrorMs, onDiskMs, incidents, sweeps, hopsBefore };
  }

  /** Waits until the last incident of these peers is closed: until then a burst would go on in it. */
  async rested(peers: readonly string[]): Promise<void> {
    await this.closed(peers.map((peer) => ({ peer, sinceMs: 0, atLeast: 0 })));
  }

  /** Waits until so many incidents that began since are there, and closed. */
  async closed(expected: readonly { readonly peer: string; readonly sinceMs: number; readonly atLeast: number }[]): Promise<void> {
    await until(`the incidents of ${expected.map(({ peer }) => peer).join(", ")} closed`, CLOSED_TIMEOUT_MS, () =>
      expected.every(({ peer, sinceMs, atLeast }) => {
        const incidents = this.view.incidents(peer, sinceMs);
        return incidents.length >= atLeast && incidents.every((incident) => incident.status === "closed");
      }),
    );
  }

  async close(): Promise<void> {
    this.view.close();
    await this.agent.stop();
    await this.lab.close();
  }

  /** The next in turn. */
  async #nextPeer(): Promise<string> {
    const peer = this.peers[this.#turn++ % this.peers.length] as string;
    await this.rested([peer]);
    return peer;
  }

  /** Waits until nothing that the burst caused goes on any more. */
  async #quiet(peer: string, sinceMs: number): Promise<readonly IncidentRow[]> {
    let found: readonly IncidentRow[] = [];
    await until(`the burst of ${peer} over`, QUIET_TIMEOUT_MS, () => {
      found = this.view.incidents(peer, sinceMs);
      return found.every((incident) => incident.status !== "open" && this.#isTraced(incident.id));
    });
    await pause(found.length === 0 ? SHORT_RECOVERY_MS : RECOVERY_MS);
    return this.view.incidents(peer, sinceMs);
  }

  #isTraced(incidentId: string): boolean {
    const captures = this.view.captures(incidentId);
    return captures.some((capture) => capture.phase === "after") && captures.every((capture) => capture.status !== "running");
  }
}

/** Another process writes what is waited for, and tells nobody. */
export async function until(what: string, timeoutMs: number, holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadlineMs) throw new Error(`Cannot see ${what}: not so after ${timeoutMs / 1000} s`);
    await pause(IDLE_LOOK_MS);
  }
}
