/** A stopped process is not a broken network: SIGSTOP for five seconds, first of the wire, then of the agent. */
import { setTimeout as pause } from "node:timers/promises";
import process from "node:process";
import { wireOf } from "../../netns/processes.ts";
import type { Tally } from "../../netns/tally.ts";
import { alarmsOf, countsOf, faultsOf, finalTally, MAX_RTT_MS, probeCrowd } from "../healthy-crowd.ts";
import type { Row } from "../row.ts";

const PEERS = 50;
const STOPPED_MS = 5_000;
const BEFORE_MS = 4_000;
/** Longer than the timeout and the seconds after it in which a late reply still counts. */
const AFTER_MS = 13_000;
/** How much longer than the stop the blind interval may be: the stop ends, the process is scheduled, and ticks. */
const BLIND_SLACK_MS = 300;

export interface Stopped {
  /** While the wire was stopped, and while the agent was. */
  readonly wire: readonly string[];
  readonly agent: readonly string[];
  readonly wireBlindMs: readonly number[];
  readonly all: Tally;
}

export async function stopBoth(options: { readonly directory: string; readonly cli?: string; readonly afterMs?: number }): Promise<Stopped> {
  const { directory, cli, afterMs = AFTER_MS } = options;
  const sinceMs = Date.now();
  return probeCrowd({ peers: PEERS, directory, cli }, async (agent) => {
    const stop = async (pid: number): Promise<readonly [number, number]> => {
      const fromMs = Date.now();
      process.kill(pid, "SIGSTOP");
      await pause(STOPPED_MS);
      process.kill(pid, "SIGCONT");
      const toMs = Date.now();
      await pause(afterMs);
      return [fromMs, toMs];
    };
    await pause(BEFORE_MS);
    const wire = await stop(wireOf(agent.pid));
    const own = await stop(agent.pid);
    const all = await finalTally(agent, sinceMs);
    const during = ([from, to]: readonly [number, number]): Tally["blindIntervals"] =>
      all.blindIntervals.filter((one) => Date.parse(one.started_at) < to && Date.parse(one.ended_at) > from);
    return {
      wire: during(wire).map((one) => one.cause),
      agent: during(own).map((one) => one.cause),
      wireBlindMs: during(wire).map((one) => one.ms),
      all,
    };
  });
}

/** What is wrong with it, empty when nothing is. */
export function stopFaults({ wire, agent, wireBlindMs, all }: Stopped): readonly string[] {
  const [blindMs = 0] = wireBlindMs;
  const blind = faultsOf([
    [wire.join() === "stall", `blind while the wire was stopped: ${wire.join() || "nothing"}`],
    [Math.abs(blindMs - STOPPED_MS) <= BLIND_SLACK_MS, `the blind interval lasted ${blindMs} ms`],
    [agent.length === 0, `blind while the agent was stopped: ${agent.join()}`],
  ]);
  return [...alarmsOf(all), ...blind];
}

export const sigstop: Row = {
  name: "sigstop",
  title: "SIGSTOP of the wire for 5 s, of the agent for 5 s: no incident, one blind interval where due, RTT untouched, nothing lost",
  async run(context) {
    const seen = await stopBoth({ directory: context.directory, cli: context.cli });
    const faults = stopFaults(seen);
    return {
      samples: seen.all.sent,
      figures: {
        ...countsOf(seen.all),
        blind: seen.all.blindIntervals.map((one) => [one.cause, one.ms]),
        blind_probes: seen.all.blind,
        faults,
      },
      bar: `0 incidents, one blind interval of 5 s ± ${BLIND_SLACK_MS} ms for the wire and none for the agent, 0 lost, largest RTT ≤ ${MAX_RTT_MS} ms`,
      passed: faults.length === 0,
    };
  },
};
