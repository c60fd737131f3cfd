/** One sweep → hop table. All TTLs were sent at once, so one line is one packet; the counts become figures when sweeps are merged. */
import type { Hop, SweepAnswer, SweepHop } from "./hop.ts";
import { say, sayPart } from "../phrases/evidence.ts";
import { lossPct } from "./loss-pct.ts";
import { sameAddress } from "./same-address.ts";
import { trimPath } from "./trim-path.ts";

export interface SweepReading {
  readonly hops: Hop[];
  readonly reached: boolean;
  /** The first TTL at which the target itself answered; null when it did not. */
  readonly pathLength: number | null;
}

const UNREACHABLE_V4: Readonly<Record<number, string>> = {
  0: sayPart("noNetwork"),
  1: sayPart("noHost"),
  3: sayPart("noPort"),
  4: sayPart("tooBig"),
  9: sayPart("networkProhibited"),
  10: sayPart("hostProhibited"),
  13: sayPart("prohibited"),
};
const UNREACHABLE_V6: Readonly<Record<number, string>> = {
  0: sayPart("noRoute"),
  1: sayPart("prohibited"),
  3: sayPart("noAddress"),
  4: sayPart("noPort"),
};

/**
 * Cuts after the first TTL at which the target answered (an ICMP error from its own address is an answer too). When it did not: after the router that reported
 * it unreachable, or one `???` line behind the last responder. TTLs that were never sent keep `sent: 0` and their note.
 */
export function sweepHops(hops: readonly SweepHop[], target: string): SweepReading {
  const ordered = hops.toSorted((a, b) => a.ttl - b.ttl);
  const isTarget = (answer: SweepAnswer | null): boolean => answer !== null && (answer.kind === "echo-reply" || sameAddress(answer.address, target));
  const pathLength = ordered.find((hop) => isTarget(hop.answer))?.ttl ?? null;
  const lastForwarder = ordered.findLast((hop) => hop.answer?.kind === "time-exceeded")?.ttl ?? 0;
  const refusedAt = ordered.find((hop) => hop.answer?.kind === "unreachable" && hop.ttl > lastForwarder)?.ttl ?? null;
  const table = ordered.map((hop) => hopOf(hop, target));
  return { hops: trimPath(table, pathLength ?? refusedAt), reached: pathLength !== null, pathLength };
}

function hopOf({ ttl, sent, answer, note }: SweepHop, target: string): Hop {
  const wasSent = sent || answer !== null;
  const rttMs = answer === null ? null : Math.round(answer.rttUs) / 1000;
  return {
    ttl,
    address: answer?.address ?? null,
    addresses: answer === null ? [] : [answer.address],
    sent: wasSent ? 1 : 0,
    received: answer === null ? 0 : 1,
    lossPct: lossPct(wasSent ? 1 : 0, answer === null ? 0 : 1),
    rttMs: rttMs === null ? null : { best: rttMs, avg: rttMs, worst: rttMs },
    mpls: [],
    note: note ?? (answer?.kind === "unreachable" ? unreachable(answer.code, target) : null),
  };
}

function unreachable(code: number, target: string): string {
  const names = target.includes(":") ? UNREACHABLE_V6 : UNREACHABLE_V4;
  return say("unreachable", { WHAT: names[code] ?? sayPart("noDestination"), code });
}
