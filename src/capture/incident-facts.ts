/** What is known of an incident → the facts that its verdict rests on. Pure. */
import type { BurstCount } from "../detect/burst-count.ts";
import type { Incident } from "../detect/incident.ts";
import { incidentKind } from "../detect/incident.ts";
import { faultSegment } from "../path/fault-segment.ts";
import type { SweepHop } from "../path/hop.ts";
import { sweepHops } from "../path/sweep.ts";
import type { Count, HearingFacts, IncidentFacts } from "../verdict/facts.ts";

const RAN_SHARE = 0.5;

/** Routers of a path in order, silent ones as null. */
export type RouterPath = readonly (string | null)[];

export interface IncidentEvidence {
  readonly incident: Incident;
  readonly labels: Readonly<Record<string, string>>;
  /** Our own address towards the peer. */
  readonly self: string | null;
  /** Sweeps of the bursts. */
  readonly sweeps: readonly (readonly SweepHop[])[];
  /** Cycles of the mtr runs in the bursts. */
  readonly cycles: readonly (readonly SweepHop[])[];
  readonly path: RouterPath | null;
  /** How often each of its routers answers while all is well; null without a baseline. */
  readonly replyRates: readonly (number | null)[] | null;
  /** What the flow of `pathNow` took before. */
  readonly pathBefore: RouterPath | null;
  /** The last other path that was seen since the burst began, as far as it was seen; null when none was. */
  readonly pathNow: RouterPath | null;
  readonly replyTtlChanged: { readonly before: number; readonly now: number } | null;
}

export function incidentFacts(evidence: IncidentEvidence): IncidentFacts {
  const { incident, path, pathBefore, pathNow, sweeps } = evidence;
  const sum = (of: (burst: Incident["bursts"][number]) => number): number => incident.bursts.reduce((total, burst) => total + of(burst), 0);
  const sent = sum(({ count }) => count.sent);
  const lost = sum(({ count }) => count.lost);
  const blind = sum(({ count }) => count.blind);
  const pending = sum(({ count }) => count.pending);
  const judged = sent - blind;
  return {
    id: incident.id,
    peer: incident.peer,
    address: incident.address,
    labels: evidence.labels,
    startedMs: incident.startedMs,
    endedMs: incident.endedMs,
    bursts: incident.bursts.length,
    sent,
    lost,
    brownout: incidentKind(incident) === "brownout",
    late: sum(({ count }) => count.late),
    slow: sum(({ count }) => count.slow),
    pending,
    sendFailed: sum(({ count }) => count.sendFailed),
    blind,
    flows: flows(incident),
    hearing: hearing(incident),
    segment: faultSegment({
      target: incident.address,
      self: evidence.self,
      sweeps,
      cycles: evidence.cycles,
      path,
      replyRates: evidence.replyRates,
      loss: judged > 0 ? (lost + pending) / judged : 0,
    }),
    path,
    pathChanged: pathBefore !== null && pathNow !== null && differs(pathBefore, pathNow) ? { before: pathBefore, now: pathNow } : null,
    replyTtlChanged: evidence.replyTtlChanged,
    freshId: add(incident.bursts.map((burst) => burst.freshId)),
  };
}

/** The routers of a sweep that reached its target; null for one that did not. */
export function routersOf(hops: readonly SweepHop[], target: string): RouterPath | null {
  const { pathLength } = sweepHops(hops, target);
  if (pathLength === null) return null;
  const at = new Map(hops.map((hop) => [hop.ttl, hop.answer?.address ?? null]));
  return Array.from({ length: pathLength - 1 }, (_, index) => at.get(index + 1) ?? null);
}

/** What a sweep that did not reach its target saw of a path that is so long. */
export function routersUpTo(hops: readonly SweepHop[], length: number): RouterPath {
  const at = new Map(hops.map(({ ttl, answer }) => [ttl, answer?.kind === "time-exceeded" ? answer.address : null]));
  return Array.from({ length }, (_, index) => at.get(index + 1) ?? null);
}

/**
 * Another router where both are known, a router where the target was, or the target where a router was. A hop that was silent once is no change, nor is silence
 * up to the target: with packets being lost it may just have answered late.
 */
export function differs(before: RouterPath, now: RouterPath): boolean {
  const another = before.some((hop, index) => hop !== null && (now[index] ?? null) !== null && now[index] !== hop);
  const longer = now.some((hop, index) => hop !== null && index >= before.length && before.at(-1) !== null);
  const shorter = before.some((hop, index) => hop !== null && index >= now.length);
  return another || longer || shorter;
}

function flows(incident: Incident): Count[] {
  const totals: { sent: number; lost: number }[] = [];
  for (const { count } of incident.bursts) {
    count.flowSent.forEach((sent, flow) => {
      const total = (totals[flow] ??= { sent: 0, lost: 0 });
      total.sent += sent;
      total.lost += count.flowLost[flow] ?? 0;
    });
  }
  return totals;
}

/** The word of the last burst on whether the peer can be heard, the counts of all. */
function hearing(incident: Incident): HearingFacts {
  const bursts = incident.bursts.filter((burst) => burst.hearing.state === "calibrated");
  const last = incident.bursts.at(-1)?.hearing;
  if (bursts.length === 0) return { state: last?.state ?? "none", authentic: last?.authentic ?? false, in: null, out: null, saysBad: null };
  const told = bursts.map(({ count }) => toldOf(count));
  // Answered probes were heard, of course: without a word on the lost ones nothing is known of the way out.
  const knows = bursts.some(({ count }) => count.lostHeard + count.lostUnheard > 0);
  const said = bursts.map((burst) => burst.hearing.saysBad).filter((bad) => bad !== null);
  return {
    state: "calibrated",
    authentic: bursts.every((burst) => burst.hearing.authentic),
    in: add(bursts.filter(ran).map((burst) => ({ sent: burst.hearing.expected, lost: burst.hearing.expected - burst.hearing.received }))),
    out: knows ? add(told) : null,
    saysBad: said.length === 0 ? null : said.includes(true),
  };
}

/**
 * Our probes of which the peer's word is known. Those that were answered were heard, of course: they count only in the share that is known of the others too. All
 * of them beside the few lost ones that it has told of so far would make it look as if it had heard nearly everything.
 */
function toldOf({ sent, lost, blind, pending, lostHeard, lostUnheard }: BurstCount): Count {
  const told = lostHeard + lostUnheard;
  const missing = lost + pending;
  const answered = sent - blind - missing;
  return { sent: told + Math.round(answered * (missing === 0 ? 1 : Math.min(1, told / missing))), lost: lostUnheard };
}

/** It sent about as many requests as it does when all is well. What stands still sends none, and then none is missing. */
function ran({ hearing }: Incident["bursts"][number]): boolean {
  return hearing.expected >= RAN_SHARE * hearing.due;
}

function add(counts: readonly (Count | null)[]): Count | null {
  const known = counts.filter((count) => count !== null);
  if (known.length === 0) return null;
  return known.reduce((sum, count) => ({ sent: sum.sent + count.sent, lost: sum.lost + count.lost }), { sent: 0, lost: 0 });
}
