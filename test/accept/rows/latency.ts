/** How soon there is evidence of total loss: in memory, and on disk. */
import { firstHopMs, onDiskMs } from "../burst-facts.ts";
import type { Row, RowResult } from "../row.ts";
import { byNumber, Samples } from "../samples.ts";
import { spread } from "../spread.ts";
import { percentile, round, seededRandom } from "../statistics.ts";

const BURSTS = 100;
const QUICK_BURSTS = 10;
const DURATION_MS = 1_500;
/** Seconds. */
const BAR = { firstHop: { median: 0.25, p99: 0.6 }, onDisk: { median: 0.6, p99: 0.9 } } as const;

interface LatencySample {
  readonly number: number;
  readonly peer: string;
  /** ms; null: never. */
  readonly firstHopMs: number | null;
  readonly onDiskMs: number | null;
}

export const latency: Row = {
  name: "latency",
  title: "from the first lost packet to the first hop of evidence, and to the incident on disk",
  async run(context) {
    const samples = new Samples<LatencySample>(context);
    const random = seededRandom(context.seed);
    const jobs = Array.from({ length: context.quick ? QUICK_BURSTS : BURSTS }, (_, number) => ({
      number,
      plan: { fault: number % 2 === 0 ? ("access" as const) : ("core" as const), durationMs: DURATION_MS, perMille: 1000, delayMs: random() * 100 },
    }));
    const text = (ms: number | null): string => (ms === null ? "never" : `${Math.round(ms)} ms`);
    await spread(context, samples.left(jobs, byNumber), async (lab, { number, plan }) => {
      const run = await lab.burst(plan);
      const sample: LatencySample = { number, peer: run.peer, firstHopMs: firstHopMs(run), onDiskMs: onDiskMs(run) };
      samples.add(sample);
      context.progress(`burst ${samples.all.length}, ${sample.peer}: first hop ${text(sample.firstHopMs)}, on disk ${text(sample.onDiskMs)}`);
    });
    return judge(samples.all);
  },
};

export function judge(samples: readonly Pick<LatencySample, "firstHopMs" | "onDiskMs">[]): RowResult {
  const figures = (of: (sample: Pick<LatencySample, "firstHopMs" | "onDiskMs">) => number | null): Record<string, number | null> => {
    const seconds = samples.map((sample) => (of(sample) ?? Infinity) / 1000);
    const rounded = (value: number): number | null => (Number.isFinite(value) ? round(value) : null);
    const missing = seconds.filter((value) => !Number.isFinite(value)).length;
    return {
      min_s: rounded(Math.min(...seconds)),
      median_s: rounded(percentile(seconds, 0.5)),
      p99_s: rounded(percentile(seconds, 0.99)),
      max_s: rounded(Math.max(...seconds)),
      missing,
    };
  };
  const firstHop = figures((sample) => sample.firstHopMs);
  const onDisk = figures((sample) => sample.onDiskMs);
  const within = (value: number | null | undefined, bar: number): boolean => value !== null && value !== undefined && value <= bar;
  return {
    samples: samples.length,
    figures: { first_hop: firstHop, on_disk: onDisk },
    bar: `first hop received: median ≤ ${BAR.firstHop.median} s, p99 ≤ ${BAR.firstHop.p99} s; on disk: median ≤ ${BAR.onDisk.median} s, p99 ≤ ${BAR.onDisk.p99} s`,
    passed:
      samples.length > 0 &&
      within(firstHop["median_s"], BAR.firstHop.median) &&
      within(firstHop["p99_s"], BAR.firstHop.p99) &&
      within(onDisk["median_s"], BAR.onDisk.median) &&
      within(onDisk["p99_s"], BAR.onDisk.p99),
  };
}
