/**
 * What a baseline asks. Hops that several paths share are asked once in ten seconds, for whichever peer comes first; for the others the answer completes the
 * path, so that two dozen peers behind one router cost it one packet in ten seconds. What a peer has for itself is asked each time.
 *
 * A peer whose path is unknown asks all it may. Where a router that is common to all known paths has no token left, it is taken to be on this path too until it
 * has: the report says so, and the first path that differs there ends it. Waiting for tokens instead leaves most peers without a baseline for minutes.
 */
import type { HopBudget } from "./hop-budget.ts";
import type { HopNode } from "./hop-tree.ts";
import { MAX_TTL, type Path, type Paths } from "./paths.ts";
import type { Traced } from "../peer.ts";

/** How often a hop that paths share is asked. */
const SHARED_US = 10_000_000;
/** How old an answer may be that completes the path of another. */
const COMPLETES_US = 60_000_000;

/** A sweep is over by then. */
const PENDING_US = 1_000_000;

export type HopPlan =
  /** `key` is null where no router is expected to answer. */
  | { readonly kind: "ask"; readonly key: string | null; readonly routers: number }
  | { readonly kind: "share"; readonly node: HopNode; readonly assumed: boolean }
  | { readonly kind: "deny" };

export interface BaselinePlan {
  /** By TTL − 1. */
  readonly hops: readonly HopPlan[];
  /** Nothing is left out for want of tokens. */
  readonly whole: boolean;
  /** Up to this TTL there are hops that were never asked for this path. */
  readonly assumed: number;
}

const FREE: HopPlan = { kind: "ask", key: null, routers: 1 };
const DENIED: HopPlan = { kind: "deny" };

export class BaselinePlans {
  readonly #paths: Paths;
  readonly #budget: HopBudget;
  /** Peers whose path was not what others made it look like: nothing is assumed of them any more. */
  readonly #doubted = new Set<Traced>();

  constructor(options: { readonly paths: Paths; readonly budget: HopBudget }) {
    this.#paths = options.paths;
    this.#budget = options.budget;
  }

  plan(peer: Traced, flow: number, nowUs: number): BaselinePlan {
    const path = this.#paths.of(peer, flow);
    const hops = path?.length != null ? this.#known(path, { peer, flow, nowUs }) : this.#unknown(peer, flow, nowUs);
    const assumed = hops.findLastIndex((hop) => hop.kind === "share" && hop.assumed) + 1;
    return { hops, whole: hops.every((hop) => hop.kind !== "deny"), assumed };
  }

  /** The hops of others do not fit what this peer's own packets found. */
  doubt(peer: Traced, flow: number): void {
    this.#doubted.add(peer);
    this.#paths.forget(peer, flow);
  }

  /** The path was seen, or is not assumed to be that of others. Drops an assumption that later paths have refuted. */
  isSure(peer: Traced, flow: number): boolean {
    const path = this.#paths.of(peer, flow);
    if (path === null || path.length === null) return false;
    if (path.assumed === 0) return true;
    if (this.#paths.tree(peer).trunk().length < path.assumed) this.#paths.forget(peer, flow);
    return false;
  }

  #known(path: Path, { peer, flow, nowUs }: { readonly peer: Traced; readonly flow: number; readonly nowUs: number }): HopPlan[] {
    const length = path.length as number;
    const last = path.misses > 0 ? this.#paths.lastTtl(peer, flow) : length;
    const keys = path.addresses.map((address, index) => address ?? `ttl ${index + 1}`);
    const mayAsk = keys.map((key) => this.#budget.available(key, { use: "baseline", nowUs }));
    const verify = mayAsk.slice(0, path.assumed).every(Boolean);
    return Array.from({ length: last }, (_, index): HopPlan => {
      const node = path.nodes[index];
      if (index + 1 >= length || node === undefined) return FREE;
      const assumed = index < path.assumed;
      const agoUs = nowUs - node.askedUs;
      const wanted = assumed ? verify : agoUs >= SHARED_US;
      if (wanted && mayAsk[index] === true) return { kind: "ask", key: keys[index] as string, routers: 1 };
      // It was asked a moment ago after long: what it answers is not known yet.
      if (agoUs < PENDING_US && nowUs - node.answeredUs > COMPLETES_US) return DENIED;
      return agoUs <= COMPLETES_US ? { kind: "share", node, assumed } : DENIED;
    });
  }

  #unknown(peer: Traced, flow: number, nowUs: number): HopPlan[] {
    const tree = this.#paths.tree(peer);
    const other = this.#paths.like(peer, flow);
    const trunk = other?.length == null && !this.#doubted.has(peer) ? tree.trunk() : [];
    return Array.from({ length: this.#paths.lastTtl(peer, flow) }, (_, index): HopPlan => {
      const ttl = index + 1;
      const routers = tree.routersAt(ttl);
      if ((other?.length != null && ttl >= other.length) || (routers === 0 && tree.endsBy(ttl))) return FREE;
      const key = this.#paths.key(peer, flow, ttl);
      // Where known paths differ a stranger's hop is one of several, or one more: as many may be asked as they may together.
      const share = key.startsWith("ttl ") ? Math.max(1, routers) : 1;
      if (this.#budget.available(key, { use: "baseline", nowUs, routers: share })) return { kind: "ask", key, routers: share };
      const node = trunk[index];
      return node !== undefined && nowUs - node.askedUs <= COMPLETES_US ? { kind: "share", node, assumed: true } : DENIED;
    }).slice(0, MAX_TTL);
  }
}
