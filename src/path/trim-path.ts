/**
 * Where a traced path ends. Tools send beyond the end: behind the target every TTL is answered by the target again, behind a router that has no route every
 * TTL is answered by that router, and behind a fault nothing answers. Each is said once.
 */
import type { Hop } from "./hop.ts";

/**
 * Cuts after the line `endTtl`, or, when nothing is known to end the path (null), after one silent line behind the last responder: the first TTL that was
 * really sent, and those that were not, before it, with their notes.
 */
export function trimPath(hops: readonly Hop[], endTtl: number | null): Hop[] {
  if (endTtl !== null) return hops.filter((hop) => hop.ttl <= endTtl);
  const last = hops.findLastIndex((hop) => hop.received > 0);
  const silent = hops.findIndex((hop, index) => index > last && hop.sent > 0);
  return hops.slice(0, (silent === -1 ? last + 1 : silent) + 1);
}
