/** Whatever is sent to the collector: it goes on, does not grow, says no clearly, and lets nobody write what is another's. */
import { STORES } from "../collector-lab.ts";
import { beHostile, type HostileRun } from "../hostile-run.ts";
import type { Row } from "../row.ts";
import { Samples } from "../samples.ts";

/** In all, half of them to each store. */
const BODIES = 1_000_000;
const QUICK_BODIES = 40_000;
const SLOW_SENDERS = 200;
const HONEST_MS = 2_000;
/** V8 takes and gives back by such steps. */
const MAX_GROWTH_MB = 48;

export function isHeld(run: HostileRun): boolean {
  return run.faults.length === 0 && run.honest.slowestMs <= HONEST_MS && run.memoryMb.end - run.memoryMb.tenth <= MAX_GROWTH_MB;
}

export const collectorHostile: Row = {
  name: "collector-hostile",
  title: "10⁶ fuzzed bodies, bombs, endless and slow senders, tricks, another node's name: no crash, no growth, no foreign write, clear 4xx",
  async run(context) {
    const { quick, seed, directory, cli, progress } = context;
    const bodies = (quick ? QUICK_BODIES : BODIES) / STORES.length;
    const samples = new Samples<HostileRun>(context);
    const left = samples.left(
      STORES.map((store) => ({ store })),
      ({ store }) => store,
    );
    for (const { store } of left) {
      const run = await beHostile({
        store,
        bodies,
        slow: SLOW_SENDERS,
        bombs: quick ? 1 : 10,
        halves: quick ? 100 : 2_000,
        tricksEvery: quick ? 10 : 1,
        atOnce: false,
        seed,
        directory: `${directory}/${store}`,
        cli,
        progress,
      });
      samples.add(run);
      progress(JSON.stringify(run));
    }
    return {
      samples: samples.all.reduce((sum, run) => sum + run.bodies, 0),
      figures: Object.fromEntries(samples.all.map((run) => [run.store, run])),
      bar: `no fault, honest deliveries ≤ ${HONEST_MS} ms, memory at the end ≤ ${MAX_GROWTH_MB} MB above that after a tenth`,
      passed: samples.all.length === STORES.length && samples.all.every(isHeld),
    };
  },
};
