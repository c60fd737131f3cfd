/** Which hop the fault is behind: the candidate under which the counts are likeliest, if it is likelier than all others together. */
import type { Source } from "./fault-sources.ts";

/** A router within its limits leaves one trace packet in a hundred unanswered at most; others that trace through it use up its limit too. */
const HEALTHY_MISS = 0.01;
/** A router that answers less than this while healthy tells next to nothing, but not nothing. */
const MIN_REPLY_RATE = 0.05;
/** A loss is never quite total: the fault may have begun within a sweep. Two misses before the fault are likelier than one answer from behind it. */
const MAX_LOSS = 0.9999;
const MIN_LOSS = 0.05;
/** Share that the best candidate must have of all, else nothing is claimed: a hop goes into a ticket, and three sweeps at partial loss seldom tell it. */
const CLEAR = 0.95;

interface Witnesses {
  /** TTLs of the hops that can testify, ascending. */
  readonly observed: readonly number[];
  /** By TTL from 1; null where not learned. */
  readonly rates: readonly (number | null)[] | null;
}

/** 0 for "not even the first hop"; null when the counts do not tell. */
export function likeliestHop(sources: readonly Source[], by: Witnesses): number | null {
  const scored = [0, ...by.observed].map((ttl) => ({ ttl, score: logLikelihood(ttl, { sources, ...by }) }));
  const best = scored.reduce((top, one) => (one.score > top.score ? one : top));
  const all = scored.reduce((sum, { score }) => sum + Math.exp(score - best.score), 0);
  return 1 / all < CLEAR ? null : best.ttl;
}

/** Bernoulli per packet: reply rate while healthy up to the fault, thinned by the loss behind it. */
function logLikelihood(faultTtl: number, { sources, observed, rates }: Witnesses & { readonly sources: readonly Source[] }): number {
  let sum = 0;
  for (const { loss, hops } of sources) {
    const passes = 1 - clamp(loss, MIN_LOSS, MAX_LOSS);
    for (const ttl of observed) {
      const { sent, answered } = hops.get(ttl) ?? { sent: 0, answered: 0 };
      const healthy = clamp(rates?.[ttl - 1] ?? 1, MIN_REPLY_RATE, 1 - HEALTHY_MISS);
      const rate = ttl <= faultTtl ? healthy : healthy * passes;
      sum += answered * Math.log(rate) + (sent - answered) * Math.log(1 - rate);
    }
  }
  return sum;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
