/**
 * Sweeps and mtr tables as witnesses: rounds that missed the target, and which hops were asked and answered in them. An mtr table has no rounds any more, only
 * counts; what it lost at a hop beyond what it lost at the one before stands for its cycles.
 */
import type { Hop, SweepHop } from "./hop.ts";
import { sameAddress } from "./same-address.ts";

export interface Seen {
  sent: number;
  answered: number;
}

/** Evidence with a loss of its own. */
export interface Source {
  readonly loss: number;
  readonly hops: ReadonlyMap<number, Seen>;
  readonly missed: number;
  /** Rounds that say "behind this hop": it answered and `next`, the following one, did not; without `next` the target is the next. */
  votesFor(ttl: number, next: number | null): number;
}

export interface Round {
  /** Null where a packet was sent and not answered. */
  readonly hops: ReadonlyMap<number, string | null>;
  readonly refused: boolean;
}

export interface SweepContext {
  readonly target: string;
  readonly self: string | null;
  /** TTL of the target by the baseline; null when not known. */
  readonly end: number | null;
}

/**
 * Null when the target answered every packet that should have reached it, or none was sent. A sweep sends a few of them, one a TTL from its own on: at partial
 * loss one missing is enough. Where its TTL is not known, any answer of the target counts as reached. A router that answers there instead made the path longer.
 */
export function readSweep(sweep: readonly SweepHop[], { target, self, end }: SweepContext): Round | null {
  const asked = sweep.filter((hop) => hop.sent || hop.answer !== null).toSorted((a, b) => a.ttl - b.ttl);
  const isTarget = ({ answer }: SweepHop): boolean => answer !== null && (answer.kind === "echo-reply" || sameAddress(answer.address, target));
  const beyond = asked.filter((hop) => end === null || hop.ttl >= end);
  const missing = (hop: SweepHop): boolean => hop.answer === null || (hop.answer.kind === "unreachable" && !isTarget(hop));
  if (beyond.length === 0 || (asked.some(isTarget) && (end === null || !beyond.some(missing)))) return null;
  const hops = new Map<number, string | null>();
  const seen = new Set<string>();
  let refused = false;
  for (const { ttl, answer } of asked) {
    const own = answer === null || (self !== null && sameAddress(answer.address, self));
    const again = !own && answer.kind === "unreachable" && seen.has(answer.address);
    if (!own && answer.kind === "unreachable") refused = true;
    if (end === null || ttl < end) hops.set(ttl, own || again ? null : answer.address);
    if (!own) seen.add(answer.address);
  }
  return { hops, refused };
}

/** Packets of the sweeps that should have reached the target, and those of them that it did not answer; none where its TTL is not known. */
export function targetCount(
  sweeps: readonly (readonly SweepHop[])[],
  { target, end }: SweepContext,
): { readonly sent: number; readonly lost: number } {
  if (end === null) return { sent: 0, lost: 0 };
  const isTarget = ({ answer }: SweepHop): boolean => answer !== null && (answer.kind === "echo-reply" || sameAddress(answer.address, target));
  const beyond = sweeps.flat().filter((hop) => hop.ttl >= end && (hop.sent || hop.answer !== null));
  return { sent: beyond.length, lost: beyond.filter((hop) => !isTarget(hop)).length };
}

export function sweepSource(rounds: readonly Round[], loss: number): Source {
  const hops = new Map<number, Seen>();
  for (const [ttl, address] of rounds.flatMap((round) => [...round.hops])) {
    const seen = hops.get(ttl) ?? { sent: 0, answered: 0 };
    hops.set(ttl, { sent: seen.sent + 1, answered: seen.answered + (address === null ? 0 : 1) });
  }
  const says = (round: Round, ttl: number, next: number | null): boolean =>
    (ttl === 0 || round.hops.get(ttl) !== null) && (next === null || round.hops.get(next) === null);
  return { loss, hops, missed: rounds.length, votesFor: (ttl, next) => rounds.filter((round) => says(round, ttl, next)).length };
}

/** Null when every cycle reached the target, or none was sent to it. A table that ends early was cut behind its last responder: nothing further answered. */
export function readTable(table: readonly Hop[], end: number): Source | null {
  const line = table.find((hop) => hop.ttl === end) ?? table.findLast((hop) => hop.sent > 0 && hop.received === 0);
  if (line === undefined || line.sent === 0 || line.received >= line.sent) return null;
  const hops = new Map(
    table.filter((hop) => hop.ttl < end && hop.sent > 0).map((hop) => [hop.ttl, { sent: hop.sent, answered: Math.min(hop.received, hop.sent) }]),
  );
  const missed = line.sent - line.received;
  const lostAt = (ttl: number | null): number => {
    const seen = ttl === null ? undefined : hops.get(ttl);
    return seen === undefined ? 0 : seen.sent - seen.answered;
  };
  return {
    loss: missed / line.sent,
    hops,
    missed,
    votesFor: (ttl, next) => Math.max(0, Math.min(missed, next === null ? missed : lostAt(next)) - lostAt(ttl)),
  };
}
