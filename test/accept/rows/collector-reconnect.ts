/** After an outage all nodes come back at the same moment: what is important first, without drowning the collector. */
import { openCollectorRows } from "../collector-rows.ts";
import { openCollectorLab, STORES, type StoreKind } from "../collector-lab.ts";
import { startCrowd } from "../node-simulator.ts";
import type { Row } from "../row.ts";
import { Samples } from "../samples.ts";
import type { NodeOutcome, NodePlan } from "../simulated-node.ts";
import { stockOf } from "../simulated-records.ts";
import { LANES } from "../../../src/sync/wire.ts";
import { percentile, round } from "../statistics.ts";

const NODES = 2_000;
const QUICK_NODES = 200;
const HEADS_S = 30;
const MAX_BYTES = 400e6;
/** A node of the fleet told 256 kB: two incidents with their evidence, one without, and 130 minutes of rollups. */
const BACKLOG = { incidents: 3, withEvidence: 2, rollups: 130 } as const;
const RUN_MS = 900_000;
/** Compared record by record; of the others the number. */
const COMPARED = 40;

export interface Reconnect {
  readonly store: StoreKind;
  readonly nodes: number;
  /** From the start to the last head of each node, seconds; the longest is null when some never came. */
  readonly headsS: { readonly median: number; readonly longest: number | null };
  readonly allS: number | null;
  readonly memoryMb: { readonly before: number; readonly most: number };
  readonly processorS: number;
  /** By how much the simulated nodes themselves were late, at worst. */
  readonly simulationLateMs: number;
  /** Of all requests, by status code or failure. */
  readonly answers: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

export async function reconnect(options: {
  readonly store: StoreKind;
  readonly nodes: number;
  readonly seed: number;
  readonly directory: string;
  readonly cli?: string;
  readonly forMs?: number;
}): Promise<Reconnect> {
  const { store, nodes, seed, forMs = RUN_MS } = options;
  const lab = await openCollectorLab(options);
  try {
    const { collector } = lab;
    const names = Array.from({ length: nodes }, (_, index) => `node-${String(index).padStart(4, "0")}`);
    const tokens = collector.addNodes(names);
    const nowMs = Date.now();
    const plans = names.map((name, index): NodePlan => ({
      name,
      seed: seed * 10_000 + index,
      nowMs,
      ...BACKLOG,
      token: tokens.get(name) ?? "",
      paced: true,
    }));
    const crowd = await startCrowd(collector.address, plans);
    try {
      // The list of tokens is read again with the first request after a second.
      await lab.settle();
      const before = collector.memory().nowBytes;
      const outcomes = await crowd.run(forMs);
      const faults = outcomes.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`));
      if (!collector.isRunning) faults.push(`the collector ended: ${collector.log.slice(-2).join(" | ")}`);
      faults.push(...(await missing(collector.store, plans)));
      const heads = outcomes.map(({ headsMs }) => headsMs);
      const all = outcomes.map(({ allMs }) => allMs);
      const done = heads.filter((ms) => ms !== null);
      return {
        store,
        nodes,
        headsS: { median: seconds(percentile(done, 0.5)) ?? Number.NaN, longest: heads.includes(null) ? null : seconds(Math.max(...done)) },
        allS: all.includes(null) ? null : seconds(Math.max(...all.filter((ms) => ms !== null))),
        memoryMb: { before: round(before / 1e6, 1), most: collector.isRunning ? round(collector.memory().mostBytes / 1e6, 1) : Number.NaN },
        processorS: collector.isRunning ? round(collector.processorMs() / 1_000, 1) : Number.NaN,
        simulationLateMs: crowd.lateMs,
        answers: sum(outcomes),
        faults: faults.slice(0, 20),
      };
    } finally {
      crowd.close();
    }
  } finally {
    await lab.close();
  }
}

/** What is not in the database as it was told. */
async function missing(store: string, plans: readonly NodePlan[]): Promise<string[]> {
  const rows = openCollectorRows(store);
  try {
    const counts = await rows.counts();
    const wrong = plans.flatMap((plan) => {
      const stock = stockOf(plan);
      const due = LANES.reduce<number>((total, lane) => total + stock.last(lane), 0);
      const there = counts.get(plan.name) ?? 0;
      return there === due ? [] : [`${plan.name}: ${there} of ${due} records are stored`];
    });
    const every = Math.max(1, Math.floor(plans.length / COMPARED));
    for (const plan of plans.filter((_, index) => index % every === 0)) wrong.push(...(await rows.differences(plan)));
    return wrong;
  } finally {
    await rows.close();
  }
}

function sum(outcomes: readonly NodeOutcome[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const { answers } of outcomes) for (const [what, count] of Object.entries(answers)) total[what] = (total[what] ?? 0) + count;
  return total;
}

function seconds(ms: number): number | null {
  return Number.isFinite(ms) ? round(ms / 1_000, 1) : null;
}

function isGood(run: Reconnect): boolean {
  const { headsS, allS, memoryMb, faults } = run;
  return headsS.longest !== null && headsS.longest <= HEADS_S && allS !== null && memoryMb.most * 1e6 <= MAX_BYTES && faults.length === 0;
}

export const collectorReconnect: Row = {
  name: "collector-reconnect",
  title: `${NODES} simulated nodes reconnect at once after an outage: all heads in ≤ ${HEADS_S} s, memory ≤ 400 MB, no 5xx but 503 with Retry-After`,
  async run(context) {
    const nodes = context.quick ? QUICK_NODES : NODES;
    const samples = new Samples<Reconnect>(context);
    for (const store of samples
      .left(
        STORES.map((one) => ({ store: one })),
        (one) => one.store,
      )
      .map((one) => one.store)) {
      const { seed, cli } = context;
      const run = await reconnect({ store, nodes, seed, cli, directory: `${context.directory}/${store}` });
      samples.add(run);
      context.progress(
        `${store}: heads ${run.headsS.longest} s, all ${run.allS} s, ${run.memoryMb.most} MB, ${JSON.stringify(run.answers)} ${run.faults.slice(0, 3).join("; ")}`,
      );
    }
    return {
      samples: samples.all.length,
      figures: Object.fromEntries(samples.all.map((run) => [run.store, run])),
      bar: `heads of all nodes ≤ ${HEADS_S} s, most memory ≤ ${MAX_BYTES / 1e6} MB, only 200 and 503 with Retry-After, then every record there once, on both stores`,
      passed: samples.all.length === STORES.length && samples.all.every(isGood),
    };
  },
};
