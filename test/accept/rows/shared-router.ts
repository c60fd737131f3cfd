/**
 * Three peers lost together behind one router: the routers before the fault are healthy and must look it, although three incidents ask them at once. What is
 * judged is the text of the report, line by line, and that it was one event.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Report } from "../../../src/report/report.ts";
import type { BurstLab } from "../burst-lab.ts";
import type { Row, RowResult } from "../row.ts";
import { byNumber, Samples } from "../samples.ts";
import { spread } from "../spread.ts";
import { INTERVAL_MS } from "../star.ts";
import { roundInterval, seededRandom, wilson95 } from "../statistics.ts";

const OUTAGES = 24;
const QUICK_OUTAGES = 3;
const PEERS_LOST = 3;
const KINDS = [
  { durationMs: 3_000, perMille: 1000 },
  { durationMs: 10_000, perMille: 1000 },
  { durationMs: 10_000, perMille: 500 },
  { durationMs: 25_000, perMille: 1000 },
] as const;
const BAR_LOSS_PCT = 10;
/** After the start of the laboratory, and after the last incident closed, until the routers and the budget have recovered. */
const RECOVERY_MS = 5_000;

export interface OutagePlan {
  readonly peers: readonly string[];
  readonly durationMs: number;
  readonly perMille: number;
}

export interface OutageSample {
  readonly number: number;
  readonly durationMs: number;
  readonly lossPct: number;
  readonly incidents: number;
  readonly events: number;
  /** Lines of phase tables that show a router before the fault, and the largest loss in one of them. */
  readonly lines: number;
  readonly worstPct: number;
  /** Of the lines above the bar. */
  readonly bad: readonly string[];
}

export const sharedRouter: Row = {
  name: "shared-router",
  title: "three peers behind one router lost together: the hops before the fault look healthy, and it is one event",
  async run(context) {
    const samples = new Samples<OutageSample>(context);
    const random = seededRandom(context.seed + 3);
    const count = context.quick ? QUICK_OUTAGES : OUTAGES;
    const jobs = Array.from({ length: count }, (_, number) => ({
      number,
      first: random(),
      ...(KINDS[number % KINDS.length] as (typeof KINDS)[number]),
    }));
    await spread(context, samples.left(jobs, byNumber), async (lab, { number, first, durationMs, perMille }) => {
      const start = Math.floor(first * lab.peers.length);
      const peers = Array.from({ length: PEERS_LOST }, (_, index) => lab.peers[(start + index) % lab.peers.length] as string);
      await pause(RECOVERY_MS);
      const sample = { number, ...(await outage(lab, { peers, durationMs, perMille })) };
      samples.add(sample);
      const bad = sample.bad.length === 0 ? "" : `\n  ${sample.bad.join("\n  ")}`;
      context.progress(
        `outage ${samples.all.length}, ${durationMs / 1000} s at ${perMille / 10} %: ${sample.incidents} incidents, ${sample.events} event, ` +
          `${sample.lines} lines of hops before the fault, at most ${sample.worstPct} % loss${bad}`,
      );
    });
    return judge(samples.all, count);
  },
};

/** Everything to these peers is dropped by `r2`, the router they share. */
export async function outage(burstLab: BurstLab, plan: OutagePlan): Promise<Omit<OutageSample, "number">> {
  const { lab, agent } = burstLab;
  await burstLab.rested(plan.peers);
  const rules = await Promise.all(plan.peers.map((peer) => lab.dropOn("r2", { to: lab.address(peer), perMille: plan.perMille })));
  const sinceMs = Math.min(...rules.map((rule) => rule.switchedOnMs)) - INTERVAL_MS;
  await pause(plan.durationMs);
  await Promise.all(rules.map((rule) => rule.lift()));
  await burstLab.closed(plan.peers.map((peer) => ({ peer, sinceMs, atLeast: 1 })));
  const since = ["--since", new Date(sinceMs).toISOString()];
  const report = JSON.parse(await agent.report(...since, "--format", "json")) as Report;
  const [firstPeer = ""] = plan.peers;
  const lines = hopLines(await agent.report(...since), lab.hopAddresses("node", firstPeer).slice(0, 2));
  return {
    durationMs: plan.durationMs,
    lossPct: plan.perMille / 10,
    incidents: report.incidents.length,
    events: report.events.length,
    lines: lines.length,
    worstPct: Math.max(0, ...lines.map((line) => line.lossPct)),
    bad: lines.filter((line) => line.lossPct > BAR_LOSS_PCT).map((line) => line.text),
  };
}

/** The lines of phase tables that show one of these addresses; a line that nothing was sent for claims no loss. */
function hopLines(text: string, addresses: readonly string[]): readonly { readonly text: string; readonly lossPct: number }[] {
  let phase = "";
  return text.split("\n").flatMap((line) => {
    phase = /^ {2}(BEFORE|DURING|AFTER) /.exec(line)?.[1] ?? phase;
    const [, address = "", loss = ""] = /^\s*\d+\.\|-- (\S+)\s+([\d.]+)%/.exec(line) ?? [];
    return addresses.includes(address) ? [{ text: `${phase} ${line.trim()}`, lossPct: Number(loss) }] : [];
  });
}

export function judge(samples: readonly OutageSample[], wanted: number): RowResult {
  const good = samples.filter((sample) => sample.bad.length === 0 && sample.events === 1 && sample.incidents === PEERS_LOST && sample.lines > 0);
  return {
    samples: samples.length,
    figures: {
      as_wanted: good.length,
      one_event: samples.filter((sample) => sample.events === 1).length,
      three_incidents: samples.filter((sample) => sample.incidents === PEERS_LOST).length,
      lines: samples.reduce((sum, sample) => sum + sample.lines, 0),
      worst_pct: Math.max(0, ...samples.map((sample) => sample.worstPct)),
      bad: samples.flatMap((sample) => sample.bad.map((line) => `${sample.durationMs / 1000} s at ${sample.lossPct} %: ${line}`)),
    },
    bar: `no rendered hop before the fault above ${BAR_LOSS_PCT} % loss in any phase table, one event; in each`,
    passed: samples.length === wanted && good.length === wanted,
    interval95: roundInterval(wilson95(good.length, samples.length)),
  };
}
