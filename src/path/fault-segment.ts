/**
 * Where the fault lies, in terms of the path before: behind the last hop that still answered what it answers while healthy.
 *
 * Every hop that is known to answer is a candidate, and so is "not even the first". The one that predicts best what all traces of the bursts met is taken, see
 * `fault-likelihood.ts`: one answer missing in the middle while later hops answered weighs little, and at partial loss the first hop that loses decides rather
 * than the last that happened to answer. Taking the last responder of each sweep instead is right for a cut and wrong for 20 %.
 *
 * Where the counts do not tell one link from the next, the stretch of both is claimed; where they do not even tell that, nothing. TTLs that were never sent say
 * nothing, nor do hops that are silent also while healthy. A router that reports the target unreachable answers every later TTL: it counts once, at its own.
 */
import type { Count, SegmentFacts } from "../verdict/facts.ts";
import { likeliestStretch, type Stretch } from "./fault-likelihood.ts";
import { readSweep, type Observation, type Seen } from "./fault-sources.ts";
import type { SweepHop } from "./hop.ts";
import { sameAddress } from "./same-address.ts";

/** Chance that every packet of the sweeps was lost by no more than what the probes lost: below it, the sweeps met more. */
const BY_CHANCE = 0.01;

export interface FaultEvidence {
  readonly target: string;
  /** Our own address towards it: an unreachable from there is no hop. */
  readonly self: string | null;
  /** What was seen during the bursts. */
  readonly sweeps: readonly (readonly SweepHop[])[];
  /** Cycles of mtr in the bursts; read only where a baseline tells at which TTL the target is. */
  readonly cycles: readonly (readonly SweepHop[])[];
  /** Routers of the baseline path, silent ones as null; null without a baseline. */
  readonly path: readonly (string | null)[] | null;
  /** How often each of them answers while healthy, 0 to 1; null where not learned. */
  readonly replyRates: readonly (number | null)[] | null;
  /** What the probes themselves lost, 0 to 1. */
  readonly loss: number;
}

/** Null when no trace lost anything, or when the counts do not tell. */
export function faultSegment(evidence: FaultEvidence): SegmentFacts | null {
  const { path, replyRates } = evidence;
  const end = path === null ? null : path.length + 1;
  const sweeps = evidence.sweeps.flatMap((sweep) => readSweep(sweep, { ...evidence, end }) ?? []);
  const cycles = end === null ? [] : evidence.cycles.flatMap((cycle) => readSweep(cycle, { ...evidence, end }) ?? []);
  const swept = sweepLoss(sweeps, evidence);
  const observations = [...sweeps.map((one) => ({ ...one, loss: swept })), ...cycles.map((one) => ({ ...one, loss: evidence.loss }))];
  const observed = observedHops(observations, path);
  const failed = observations.filter((one) => missed(one.target) > 0 || observed.some((ttl) => missed(one.hops.get(ttl)) > 0));
  if (failed.length === 0) return null;
  const stretch = likeliestStretch(observations, { observed, rates: replyRates });
  if (stretch === null || isUnasked(stretch, observed)) return null;
  const next = observed.find((ttl) => ttl > stretch.to) ?? null;
  const after = stretch.from === 0 ? null : addressAt(stretch.from, { observations, path });
  const near = stretch.from === 0 ? null : countAt(stretch.from, observations);
  const far = next === null ? tracesTo(observations) : countAt(next, observations);
  return {
    after,
    afterTtl: stretch.from,
    ...following(after, { stretch, evidence, observed }),
    links: stretch.from === stretch.to ? 1 : 2,
    near,
    far,
    votes: failed.filter(({ hops, target }) => missed(next === null ? target : hops.get(next)) > missed(hops.get(stretch.from))).length,
    of: failed.length,
    refusals: sweeps.filter(({ refused }) => refused).length,
  };
}

function missed(seen: Seen | undefined): number {
  return seen === undefined ? 0 : seen.sent - seen.answered;
}

/**
 * What the sweeps met: the loss of the probes, or everything where none of many packets reached the target. A router that asks for an address holds packets
 * back, and what it delivers within the hard timeout is no loss, but came too late for a sweep.
 */
function sweepLoss(sweeps: readonly Omit<Observation, "loss">[], { loss }: FaultEvidence): number {
  const { sent, lost } = countAt(null, sweeps);
  return sent > 0 && lost === sent && loss ** sent < BY_CHANCE ? 1 : loss;
}

/** Packets of all traces to the hop of a TTL, or (null) to the target. */
function countAt(ttl: number | null, observations: readonly Pick<Observation, "hops" | "target">[]): Count {
  const all = observations.flatMap(({ hops, target }) => (ttl === null ? target : (hops.get(ttl) ?? [])));
  return { sent: all.reduce((sum, { sent }) => sum + sent, 0), lost: all.reduce((sum, seen) => sum + missed(seen), 0) };
}

/** A trace sends the target several packets: whether one came back is what it tells. */
function tracesTo(observations: readonly Observation[]): Count {
  const traces = observations.filter(({ target }) => target.sent > 0);
  return { sent: traces.length, lost: traces.filter(({ target }) => target.answered === 0).length };
}

/** "Not even the first", where the first was never asked: the fault is before the first that was, which may be anywhere. */
function isUnasked({ from }: Stretch, observed: readonly number[]): boolean {
  return from === 0 && observed[0] !== 1;
}

/** TTLs of the hops that can testify: asked now, and known to answer by the baseline or by an answer now. */
function observedHops(observations: readonly Observation[], path: FaultEvidence["path"]): number[] {
  const asked = new Set(observations.flatMap(({ hops }) => [...hops.keys()]));
  const answered = (ttl: number): boolean => observations.some(({ hops }) => (hops.get(ttl)?.answered ?? 0) > 0);
  const known = (ttl: number): boolean => (path?.[ttl - 1] ?? null) !== null;
  return [...asked].filter((ttl) => known(ttl) || answered(ttl)).sort((a, b) => a - b);
}

/** The address that answered most often there; a hop that the counts excuse without one answer has its name from the baseline. */
function addressAt(
  ttl: number,
  { observations, path }: { readonly observations: readonly Observation[]; readonly path: FaultEvidence["path"] },
): string | null {
  const weights = new Map<string, number>();
  for (const { addresses, hops } of observations) {
    const address = addresses.get(ttl);
    if (address !== undefined) weights.set(address, (weights.get(address) ?? 0) + (hops.get(ttl)?.answered ?? 0));
  }
  return [...weights].sort((a, b) => b[1] - a[1])[0]?.[0] ?? path?.[ttl - 1] ?? null;
}

/** What comes next by the baseline: only where the hop before it is the one of the baseline, and only if it was asked too. */
function following(
  after: string | null,
  { stretch, evidence, observed }: { readonly stretch: Stretch; readonly evidence: FaultEvidence; readonly observed: readonly number[] },
): Pick<SegmentFacts, "before" | "beforeSilent" | "isLast"> {
  const { path, target } = evidence;
  const { from, to } = stretch;
  if (path === null) return { before: null, beforeSilent: true, isLast: false };
  const usual = from === 0 ? null : (path[from - 1] ?? null);
  if (after !== null && usual !== null && !sameAddress(after, usual)) return { before: null, beforeSilent: true, isLast: false };
  if (to >= path.length) return { before: target, beforeSilent: false, isLast: true };
  const next = path[to] ?? null;
  return { before: observed.includes(to + 1) ? next : null, beforeSilent: next === null, isLast: false };
}
