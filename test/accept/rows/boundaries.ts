/** How well the boundaries of a burst of total loss match the moments at which the loss was switched on and off. */
import { boundaryErrors } from "../burst-facts.ts";
import type { Row, RowResult } from "../row.ts";
import { byNumber, Samples } from "../samples.ts";
import { spread } from "../spread.ts";
import { INTERVAL_MS } from "../star.ts";
import { percentile, round, seededRandom } from "../statistics.ts";

const BURSTS = 60;
const QUICK_BURSTS = 8;
const SHORTEST_MS = 700;
const LONGEST_MS = 4_000;
const BAR_MS = 2 * INTERVAL_MS;

interface BoundarySample {
  readonly number: number;
  readonly durationMs: number;
  readonly switchErrorMs: number;
  /** After the rule was switched on, and lifted; null when there was not exactly one burst. */
  readonly startMs: number | null;
  readonly endMs: number | null;
}

export const boundaries: Row = {
  name: "boundaries",
  title: "boundaries of a burst at 100 % loss against the moments the rule was switched",
  async run(context) {
    const samples = new Samples<BoundarySample>(context);
    const random = seededRandom(context.seed + 1);
    const jobs = Array.from({ length: context.quick ? QUICK_BURSTS : BURSTS }, (_, number) => ({
      number,
      plan: {
        fault: "access" as const,
        durationMs: Math.round(SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS)),
        perMille: 1000,
        delayMs: random() * INTERVAL_MS,
      },
    }));
    await spread(context, samples.left(jobs, byNumber), async (lab, { number, plan }) => {
      const run = await lab.burst(plan);
      const errors = boundaryErrors(run);
      samples.add({
        number,
        durationMs: plan.durationMs,
        switchErrorMs: run.switchErrorMs,
        startMs: errors?.startMs ?? null,
        endMs: errors?.endMs ?? null,
      });
      const text =
        errors === null ? "not one burst" : `began ${Math.round(errors.startMs)} ms, ended ${Math.round(errors.endMs)} ms after the switch`;
      context.progress(`burst ${samples.all.length}, ${plan.durationMs} ms: ${text}`);
    });
    return judge(samples.all);
  },
};

export function judge(samples: readonly Pick<BoundarySample, "startMs" | "endMs" | "switchErrorMs">[]): RowResult {
  const figures = (errors: readonly (number | null)[]): Record<string, number | null> => {
    const known = errors.filter((error) => error !== null).map(Math.round);
    const worst = percentile(known.map(Math.abs), 1);
    return {
      min_ms: Math.min(...known),
      median_ms: percentile(known, 0.5),
      max_ms: Math.max(...known),
      worst_ms: Number.isNaN(worst) ? null : worst,
    };
  };
  const within = (error: number | null): boolean => error !== null && Math.abs(error) <= BAR_MS;
  const hits = samples.filter((sample) => within(sample.startMs) && within(sample.endMs)).length;
  return {
    samples: samples.length,
    figures: {
      within: hits,
      not_one_burst: samples.filter((sample) => sample.startMs === null).length,
      start: figures(samples.map((sample) => sample.startMs)),
      end: figures(samples.map((sample) => sample.endMs)),
      switch_error_max_ms: round(Math.max(0, ...samples.map((sample) => sample.switchErrorMs)), 1),
    },
    bar: `each start and end within ${BAR_MS} ms (two intervals) of the switch`,
    passed: samples.length > 0 && hits === samples.length,
  };
}
