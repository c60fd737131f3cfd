/**
 * Where the fault lies, in terms of the path before: behind the last hop that still answered while the target did not.
 *
 * Only rounds that missed the target count: a sweep as a whole, or the cycles of an mtr table. Every hop that is known to answer is a candidate, and so is "not
 * even the first". A fault behind hop c predicts that hops up to c answer as they do while healthy and that hops behind it lose what the target loses. The candidate
 * that predicts the counts best is taken, so one answer missing in the middle while later hops answered weighs little, and at partial loss the first hop that
 * loses decides rather than the last that happened to answer. Taking the last responder of each sweep instead is right for a cut and wrong for 20 %.
 *
 * Where the counts do not make one candidate likelier than all others together nothing is claimed. TTLs that were never sent say nothing, nor do hops that are
 * silent also while healthy. A router that reports the target unreachable answers every later TTL: it counts once, at its own.
 */
import type { SegmentFacts } from "../verdict/facts.ts";
import { likeliestHop } from "./fault-likelihood.ts";
import { readSweep, readTable, sweepSource, targetCount, type Round, type Source } from "./fault-sources.ts";
import type { Hop, SweepHop } from "./hop.ts";
import { sameAddress } from "./same-address.ts";

/** That many are not lost one after the other by a loss that is not total. */
const MIN_TARGET_SENT = 6;

export interface FaultEvidence {
  readonly target: string;
  /** Our own address towards it: an unreachable from there is no hop. */
  readonly self: string | null;
  /** What was seen during the bursts. */
  readonly sweeps: readonly (readonly SweepHop[])[];
  /** mtr tables of the bursts; read only where a baseline tells at which TTL the target is. */
  readonly tables: readonly (readonly Hop[])[];
  /** Routers of the baseline path, silent ones as null; null without a baseline. */
  readonly path: readonly (string | null)[] | null;
  /** How often each of them answers while healthy, 0 to 1; null where not learned. */
  readonly replyRates: readonly (number | null)[] | null;
  /** What the probes themselves lost, 0 to 1. */
  readonly loss: number;
}

/** Null when no round missed the target, or when the counts do not tell. */
export function faultSegment(evidence: FaultEvidence): SegmentFacts | null {
  const { path } = evidence;
  const end = path === null ? null : path.length + 1;
  const rounds = evidence.sweeps.flatMap((sweep) => readSweep(sweep, { ...evidence, end }) ?? []);
  const tables = end === null ? [] : evidence.tables.flatMap((table) => readTable(table, end) ?? []);
  const sources = [...(rounds.length === 0 ? [] : [sweepSource(rounds, sweepLoss(evidence, end))]), ...tables];
  const of = sources.reduce((sum, source) => sum + source.missed, 0);
  if (of === 0) return null;
  const observed = observedHops(sources, path);
  const best = likeliestHop(sources, { observed, rates: evidence.replyRates });
  if (best === null || isUnasked(best, observed)) return null;
  const next = observed.find((ttl) => ttl > best) ?? null;
  const after = best === 0 ? null : addressAt(best, { rounds, tables: evidence.tables, path });
  return {
    after,
    afterTtl: best,
    ...following(after, { ttl: best, evidence, observed }),
    votes: sources.reduce((sum, source) => sum + source.votesFor(best, next), 0),
    of,
    refusals: rounds.filter((round) => round.refused).length,
  };
}

/**
 * What the sweeps met: the loss of the probes, or everything where none of many packets reached the target. A router that asks for an address holds packets
 * back, and what it delivers within the hard timeout is no loss, but came too late for a sweep.
 */
function sweepLoss(evidence: FaultEvidence, end: number | null): number {
  const { sent, lost } = targetCount(evidence.sweeps, { ...evidence, end });
  return sent >= MIN_TARGET_SENT && lost === sent ? 1 : evidence.loss;
}

/** "Not even the first", where the first was never asked: the fault is before the first that was, which may be anywhere. */
function isUnasked(best: number, observed: readonly number[]): boolean {
  return best === 0 && observed[0] !== 1;
}

/** TTLs of the hops that can testify: asked now, and known to answer by the baseline or by an answer now. */
function observedHops(sources: readonly Source[], path: FaultEvidence["path"]): number[] {
  const asked = new Set(sources.flatMap((source) => [...source.hops.keys()]));
  const answered = (ttl: number): boolean => sources.some((source) => (source.hops.get(ttl)?.answered ?? 0) > 0);
  const known = (ttl: number): boolean => (path?.[ttl - 1] ?? null) !== null;
  return [...asked].filter((ttl) => known(ttl) || answered(ttl)).sort((a, b) => a - b);
}

/** The address that answered most often there; a hop that the counts excuse without one answer has its name from the baseline. */
function addressAt(
  ttl: number,
  { rounds, tables, path }: { readonly rounds: readonly Round[]; readonly tables: FaultEvidence["tables"]; readonly path: FaultEvidence["path"] },
): string | null {
  const weights = new Map<string, number>();
  const add = (address: string | null | undefined, weight: number): void => {
    if (typeof address === "string" && weight > 0) weights.set(address, (weights.get(address) ?? 0) + weight);
  };
  for (const round of rounds) add(round.hops.get(ttl), 1);
  for (const line of tables.flat()) if (line.ttl === ttl) add(line.address, line.received);
  return [...weights].sort((a, b) => b[1] - a[1])[0]?.[0] ?? path?.[ttl - 1] ?? null;
}

/** What comes next by the baseline: only where the hop before it is the one of the baseline, and only if it was asked too. */
function following(
  after: string | null,
  { ttl, evidence, observed }: { readonly ttl: number; readonly evidence: FaultEvidence; readonly observed: readonly number[] },
): Pick<SegmentFacts, "before" | "beforeSilent" | "isLast"> {
  const { path, target } = evidence;
  if (path === null) return { before: null, beforeSilent: true, isLast: false };
  const usual = ttl === 0 ? null : (path[ttl - 1] ?? null);
  if (after !== null && usual !== null && !sameAddress(after, usual)) return { before: null, beforeSilent: true, isLast: false };
  if (ttl >= path.length) return { before: target, beforeSilent: false, isLast: true };
  const next = path[ttl] ?? null;
  return { before: observed.includes(ttl + 1) ? next : null, beforeSilent: next === null, isLast: false };
}
