import type { Hop } from "../../../src/path/hop.ts";
import { lossPct } from "../../../src/path/loss-pct.ts";

/** A line of a hop table; `received` defaults to `sent`, or 0 without an address. */
export function hop(ttl: number, address: string | null, given: Partial<Hop> = {}): Hop {
  const sent = given.sent ?? 10;
  const received = given.received ?? (address === null ? 0 : sent);
  return {
    ttl,
    address,
    addresses: address === null ? [] : [address],
    sent,
    received,
    lossPct: lossPct(sent, received),
    rttMs: received === 0 ? null : { best: 1, avg: 2, worst: 3 },
    mpls: [],
    note: null,
    ...given,
  };
}

/** "1 10.0.0.1 3/4" a line, for comparing tables at a glance. */
export function outline(hops: readonly Hop[]): string[] {
  return hops.map((line) => `${line.ttl} ${line.address ?? "???"} ${line.received}/${line.sent}`);
}
