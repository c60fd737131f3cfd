/**
 * Which hop the fault is behind: the candidates under which the counts are likeliest, if they are likelier than all others together.
 *
 * A fault behind hop c predicts that hops up to c answer as they do while healthy, and that everything behind c loses what the target loses. Packets may be lost
 * one by one all the time, what routers answer more than probes; or all of them by turns, or of some flows only, so that a sweep or a cycle of mtr met either the
 * worse loss or none. Nobody knows which nature it is: each is as likely as the others until the counts tell. That is why a total loss that a trace did not meet
 * speaks against nobody, while one that lost its first packet behind c speaks for c, also where later packets of it arrived.
 *
 * A router may limit its answers just now without having done so before. It is allowed for at a price: two answers missing at one hop while later hops answered
 * make no fault there.
 */
import type { Observation, Seen } from "./fault-sources.ts";

/** A router within its limits leaves hardly any trace packet unanswered: none of 1100 in the laboratories, so one in 365 at most. What is learned of a worse one counts. */
const HEALTHY_MISS = 0.003;
/** A router that answers less than this while healthy tells next to nothing, but not nothing. */
const MIN_REPLY_RATE = 0.05;
/** A loss is never quite total: the fault may have begun within a sweep. Two misses before the fault are likelier than one answer from behind it. */
const MAX_LOSS = 0.9999;
const MIN_LOSS = 0.05;
/** One router in two hundred that answers well while healthy limits its answers during a fault, and to any rate. */
const LIMITED = 0.005;
/** Of a loss: how far from the average to everything it goes where it is met, and whether it is met by turns or always. */
const NATURES = [
  { worse: 0, byTurns: false },
  { worse: 0.5, byTurns: false },
  { worse: 0.5, byTurns: true },
  { worse: 1, byTurns: true },
] as const;
/** Share that what is claimed must have of all: a hop goes into a ticket. */
const CLEAR = 0.95;

export interface Witnesses {
  /** TTLs of the hops that can testify, ascending. */
  readonly observed: readonly number[];
  /** By TTL from 1; null where not learned. */
  readonly rates: readonly (number | null)[] | null;
}

/** The fault lies behind hop `from` or, where the counts do not tell these two apart, behind the next one, `to`. 0 is our own host. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Null when the counts do not tell. */
export function likeliestStretch(observations: readonly Observation[], by: Witnesses): Stretch | null {
  const candidates = [0, ...by.observed];
  const scores = candidates.map((ttl) => logLikelihood(ttl, observations, by));
  const top = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - top));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const stretches = [0, 1].flatMap((links) =>
    candidates.slice(links).map((to, index) => ({
      from: candidates[index] as number,
      to,
      share: weights.slice(index, index + links + 1).reduce((sum, weight) => sum + weight, 0) / all,
    })),
  );
  return stretches.find(({ share }) => share >= CLEAR) ?? null;
}

function logLikelihood(faultTtl: number, observations: readonly Observation[], { observed, rates }: Witnesses): number {
  const before = observed.filter((ttl) => ttl <= faultTtl).map((ttl) => logHealthy(totalAt(ttl, observations), replyRate(rates, ttl)));
  const behind = observed.filter((ttl) => ttl > faultTtl);
  const rest = NATURES.map(({ worse, byTurns }) =>
    sum(
      observations.map(({ hops, target, loss }) => {
        const average = clamp(loss, MIN_LOSS, MAX_LOSS);
        const bad = Math.min(MAX_LOSS, average + (1 - average) * worse);
        const seen = [...behind.map((ttl) => ({ seen: hops.get(ttl), rate: replyRate(rates, ttl) })), { seen: target, rate: 1 - HEALTHY_MISS }];
        const having = (lost: number): number => sum(seen.map((one) => logBernoulli(one.seen, one.rate * (1 - lost))));
        const share = Math.min(MAX_LOSS, byTurns ? average / bad : 1);
        return logSum([Math.log(share) + having(bad), Math.log(1 - share) + having(0)]);
      }),
    ),
  );
  return sum(before) + logSum(rest);
}

function totalAt(ttl: number, observations: readonly Observation[]): Seen {
  const all = observations.flatMap(({ hops }) => hops.get(ttl) ?? []);
  return { sent: sum(all.map(({ sent }) => sent)), answered: sum(all.map(({ answered }) => answered)) };
}

/** As learned; or, seldom, at any rate with equal chance (Laplace): then `answered` of `sent` is one of `sent` + 1 outcomes. */
function logHealthy(seen: Seen, rate: number): number {
  const { sent, answered } = seen;
  const anyRate = -Math.log(sent + 1) - logChoose(sent, answered);
  return logSum([Math.log(1 - LIMITED) + logBernoulli(seen, rate), Math.log(LIMITED) + anyRate]);
}

function logBernoulli(seen: Seen | undefined, rate: number): number {
  return seen === undefined ? 0 : seen.answered * Math.log(rate) + (seen.sent - seen.answered) * Math.log(1 - rate);
}

function logChoose(of: number, count: number): number {
  let log = 0;
  for (let index = 1; index <= Math.min(count, of - count); index++) log += Math.log((of - index + 1) / index);
  return log;
}

function replyRate(rates: Witnesses["rates"], ttl: number): number {
  return clamp(rates?.[ttl - 1] ?? 1, MIN_REPLY_RATE, 1 - HEALTHY_MISS);
}

function logSum(logs: readonly number[]): number {
  const top = Math.max(...logs);
  return top + Math.log(sum(logs.map((log) => Math.exp(log - top))));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
