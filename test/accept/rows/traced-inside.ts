/**
 * How many bursts were traced while they lasted: three kinds with a bar, and the curve over durations and losses that shows where the limits are.
 * A burst of 0.3 s sends three probes, and five bad ones open an incident: there the curve begins at zero, by design.
 */
import { isTracedInside, whyNot } from "../burst-facts.ts";
import type { Row, RowContext, RowResult } from "../row.ts";
import { Samples } from "../samples.ts";
import { spread } from "../spread.ts";
import { round, roundInterval, seededRandom, wilson95, type Interval } from "../statistics.ts";

const BARS = [
  { durationS: 1, lossPct: 100, share: 0.99 },
  { durationS: 2, lossPct: 50, share: 0.98 },
  { durationS: 5, lossPct: 30, share: 0.95 },
] as const;
const BURSTS = 200;
const QUICK_BURSTS = 5;
const CURVE_DURATIONS_S = [0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10] as const;
const CURVE_LOSSES_PCT = [100, 50, 30] as const;
const CURVE_BURSTS = 20;

interface TracedSample {
  /** `curve` or `bar`: the points of the curve are bursts of their own. */
  readonly part: "bar" | "curve";
  readonly durationS: number;
  readonly lossPct: number;
  readonly number: number;
  readonly traced: boolean;
  readonly noticed: boolean;
  readonly why: string;
}

type Kind = Pick<TracedSample, "part" | "durationS" | "lossPct">;

export const tracedInside: Row = {
  name: "traced-inside",
  title: "bursts traced while they lasted: every hop before the fault answered a sweep before the rule was lifted",
  async run(context) {
    const samples = new Samples<TracedSample>(context);
    const random = seededRandom(context.seed + 2);
    const jobs = kindsOf(context).flatMap(({ count, ...kind }) =>
      Array.from({ length: count }, (_, number) => ({ ...kind, number, delayMs: random() * 100 })),
    );
    await spread(context, samples.left(jobs, keyOf), async (lab, { delayMs, ...job }) => {
      const fault = job.number % 2 === 0 ? "access" : "core";
      const run = await lab.burst({ fault, durationMs: job.durationS * 1000, perMille: job.lossPct * 10, delayMs });
      const sample: TracedSample = { ...job, traced: isTracedInside(run), noticed: run.incidents.length > 0, why: whyNot(run) };
      samples.add(sample);
      context.progress(`burst ${samples.all.length} of ${jobs.length}, ${job.durationS} s at ${job.lossPct} %: ${sample.why}`);
    });
    return judge(samples.all);
  },
};

function kindsOf(context: RowContext): readonly (Kind & { readonly count: number })[] {
  const bars = BARS.map(({ durationS, lossPct }) => ({ part: "bar" as const, durationS, lossPct, count: context.quick ? QUICK_BURSTS : BURSTS }));
  const curve = CURVE_DURATIONS_S.flatMap((durationS) =>
    CURVE_LOSSES_PCT.map((lossPct) => ({ part: "curve" as const, durationS, lossPct, count: context.quick ? 0 : CURVE_BURSTS })),
  );
  return [...bars, ...curve];
}

function keyOf(sample: Kind & { readonly number: number }): string {
  return `${sample.part} ${sample.durationS} ${sample.lossPct} ${sample.number}`;
}

export function judge(samples: readonly TracedSample[]): RowResult {
  const bars = BARS.map((bar) => {
    const mine = samples.filter((sample) => sample.part === "bar" && sample.durationS === bar.durationS && sample.lossPct === bar.lossPct);
    const traced = mine.filter((sample) => sample.traced).length;
    const interval: Interval = wilson95(traced, mine.length);
    return { name: `${bar.durationS} s at ${bar.lossPct} %`, bar, bursts: mine.length, traced, interval };
  });
  const curve = Object.fromEntries(
    CURVE_LOSSES_PCT.map((lossPct) => [
      `${lossPct} %`,
      Object.fromEntries(
        CURVE_DURATIONS_S.flatMap((durationS) => {
          const mine = samples.filter((sample) => sample.part === "curve" && sample.durationS === durationS && sample.lossPct === lossPct);
          return mine.length === 0 ? [] : [[`${durationS} s`, `${mine.filter((sample) => sample.traced).length}/${mine.length}`]];
        }),
      ),
    ]),
  );
  return {
    samples: samples.length,
    figures: {
      ...Object.fromEntries(bars.map(({ name, bursts, traced }) => [name, { bursts, traced, share: bursts === 0 ? null : round(traced / bursts) }])),
      missed: samples
        .filter((sample) => sample.part === "bar" && !sample.traced)
        .map((sample) => `${sample.durationS} s ${sample.lossPct} %: ${sample.why}`),
      curve,
    },
    bar: `${BARS.map((bar) => `${bar.durationS} s at ${bar.lossPct} %: ≥ ${bar.share * 100} %`).join("; ")} (upper end of the 95 % interval)`,
    passed: bars.every(({ bar, bursts, interval }) => bursts > 0 && interval[1] >= bar.share),
    interval95: Object.fromEntries(bars.map(({ name, interval }) => [name, roundInterval(interval)])),
  };
}
