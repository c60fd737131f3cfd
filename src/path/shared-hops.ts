/**
 * The rule that there is one mtr through any one hop: a router answers about once a second, so each further mtr through it shows loss that is not there.
 * A second mtr therefore starts behind everything it may share. What is not known counts as shared: a hop that the last sweep did not see, and a hop at
 * a TTL where a running one does not know its own. Only what lies at or above the result is claimed to be unshared, so paths that meet again are safe too.
 */
import type { Hop } from "./hop.ts";
import { sameAddress } from "./same-address.ts";

export interface UnsharedTtl {
  /** For `mtr -f`. */
  readonly ttl: number;
  /** Indices of the running paths that share a hop below it. */
  readonly sharesWith: number[];
}

/**
 * `path` is the last sweep of a peer, `running` the hops that the running mtrs probe (without those that `-f` skips). Null means wait: a path is unknown, or
 * nothing of this one is left unshared.
 */
export function firstUnsharedTtl(path: readonly Hop[], running: readonly (readonly Hop[])[]): UnsharedTtl | null {
  if (running.length === 0) return { ttl: 1, sharesWith: [] };
  if (path.length === 0 || running.some((other) => other.length === 0)) return null;
  const sharesWith = running.flatMap((other, index) => (path.some((hop) => shares(hop, other)) ? [index] : []));
  const unclear = (hop: Hop): boolean => hop.address === null || running.some((other) => shares(hop, other) || unknownAt(hop.ttl, other));
  const ttl = (path.findLast(unclear)?.ttl ?? 0) + 1;
  return path.some((hop) => hop.ttl >= ttl) ? { ttl, sharesWith } : null;
}

function shares(hop: Hop, other: readonly Hop[]): boolean {
  return hop.addresses.some((address) => other.some((line) => line.addresses.some((theirs) => sameAddress(address, theirs))));
}

/** A path that ends in silence is unknown from there on. */
function unknownAt(ttl: number, other: readonly Hop[]): boolean {
  const end = other.at(-1);
  if (end?.address === null && ttl >= end.ttl) return true;
  return other.some((line) => line.ttl === ttl && line.address === null);
}
