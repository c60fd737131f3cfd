/** The collector's disk is full, its PostgreSQL is restarted, killed, frozen: 503, the nodes keep everything, then all of it arrives once. */
import { runFull, TROUBLES, type FullRun } from "../full-run.ts";
import type { Row } from "../row.ts";
import { Samples } from "../samples.ts";

const NODES = 40;
const QUICK_NODES = 10;
const LASTS_MS = 15_000;
const QUICK_LASTS_MS = 4_000;
const TIMES = 5;

export const collectorFull: Row = {
  name: "collector-full",
  title: "disk full and PostgreSQL restarted at the collector: 503, nodes keep everything, then all arrives",
  async run(context) {
    const { quick, seed, directory, cli, progress } = context;
    const samples = new Samples<FullRun>(context);
    const left = samples.left(
      TROUBLES.map((trouble) => ({ trouble })),
      ({ trouble }) => trouble,
    );
    for (const { trouble } of left) {
      const size = { nodes: quick ? QUICK_NODES : NODES, lastsMs: quick ? QUICK_LASTS_MS : LASTS_MS, times: quick ? 1 : TIMES };
      const run = await runFull({ trouble, ...size, seed, directory: `${directory}/${trouble}`, cli });
      samples.add(run);
      progress(JSON.stringify(run));
    }
    return {
      samples: samples.all.length,
      figures: Object.fromEntries(samples.all.map((run) => [run.trouble, run])),
      bar: "only 200 and 503 with Retry-After (or a lost connection), and in the end every record there once, as it was told",
      passed: samples.all.length === TROUBLES.length && samples.all.every(({ faults }) => faults.length === 0),
    };
  },
};
