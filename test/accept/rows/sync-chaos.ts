/** Whether anything that a node has stored is lost or doubled on its way to the centre, whatever is done to both and to what they say. */
import { join } from "node:path";
import { startPostgres } from "../../contract/postgres.ts";
import type { Row } from "../row.ts";
import { Samples } from "../samples.ts";
import { chaos, type ChaosRun } from "../sync/chaos.ts";

const KILLS = 200;
const QUICK_KILLS = 15;
const STORES = ["sqlite", "postgres"] as const;

export const syncChaos: Row = {
  name: "sync-chaos",
  title:
    "agent and collector killed at random, deliveries spoiled, evidence evicted, an old copy put back: nothing lost, nothing doubled, on both stores",
  async run(context) {
    const samples = new Samples<ChaosRun & { readonly kind: string }>(context);
    const kills = context.quick ? QUICK_KILLS : KILLS;
    for (const { kind } of samples.left(
      STORES.map((one) => ({ kind: one })),
      (one) => one.kind,
    )) {
      const postgres = kind === "postgres" ? await startPostgres() : null;
      try {
        const run = await chaos({
          kills,
          seed: context.seed,
          directory: join(context.directory, kind),
          cli: context.cli,
          store: postgres === null ? undefined : await postgres.socketDatabase("chaos"),
          progress: (line) => context.progress(`${kind}: ${line}`),
        });
        samples.add({ kind, ...run });
        context.progress(
          `${kind}: ${run.incidents} incidents, ${run.rows} rows, ${run.rollups} rollups compared; ${run.faults[0] ?? "all there, once"}`,
        );
      } finally {
        await postgres?.stop();
      }
    }
    const done = samples.all;
    return {
      samples: done.reduce((sum, run) => sum + run.agentKills + run.collectorKills, 0),
      figures: Object.fromEntries(done.map(({ kind, ...run }) => [kind, run])),
      bar: "0 lost, 0 doubled",
      passed: done.length === STORES.length && done.every(({ faults, incidents }) => faults.length === 0 && incidents > 0),
    };
  },
};
