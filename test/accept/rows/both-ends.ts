/** Two agents and three seconds of 60 % loss from the one to the other: how often both of them traced the path while it lasted. */
import { setTimeout as pause } from "node:timers/promises";
import { BothEndsLab, isTracedInside, type EndRun } from "../both-ends-lab.ts";
import type { Row } from "../row.ts";
import { byNumber, Samples } from "../samples.ts";
import { round, roundInterval, seededRandom, wilson95 } from "../statistics.ts";

const BURSTS = 100;
const QUICK_BURSTS = 5;
const DURATION_MS = 3_000;
const PER_MILLE = 600;
const BAR = 0.95;

interface BothEndsSample {
  readonly number: number;
  readonly there: boolean;
  readonly back: boolean;
  /** Traces of either end that the other had asked for. */
  readonly asked: number;
}

export const bothEnds: Row = {
  name: "both-ends",
  title: `both directions traced inside a burst of ${DURATION_MS / 1000} s in one of them, ${PER_MILLE / 10} % loss, between two agents`,
  async run(context) {
    const samples = new Samples<BothEndsSample>(context);
    const random = seededRandom(context.seed + 4);
    const jobs = Array.from({ length: context.quick ? QUICK_BURSTS : BURSTS }, (_, number) => ({ number, delayMs: random() * 100 }));
    const left = samples.left(jobs, byNumber);
    if (left.length > 0) {
      const lab = await BothEndsLab.open(context);
      try {
        for (const job of left) {
          const sample = await measure(lab, job);
          samples.add(sample);
          context.progress(`burst ${samples.all.length} of ${jobs.length}: there ${sample.there}, back ${sample.back}, ${sample.asked} asked for`);
        }
      } finally {
        await lab.close();
      }
    }
    const hits = samples.all.filter(({ there, back }) => there && back).length;
    const total = samples.all.length;
    const rate = total === 0 ? 0 : hits / total;
    return {
      samples: total,
      figures: {
        both: hits,
        there: samples.all.filter(({ there }) => there).length,
        back: samples.all.filter(({ back }) => back).length,
        rate: round(rate),
      },
      bar: `at least ${BAR * 100} % of the bursts`,
      passed: rate >= BAR,
      interval95: roundInterval(wilson95(hits, total)),
    };
  },
};

async function measure(lab: BothEndsLab, job: { readonly number: number; readonly delayMs: number }): Promise<BothEndsSample> {
  await pause(job.delayMs);
  const { offMs, ends } = await lab.burst({ direction: "everything", perMille: PER_MILLE, durationMs: DURATION_MS });
  return {
    number: job.number,
    there: isTracedInside(ends.a, offMs),
    back: isTracedInside(ends.b, offMs),
    asked: askedFor(ends.a) + askedFor(ends.b),
  };
}

function askedFor({ own, remote }: EndRun): number {
  return [...own, ...remote].filter((capture) => capture.askedBy !== null && capture.status !== "skipped").length;
}
