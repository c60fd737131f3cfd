/** What a probe costs the processor, the whole agent counted, beside fping on the same targets. */
import { join } from "node:path";
import { ensureSystemPackages } from "../../../packaging/system-packages.ts";
import { measureRound, type CpuSample } from "../../bench/cpu-round.ts";
import { ProbeLab } from "../../bench/probe-lab.ts";
import type { Row, RowResult } from "../row.ts";
import { Samples } from "../samples.ts";
import { percentile, round } from "../statistics.ts";

const ROUNDS = 3;
const SECONDS = 10;
const WARM_UP_MS = 10_000;
const QUICK = { rounds: 1, seconds: 5, warmUpMs: 5_000 } as const;

interface Case {
  readonly peers: number;
  readonly paced: boolean;
  /** Processor time per probe, as a multiple of fping's. */
  readonly ratio?: number;
  /** Per cent of one core. */
  readonly corePct?: number;
}

export const cases: readonly Case[] = [
  { peers: 100, paced: false, corePct: 4 },
  { peers: 600, paced: false, ratio: 1.6 },
  { peers: 1000, paced: false, ratio: 1.4 },
  { peers: 2000, paced: false, ratio: 1.2 },
  { peers: 600, paced: true, ratio: 0.6 },
];
const BAR =
  "processor time per probe beside fping -i 0 -b 64: 600 peers × 10 a second ≤ 1.6, 1000 ≤ 1.4, 2000 ≤ 1.2; beside fping -i 0.1: 600 ≤ 0.6; 100 peers ≤ 4 % of a core (medians)";

export const cpu: Row = {
  name: "cpu",
  title: "processor time of the whole agent per probe, beside fping on the same targets, in turns",
  async run(context) {
    if (ensureSystemPackages(["fping"]).missing.length > 0) throw new Error("Cannot compare: fping is not installed");
    const { rounds, seconds, warmUpMs } = context.quick ? QUICK : { rounds: ROUNDS, seconds: SECONDS, warmUpMs: WARM_UP_MS };
    const samples = new Samples<CpuSample>(context);
    const lab = await ProbeLab.open();
    try {
      for (const { peers, paced } of cases) {
        for (let done = of(samples.all, { peers, paced }).length; done < rounds; done++) {
          const directory = join(context.directory, `${peers}-${paced}-${done}`);
          const sample = await measureRound(lab, { peers, paced, directory, warmUpMs, seconds, cli: context.cli });
          samples.add(sample);
          context.progress(
            `${peers} peers${paced ? ", fping paced" : ""}: ${sample.agentUs.toFixed(1)} µs a probe, fping ${sample.fpingUs.toFixed(1)}, ratio ${sample.ratio.toFixed(2)}, ${sample.corePct.toFixed(2)} % of a core`,
          );
        }
      }
    } finally {
      await lab.close();
    }
    return judge(samples.all);
  },
};

export function judge(samples: readonly CpuSample[]): RowResult {
  const judged = cases.map((one) => {
    const some = of(samples, one);
    const median = (value: (sample: CpuSample) => number): number => round(percentile(some.map(value), 0.5), 2);
    const figures = {
      us_per_probe: median((sample) => sample.agentUs),
      fping_us: median((sample) => sample.fpingUs),
      ratio: median((sample) => sample.ratio),
      core_pct: median((sample) => sample.corePct),
    };
    const passed = some.length > 0 && figures.ratio <= (one.ratio ?? Infinity) && figures.core_pct <= (one.corePct ?? Infinity);
    return { key: `peers_${one.peers}${one.paced ? "_paced" : ""}`, figures, passed };
  });
  return {
    samples: samples.length,
    figures: Object.fromEntries(judged.map(({ key, figures, passed }) => [key, { ...figures, passed }])),
    bar: BAR,
    passed: judged.every(({ passed }) => passed),
  };
}

function of(samples: readonly CpuSample[], one: Pick<Case, "peers" | "paced">): CpuSample[] {
  return samples.filter((sample) => sample.peers === one.peers && sample.paced === one.paced);
}
