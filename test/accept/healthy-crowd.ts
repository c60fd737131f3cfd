/** An agent among many peers to which nothing happens: so whatever is reported is the agent's own doing. What is wrong with such a report is found here too. */
import { startAgent, type Agent } from "../netns/agent.ts";
import { createCrowd } from "../netns/crowd.ts";
import { tally, type Tally } from "../netns/tally.ts";

const INTERVAL_MS = 100;
/** The report counts in whole seconds. */
const REPORT_SLACK_MS = 10_000;
/** Of a network inside one machine; what stops the agent or its clock would show as thousands. */
export const MAX_RTT_MS = 100;

export interface HealthyCrowd {
  readonly peers: number;
  /** For the agent; see startAgent, also for the others. */
  readonly directory: string;
  readonly cli?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly node?: string;
}

/** Runs an agent that probes them for as long as the work lasts. */
export async function probeCrowd<Seen>({ peers: count, cli, ...options }: HealthyCrowd, work: (agent: Agent) => Promise<Seen>): Promise<Seen> {
  const { lab, peers } = await createCrowd(count);
  try {
    const config = { probe: { interval: `${INTERVAL_MS}ms`, max_rate: "100000/s" }, peers };
    return await work(await startAgent(lab, "node", { ...options, config, ...(cli === undefined ? {} : { cli }) }));
  } finally {
    await lab.close();
  }
}

/** Stops the agent and sums up all it has reported since. */
export async function finalTally(agent: Agent, sinceMs: number): Promise<Tally> {
  await agent.stop();
  return tally(agent, { sinceMs: sinceMs - REPORT_SLACK_MS, untilMs: Date.now() });
}

/** For a row's figures: all that is a number, and how many incidents. */
export function countsOf(all: Tally): Readonly<Record<string, number>> {
  const numbers = Object.entries(all).flatMap(([name, value]): [string, number][] => (typeof value === "number" ? [[name, value]] : []));
  return { ...Object.fromEntries(numbers), incidents: all.incidents.length };
}

/** What was reported although nothing was broken. */
export function alarmsOf(all: Tally): readonly string[] {
  return faultsOf([
    [all.incidents.length === 0, `incidents: ${all.incidents.join("; ")}`],
    [all.sent > 0 && all.lost === 0 && all.late === 0, `${all.sent} sent, ${all.lost} lost, ${all.late} late`],
    [all.rttMaxMs <= MAX_RTT_MS, `largest RTT ${all.rttMaxMs} ms`],
  ]);
}

/** The words of the checks that do not hold. */
export function faultsOf(checks: readonly (readonly [holds: boolean, fault: string])[]): readonly string[] {
  return checks.flatMap(([holds, fault]) => (holds ? [] : [fault]));
}
