/** Where nothing is lost nothing must be reported: on a busy machine, and at a high rate. */
import { setTimeout as pause } from "node:timers/promises";
import { keepBusy } from "../../netns/busy.ts";
import type { Tally } from "../../netns/tally.ts";
import { countsOf, finalTally, probeCrowd } from "../healthy-crowd.ts";
import type { Row, RowContext, RowResult } from "../row.ts";

/** After the agent is ready: the peers' RTTs are known and the first paths traced. */
const SETTLE_MS = 3_000;
const PROGRESS_MS = 60_000;
/** Other programs: two for each of our two processors. */
const LOOPS = 4;
const MIN_SENT_SHARE = 0.999;

export interface Calm {
  readonly peers: number;
  readonly forMs: number;
  /** Endless loops beside the agent. */
  readonly loops: number;
  readonly directory: string;
  readonly cli?: string;
  readonly progress?: (line: string) => void;
}

/** Probes healthy peers for a while. */
export async function probeInCalm({ peers, forMs, loops, directory, cli, progress }: Calm): Promise<Tally> {
  const sinceMs = Date.now();
  const busy = keepBusy(loops);
  try {
    return await probeCrowd({ peers, directory, cli }, async (agent) => {
      agent.onRecord((record) => {
        if (/incident|blind|dropped/.test(record.msg)) progress?.(JSON.stringify(record));
      });
      const untilMs = performance.now() + SETTLE_MS + forMs;
      for (let leftMs = untilMs - performance.now(); leftMs > 0; leftMs = untilMs - performance.now()) {
        await pause(Math.min(PROGRESS_MS, leftMs));
        progress?.(`${Math.max(0, Math.round((untilMs - performance.now()) / 1000))} s to go`);
      }
      return finalTally(agent, sinceMs);
    });
  } finally {
    busy.stop();
  }
}

function judge(seen: Tally, wanted: number): RowResult {
  const { incidents, blindIntervals } = seen;
  return {
    samples: seen.sent,
    figures: {
      ...countsOf(seen),
      first_incidents: incidents.slice(0, 5),
      blind_intervals: blindIntervals.length,
      blind_ms: blindIntervals.reduce((sum, one) => sum + one.ms, 0),
    },
    bar: `0 incidents, ≥ ${MIN_SENT_SHARE * 100} % of the due slots sent`,
    passed: incidents.length === 0 && seen.sentShare >= MIN_SENT_SHARE && seen.sent >= wanted,
  };
}

const options = (context: RowContext): Pick<Calm, "directory" | "cli" | "progress"> => ({
  directory: context.directory,
  cli: context.cli,
  progress: context.progress,
});

export const noFalseIncidents: Row = {
  name: "no-false-incidents",
  title: "30 min, 200 peers, both cores kept busy by other programs: no incident of either kind, and 99.9 % of the slots sent",
  async run(context) {
    const seconds = context.quick ? 30 : 1800;
    const seen = await probeInCalm({ peers: 200, forMs: seconds * 1000, loops: LOOPS, ...options(context) });
    return judge(seen, seconds * 200 * 10);
  },
};

export const million: Row = {
  name: "million",
  title: "a million probes at 10,000 a second: no incident of either kind, and 99.9 % of the slots sent",
  async run(context) {
    const seconds = context.quick ? 10 : 100;
    const seen = await probeInCalm({ peers: 1000, forMs: seconds * 1000, loops: 0, ...options(context) });
    return judge(seen, seconds * 1000 * 10);
  },
};
