/**
 * Thin loss that lasts: 10 % of what goes to a peer for a minute. Ten peers on ten links at a time, each with drops of its own.
 *
 * The truth is counted by nft beside the rule, in the same router: probes that came to be forwarded while it was on, and those that were not forwarded. Probes
 * are told from traces, which are dropped too, by their length and by a TTL that no trace has.
 */
import type { Lab } from "../../netns/lab.ts";
import { setTimeout as pause } from "node:timers/promises";
import type { BurstLab } from "../burst-lab.ts";
import type { Row, RowResult } from "../row.ts";
import { Samples } from "../samples.ts";
import { PEERS, spread } from "../spread.ts";
import { accessRouter, INTERVAL_MS } from "../star.ts";
import { round, roundInterval, wilson95 } from "../statistics.ts";

const ROUNDS = 4;
const LOSS_PER_MILLE = 100;
const LASTS_MS = 60_000;
const QUICK_LASTS_MS = 30_000;
const BAR_SHARE = 0.95;
const BAR_POINTS = 3;
/** 64 bytes of payload, 8 of ICMP, 20 of IPv4; traces have a TTL of 34 at most, probes start at 64. */
const PROBE = "ip length 92 ip ttl > 40 icmp type echo-request";

export interface ThinLossSample {
  readonly round: number;
  readonly peer: string;
  readonly bursts: number;
  /** Percent. */
  readonly reportedPct: number | null;
  readonly droppedPct: number;
}

export const tenPercent: Row = {
  name: "ten-percent",
  title: "10 % loss for 60 s is one burst, and its loss is what was dropped",
  async run(context) {
    const samples = new Samples<ThinLossSample>(context);
    const jobs = Array.from({ length: context.quick ? 1 : ROUNDS }, (_, number) => ({ round: number }));
    const left = samples.left(jobs, (one) => one.round);
    await spread(context, left, async (lab, job) => {
      const seen = await thinLoss(lab, { ...job, perMille: LOSS_PER_MILLE, lastsMs: context.quick ? QUICK_LASTS_MS : LASTS_MS });
      for (const sample of seen) samples.add(sample);
      const text = seen.map(({ bursts, reportedPct, droppedPct }) => `${bursts}: ${reportedPct?.toFixed(1) ?? "-"} of ${droppedPct.toFixed(1)}`);
      context.progress(`round ${job.round + 1}, bursts and percent reported of dropped: ${text.join(", ")}`);
    });
    return judge(samples.all, PEERS * jobs.length);
  },
};

/** One round: every peer of the laboratory at once. */
export async function thinLoss(
  burstLab: BurstLab,
  { round: number, perMille, lastsMs }: { readonly round: number; readonly perMille: number; readonly lastsMs: number },
): Promise<readonly ThinLossSample[]> {
  const { lab, view, peers } = burstLab;
  await burstLab.rested(peers);
  const meters = await Promise.all(peers.map((peer) => countProbes(lab, accessRouter(peer), lab.address(peer))));
  const measured = await Promise.all(
    peers.map(async (peer, index) => {
      const meter = meters[index] as ProbeMeter;
      const rule = await lab.dropOn(accessRouter(peer), { to: lab.address(peer), perMille });
      const before = await meter();
      await pause(lastsMs - (Date.now() - rule.switchedOnMs));
      await rule.lift();
      const after = await meter();
      const offered = after.offered - before.offered;
      return { peer, sinceMs: rule.switchedOnMs - INTERVAL_MS, droppedPct: (100 * (offered - (after.forwarded - before.forwarded))) / offered };
    }),
  );
  await burstLab.closed(measured.map(({ peer, sinceMs }) => ({ peer, sinceMs, atLeast: 0 })));
  return measured.map(({ peer, sinceMs, droppedPct }) => {
    const bursts = view.incidents(peer, sinceMs).flatMap((incident) => incident.bursts);
    const sent = bursts.reduce((sum, burst) => sum + burst.sent - burst.blind, 0);
    const lost = bursts.reduce((sum, burst) => sum + burst.lost, 0);
    return { round: number, peer, bursts: bursts.length, reportedPct: sent === 0 ? null : (100 * lost) / sent, droppedPct };
  });
}

export function judge(samples: readonly ThinLossSample[], wanted: number): RowResult {
  const one = samples.filter((sample) => sample.bursts === 1).length;
  const errors = samples.flatMap(({ reportedPct, droppedPct }) => (reportedPct === null ? [] : [Math.abs(reportedPct - droppedPct)]));
  const good = samples.filter(
    ({ bursts, reportedPct, droppedPct }) => bursts === 1 && reportedPct !== null && Math.abs(reportedPct - droppedPct) <= BAR_POINTS,
  ).length;
  const interval = wilson95(good, samples.length);
  return {
    samples: samples.length,
    figures: {
      good,
      one_burst: one,
      bursts: Object.fromEntries(
        Array.from(
          Map.groupBy(samples, (sample) => sample.bursts),
          ([bursts, group]) => [bursts, group.length],
        ),
      ),
      within_points: errors.filter((error) => error <= BAR_POINTS).length,
      worst_error_points: round(Math.max(0, ...errors)),
      truth: "counted by nft in the router that drops",
      dropped_pct: [round(Math.min(...samples.map((sample) => sample.droppedPct))), round(Math.max(...samples.map((sample) => sample.droppedPct)))],
    },
    bar: `one burst, and its loss reported within ± ${BAR_POINTS} points of what was dropped, in ≥ ${BAR_SHARE * 100} % of seeds (upper end of the 95 % interval)`,
    passed: samples.length === wanted && interval[1] >= BAR_SHARE,
    interval95: roundInterval(interval),
  };
}

type ProbeMeter = () => Promise<{ readonly offered: number; readonly forwarded: number }>;

/** Counts probes to an address before and behind the loss rule (priority -150) of a router. */
async function countProbes(lab: Lab, machine: string, address: string): Promise<ProbeMeter> {
  const nft = async (argv: readonly string[], input = ""): Promise<string> => {
    const done = await lab.exec(machine, ["nft", ...argv], { input });
    if (done.code !== 0) throw new Error(`Cannot count probes in ${machine}: ${done.stderr.trim()}`);
    return done.stdout;
  };
  const chain = (name: string, priority: number): string =>
    `counter ${name} {}\nchain count_${name} { type filter hook forward priority ${priority}; ip daddr ${address} ${PROBE} counter name ${name}; }`;
  await nft(["-f", "-"], `table inet probes {\n${chain("offered", -160)}\n${chain("forwarded", -140)}\n}\n`);
  return async () => {
    const listing = await nft(["list", "counters", "table", "inet", "probes"]);
    const read = (name: string): number => Number(new RegExp(`counter ${name} \\{\\s*packets (\\d+)`).exec(listing)?.[1]);
    return { offered: read("offered"), forwarded: read("forwarded") };
  };
}
