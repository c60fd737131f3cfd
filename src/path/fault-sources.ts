/** Sweeps, and the cycles of mtr, as witnesses: how many packets were sent to each hop and to the target, and how many came back. */
import type { SweepHop } from "./hop.ts";
import { sameAddress } from "./same-address.ts";

export interface Seen {
  readonly sent: number;
  readonly answered: number;
}

/** One sweep, or one cycle of mtr. */
export interface Observation {
  /** By TTL, up to the one before the target's. */
  readonly hops: ReadonlyMap<number, Seen>;
  /** Packets that should have reached the target. */
  readonly target: Seen;
  /** Who answered there. */
  readonly addresses: ReadonlyMap<number, string>;
  /** A router reported the target unreachable. */
  readonly refused: boolean;
  /** Of what was sent to the target meanwhile, on average, 0 to 1. */
  readonly loss: number;
}

export interface SweepContext {
  readonly target: string;
  readonly self: string | null;
  /** TTL of the target by the baseline; null when not known. */
  readonly end: number | null;
}

/**
 * Null when nothing was sent. Where the TTL of the target is not known any answer of the target counts as reached, and a sweep that reached it tells nothing: which
 * TTLs are hops is not known. A router that answers at the target's TTL made the path longer: that packet was not lost.
 */
export function readSweep(sweep: readonly SweepHop[], { target, self, end }: SweepContext): Omit<Observation, "loss"> | null {
  const asked = sweep.filter((hop) => hop.sent || hop.answer !== null).toSorted((a, b) => a.ttl - b.ttl);
  const isTarget = ({ answer }: SweepHop): boolean => answer !== null && (answer.kind === "echo-reply" || sameAddress(answer.address, target));
  const beyond = asked.filter((hop) => end === null || hop.ttl >= end);
  if (asked.length === 0 || (end === null && asked.some(isTarget))) return null;
  const hops = new Map<number, Seen>();
  const addresses = new Map<number, string>();
  const seen = new Set<string>();
  let refused = false;
  for (const { ttl, answer } of asked) {
    const own = answer === null || (self !== null && sameAddress(answer.address, self));
    const again = !own && answer.kind === "unreachable" && seen.has(answer.address);
    if (!own && answer.kind === "unreachable") refused = true;
    if (end === null || ttl < end) {
      const answered = !own && !again;
      hops.set(ttl, { sent: 1, answered: answered ? 1 : 0 });
      if (answered) addresses.set(ttl, answer.address);
    }
    if (!own) seen.add(answer.address);
  }
  return { hops, target: targetOf(beyond, { isTarget, end }), addresses, refused };
}

/**
 * At an unknown TTL the packets that went further than every answer count as one. A path that loops, with routers at every TTL, lost them too. Behind the first
 * answer of the target nothing counts: a sweep that has seen all it wants waits for no more.
 */
function targetOf(
  beyond: readonly SweepHop[],
  { isTarget, end }: { readonly isTarget: (hop: SweepHop) => boolean; readonly end: number | null },
): Seen {
  if (end === null) return { sent: 1, answered: 0 };
  const first = beyond.findIndex(isTarget);
  if (first === -1) return { sent: beyond.length, answered: 0 };
  const longer = beyond.slice(0, first).filter(({ answer }) => answer?.kind === "time-exceeded").length;
  return { sent: first + 1 - longer, answered: 1 };
}
