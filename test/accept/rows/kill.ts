/** The agent is killed at random moments around a burst: what it knew is on disk, nothing of it goes on, and the next one takes over. */
import { KillLab, type KillPlan, type KillRun } from "../kill-lab.ts";
import type { Row } from "../row.ts";
import { byNumber, Samples } from "../samples.ts";
import { seededRandom } from "../statistics.ts";

const KILLS = 50;
const QUICK_KILLS = 4;
/** Kills fall between half a second before the loss and four seconds after its beginning; it lasts two and a half. */
const FIRST_MS = -500;
const LAST_MS = 4_000;

export function killPlans(kills: number, seed: number): KillPlan[] {
  const random = seededRandom(seed);
  // One in each of as many equal parts of the time, so that few kills too cover it.
  return Array.from({ length: kills }, (_, index) => ({
    afterMs: Math.round(FIRST_MS + ((index + random()) / kills) * (LAST_MS - FIRST_MS)),
    hold: index % 2 === 1,
  }));
}

export const kill: Row = {
  name: "kill",
  title: "kill -9 of the agent around a burst: incident and every line older than 500 ms are there, interrupted; next start clean; no orphan",
  async run(context) {
    const plans = killPlans(context.quick ? QUICK_KILLS : KILLS, context.seed).map((plan, number) => ({ number, plan }));
    const samples = new Samples<KillRun & { readonly number: number }>(context);
    const lab = await KillLab.open({ directory: context.directory, cli: context.cli });
    try {
      for (const { number, plan } of samples.left(plans, byNumber)) {
        const run = await lab.kill(plan);
        samples.add({ number, ...run });
        context.progress(
          `kill ${samples.all.length}: ${run.killedAfterMs} ms after the loss began, ${run.sweepHops} hops and ${run.mtrLines} mtr answers, ${run.faults.join("; ") || "all there"}`,
        );
      }
    } finally {
      await lab.close();
    }
    const done = samples.all;
    const sum = (of: (run: KillRun) => number): number => done.reduce((total, run) => total + of(run), 0);
    return {
      samples: done.length,
      figures: {
        incidents_due: sum((run) => Number(run.due)),
        sweep_hops_due: sum((run) => run.sweepHops),
        mtr_answers_due: sum((run) => run.mtrLines),
        longest_orphan_ms: Math.max(...done.map((run) => run.orphanMs)),
        faulty: done.filter((run) => run.faults.length > 0).map((run) => [run.number, run.faults]),
      },
      bar: "every kill without a fault",
      passed: done.length === plans.length && done.every((run) => run.faults.length === 0),
    };
  },
};
