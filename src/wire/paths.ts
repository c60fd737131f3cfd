/**
 * What the wire remembers of the paths to its peers: the router at each TTL and the length, from the last sweep that saw them. It names the hop budget of
 * each packet that a sweep would send.
 */
import type { Peer } from "./peer.ts";

export const MAX_TTL = 30;
/** A path may have grown since it was last seen. */
const TTL_SLACK = 4;

/** A hop of a sweep as far as paths are concerned. */
interface SeenHop {
  readonly ttl: number;
  readonly answer: { readonly kind: string; readonly address: string } | null;
}

interface Path {
  /** Address by TTL − 1, where the last sweep had an answer. */
  readonly hops: (string | null)[];
  /** TTL at which the target answers, null while unknown. */
  length: number | null;
}

export class Paths {
  readonly #paths = new Map<Peer, Path>();
  /** The router at a TTL where all known paths have the same one, null where they differ. */
  readonly #common = new Map<number, string | null>();

  /** TTL at which the peer itself answers, null while unknown. */
  length(peer: Peer): number | null {
    return this.#paths.get(peer)?.length ?? null;
  }

  /** Largest TTL that a sweep of this peer asks. */
  lastTtl(peer: Peer): number {
    const length = this.length(peer);
    return Math.min(MAX_TTL, length === null ? MAX_TTL : length + TTL_SLACK);
  }

  remember(peer: Peer, seen: { readonly hops: readonly SeenHop[]; readonly reachedTtl: number | null }): void {
    let path = this.#paths.get(peer);
    if (path === undefined) this.#paths.set(peer, (path = { hops: [], length: null }));
    for (const { ttl, answer } of seen.hops) {
      if (answer === null || answer.kind !== "time-exceeded") continue;
      path.hops[ttl - 1] = answer.address;
      const common = this.#common.get(ttl);
      if (common !== answer.address) this.#common.set(ttl, common === undefined ? answer.address : null);
    }
    path.length = seen.reachedTtl ?? path.length;
  }

  /**
   * Whose hop budget a packet with this TTL uses. Known routers by address; unknown ones by the address that all known paths have at this TTL, else by TTL,
   * so that strangers behind one first hop share its budget. The target itself is not a router.
   */
  key(peer: Peer, ttl: number): string {
    const path = this.#paths.get(peer);
    if (path?.length != null && ttl >= path.length) return `target ${peer.name} ${ttl}`;
    return path?.hops[ttl - 1] ?? this.#common.get(ttl) ?? `ttl ${ttl}`;
  }

  /** Budget keys of the routers towards a peer, from a TTL on. */
  routerKeys(peer: Peer, firstTtl: number): string[] {
    const keys: string[] = [];
    for (let ttl = firstTtl; ttl < (this.length(peer) ?? MAX_TTL); ttl++) keys.push(this.key(peer, ttl));
    return keys;
  }
}
