/**
 * What the wire remembers of the paths to its peers, of each flow for itself: the router at each TTL and the length, from the last sweep that saw them. It
 * names the hop budget of each packet that a sweep would send, and knows which hops paths have in common.
 */
import type { SweepAnswer } from "../../path/hop.ts";
import { HopTree, type HopNode, type Shape } from "./hop-tree.ts";
import { FLOWS, type Traced } from "../peer.ts";

export const MAX_TTL = 30;
/** A path may have grown since it was last seen. */
const TTL_SLACK = 4;

/** A hop of a sweep as far as paths are concerned. */
export interface SeenHop {
  readonly ttl: number;
  readonly sent: boolean;
  readonly answer: SweepAnswer | null;
}

export interface Seen {
  readonly hops: readonly SeenHop[];
  readonly reachedTtl: number | null;
  /** See `Shape`; hops that were not asked but taken from others have their `answer` or are silent. */
  readonly assumed: number;
}

export interface Path extends Shape {
  readonly nodes: readonly HopNode[];
  /** Baselines in a row that did not reach the target. */
  misses: number;
}

export class Paths {
  readonly #trees = { 4: new HopTree(), 6: new HopTree() };
  readonly #paths = new Map<Traced, (Path | null)[]>();

  tree(peer: Traced): HopTree {
    return this.#trees[peer.family];
  }

  /** The path of a flow, null while it was never seen. */
  of(peer: Traced, flow: number): Path | null {
    return this.#paths.get(peer)?.[flow] ?? null;
  }

  /** The path of this flow or, where that is unknown, of another. */
  like(peer: Traced, flow: number): Path | null {
    const paths = this.#paths.get(peer);
    if (paths === undefined) return null;
    return paths[flow] ?? paths.find((path) => path?.length != null) ?? paths.find((path) => path != null) ?? null;
  }

  /** TTL at which the peer itself answers, null while unknown. */
  length(peer: Traced, flow: number): number | null {
    return this.like(peer, flow)?.length ?? null;
  }

  /** Largest TTL that a sweep of this peer asks. */
  lastTtl(peer: Traced, flow: number): number {
    const length = this.length(peer, flow);
    return Math.min(MAX_TTL, length === null ? MAX_TTL : length + TTL_SLACK);
  }

  /** Takes in what a sweep saw; a hop that was silent this time keeps its name. */
  remember(peer: Traced, flow: number, seen: Seen): Path {
    const old = this.like(peer, flow);
    const own = this.of(peer, flow);
    const length = lengthOf(old, own, seen);
    const addresses: (string | null)[] = [];
    let moved = false;
    for (const { ttl, answer } of seen.hops) {
      if (length !== null && ttl >= length) break;
      const before = old?.addresses[ttl - 1] ?? null;
      const now = answer?.kind === "time-exceeded" ? answer.address : null;
      if (now !== null && before !== null && now !== before) moved = true;
      addresses[ttl - 1] = now ?? (moved ? null : before);
    }
    for (let ttl = addresses.length + 1; ttl < (length ?? 0); ttl++) addresses.push(moved ? null : (old?.addresses[ttl - 1] ?? null));
    if (length === null) addresses.length = addresses.findLastIndex((address) => address !== null) + 1;
    const tree = this.tree(peer);
    const shape: Shape = { addresses: [...addresses], length, assumed: seen.assumed };
    const path: Path = { ...shape, nodes: tree.add(shape), misses: seen.reachedTtl === null ? (own?.misses ?? 0) : 0 };
    if (own !== null) tree.remove(own.nodes, own);
    const paths = this.#paths.get(peer) ?? Array.from({ length: FLOWS }, () => null);
    paths[flow] = path;
    this.#paths.set(peer, paths);
    return path;
  }

  forget(peer: Traced, flow: number): void {
    const path = this.of(peer, flow);
    const paths = this.#paths.get(peer);
    if (path === null || paths === undefined) return;
    this.tree(peer).remove(path.nodes, path);
    paths[flow] = null;
  }

  forgetAll(peer: Traced): void {
    for (let flow = 0; flow < FLOWS; flow++) this.forget(peer, flow);
    this.#paths.delete(peer);
  }

  /**
   * Whose hop budget a packet with this TTL uses. Known routers by address; unknown ones by the address that all known paths have at this TTL, else by TTL,
   * so that strangers behind one first hop share its budget. The target itself is not a router.
   */
  key(peer: Traced, flow: number, ttl: number): string {
    const path = this.like(peer, flow);
    if (path?.length != null && ttl >= path.length) return `target ${peer.name} ${ttl}`;
    return path?.addresses[ttl - 1] ?? this.tree(peer).onlyAt(ttl) ?? `ttl ${ttl}`;
  }

  /** Budget keys of the routers towards a peer, from a TTL on. */
  routerKeys(peer: Traced, flow: number, firstTtl: number = 1): string[] {
    const keys: string[] = [];
    for (let ttl = firstTtl; ttl < (this.length(peer, flow) ?? MAX_TTL); ttl++) keys.push(this.key(peer, flow, ttl));
    return keys;
  }
}

/** An answer of the target from behind its TTL, while the packet to that TTL itself was lost, does not make the path longer, unless it happens again. */
function lengthOf(old: Path | null, own: Path | null, { hops, reachedTtl }: Seen): number | null {
  const known = old?.length ?? null;
  if (reachedTtl === null || known === null || reachedTtl <= known || (own?.misses ?? 0) > 0) return reachedTtl ?? known;
  const there = hops.find((hop) => hop.ttl === known);
  return there !== undefined && there.sent && there.answer === null ? known : reachedTtl;
}
