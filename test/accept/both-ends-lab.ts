/**
 * Two agents that share a mesh key, each the other's only peer, behind two routers. Loss is made in one direction, and what each of them traced while it
 * lasted is looked up: the way there by the one, the way back by the other.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { CaptureRow, IncidentRow } from "../../src/store/rows.ts";
import { startAgent, type Agent } from "../netns/agent.ts";
import { createLab, type Lab } from "../netns/lab.ts";
import { until } from "./burst-lab.ts";
import { EvidenceView } from "./evidence-view.ts";
import { INTERVAL_MS } from "./star.ts";

const BASELINE_TIMEOUT_MS = 30_000;
/** Three tokens of the hop budget at one a second, and a little. */
const RECOVERY_MS = 3_200;
/** The last lost probe is judged two seconds after it was sent. */
const JUDGED_MS = 2_500;
/** Ten cycles of mtr with its grace at the end, or the CUSUM back at zero and the trace after. */
const QUIET_TIMEOUT_MS = 45_000;

export type End = "a" | "b";

/** All of what `a` sends to `b` suffers, the answers to `b` too; or only the requests, so that `b` has no loss of its own. */
export type Direction = "everything" | "requests";

/** What one of the two knew. Times are wall ms. */
export interface EndRun {
  readonly incidents: readonly IncidentRow[];
  /** Of those incidents, baselines left out. */
  readonly own: readonly CaptureRow[];
  /** For the other's sake. */
  readonly remote: readonly CaptureRow[];
  /** Addresses of the routers that the fault leaves alone, in the order of the trace. */
  readonly routers: readonly string[];
}

export interface OneWayRun {
  readonly onMs: number;
  readonly offMs: number;
  readonly ends: Readonly<Record<End, EndRun>>;
}

interface Side {
  readonly agent: Agent;
  readonly view: EvidenceView;
  readonly other: End;
}

export class BothEndsLab {
  readonly lab: Lab;
  readonly sides: Readonly<Record<End, Side>>;

  private constructor(lab: Lab, sides: Readonly<Record<End, Side>>) {
    this.lab = lab;
    this.sides = sides;
  }

  /** Ready means: each has the path to the other while healthy on disk. `directory` is empty. */
  static async open(options: { readonly directory: string; readonly sameKey?: boolean; readonly cli?: string }): Promise<BothEndsLab> {
    const { directory, sameKey = true, cli } = options;
    const lab = await createLab({
      hosts: ["a", "b"],
      routers: ["r1", "r2"],
      links: [
        ["a", "r1"],
        ["r1", "r2"],
        ["r2", "b"],
      ],
    });
    try {
      const key = randomBytes(32).toString("hex");
      const side = async (machine: End, other: End): Promise<Side> => {
        const own = join(directory, machine);
        mkdirSync(own);
        const keyFile = join(own, "mesh.key");
        writeFileSync(keyFile, `${sameKey ? key : randomBytes(32).toString("hex")}\n`, { mode: 0o600 });
        const config = {
          probe: { interval: `${INTERVAL_MS}ms` },
          detect: { cooling: "100ms", merge: "1s" },
          capture: { after: "100ms", after_cycles: 1, hourly: 60, daily: 1440 },
          mesh: { key_file: keyFile },
          peers: [{ name: other, address: lab.address(other) }],
        };
        const agent = await startAgent(lab, machine, { directory: own, config, ...(cli === undefined ? {} : { cli }) });
        return { agent, view: new EvidenceView(agent.dataDir), other };
      };
      const [a, b] = await Promise.all([side("a", "b"), side("b", "a")]);
      await until("the path to each other", BASELINE_TIMEOUT_MS, () => [a, b].every(({ view }) => view.peersWithBaseline().size === 1));
      await pause(RECOVERY_MS);
      return new BothEndsLab(lab, { a, b });
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** One burst from `a` to `b`, dropped where the first router forwards; waits until nothing that it caused goes on, and the routers have recovered. */
  async burst(plan: { readonly direction: Direction; readonly perMille: number; readonly durationMs: number }): Promise<OneWayRun> {
    const type = plan.direction === "requests" ? { icmpType: "echo-request" } : {};
    const rule = await this.lab.dropOn("r1", { to: this.lab.address("b"), perMille: plan.perMille, ...type });
    const onMs = rule.switchedOnMs;
    await pause(plan.durationMs - (Date.now() - onMs));
    const offMs = await rule.lift();
    await pause(JUDGED_MS);
    const look = (): OneWayRun => ({ onMs, offMs, ends: { a: this.#look("a", onMs, 1), b: this.#look("b", onMs, 2) } });
    await until("the burst over at both ends", QUIET_TIMEOUT_MS, () => Object.values(look().ends).every(isQuiet));
    await pause(RECOVERY_MS);
    return look();
  }

  async close(): Promise<void> {
    const sides = Object.values(this.sides);
    for (const { view } of sides) view.close();
    await Promise.all(sides.map(({ agent }) => agent.stop()));
    await this.lab.close();
  }

  #look(end: End, onMs: number, sound: number): EndRun {
    const { view, other } = this.sides[end];
    // A probe of just before may still be judged to be of this burst.
    const incidents = view.incidents(other, onMs - INTERVAL_MS);
    return {
      incidents,
      own: incidents.flatMap(({ id }) => view.captures(id)).filter((capture) => capture.phase !== "before"),
      remote: view.remote(other, onMs),
      routers: this.lab.hopAddresses(end, other).slice(0, sound),
    };
  }
}

/** Whether a sweep, our own or for the other's sake, had every router that the fault leaves alone, received while the rule was on. */
export function isTracedInside({ own, remote, routers }: EndRun, offMs: number): boolean {
  const sweeps = [...own, ...remote].filter((capture) => capture.kind === "sweep" && capture.phase === "during");
  return sweeps.some((sweep) =>
    routers.every((address, index) => {
      const hop = sweep.hops.find((one) => one.ttl === index + 1);
      return hop?.address === address && hop.rttMs !== null && sweep.startedMs + hop.rttMs.worst < offMs;
    }),
  );
}

function isQuiet({ incidents, own, remote }: EndRun): boolean {
  return incidents.every((incident) => incident.status === "closed") && [...own, ...remote].every((capture) => capture.status !== "running");
}
