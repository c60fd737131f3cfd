/** Whether every slot is used and nothing is lost by us, up to fifty thousand probes a second, the start included. */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ProbeLab, type Totals } from "../../bench/probe-lab.ts";
import type { Row, RowResult } from "../row.ts";
import { Samples } from "../samples.ts";
import { round } from "../statistics.ts";

const SIZES: readonly number[] = [600, 1000, 2000, 5000];
const SECONDS = 60;
const QUICK_SECONDS = 10;
const WARM_UP_MS = 5_000;
const SENT_SHARE = 0.999;

interface SlotsSample extends Totals {
  readonly peers: number;
  /** Counted by the far kernel while nothing starts or ends. */
  readonly perSecond: number;
}

export const slots: Row = {
  name: "slots",
  title: "600 to 5,000 peers ten times a second: no probe lost, every slot used",
  async run(context) {
    const samples = new Samples<SlotsSample>(context);
    const jobs = SIZES.map((peers) => ({ peers }));
    const during = (): Promise<void> => pause((context.quick ? QUICK_SECONDS : SECONDS) * 1000);
    const lab = await ProbeLab.open();
    try {
      for (const { peers } of samples.left(jobs, (one) => one.peers)) {
        const directory = join(context.directory, String(peers));
        const { window, totals } = await lab.agent({ peers, directory, warmUpMs: WARM_UP_MS, during, cli: context.cli });
        const sample: SlotsSample = { peers, perSecond: Math.round(window.probes / window.seconds), ...totals };
        samples.add(sample);
        context.progress(
          `${peers} peers: ${sample.perSecond} probes a second, ${sample.lost} lost, ${(sample.sentShare * 100).toFixed(3)} % of slots sent`,
        );
      }
    } finally {
      await lab.close();
    }
    return judge(samples.all);
  },
};

export function judge(samples: readonly SlotsSample[]): RowResult {
  const figure = ({ perSecond, sent, lost, blind, incidents, sentShare }: SlotsSample): Readonly<Record<string, number>> => ({
    per_second: perSecond,
    sent,
    lost,
    blind,
    incidents,
    slots_sent_pct: round(sentShare * 100),
  });
  return {
    samples: samples.length,
    figures: Object.fromEntries(samples.map((sample) => [`peers_${sample.peers}`, figure(sample)])),
    bar: "lost 0 and ≥ 99.9 % of the slots sent at 600, 1000, 2000 and 5000 peers × 10 a second",
    passed: SIZES.every((size) => samples.some((sample) => sample.peers === size && sample.lost === 0 && sample.sentShare >= SENT_SHARE)),
  };
}
