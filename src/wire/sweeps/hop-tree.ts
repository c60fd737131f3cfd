/**
 * The routers as this node sees them: a tree with ourselves at its root, in which a hop is one only where everything before it is the same too. Paths that
 * share a prefix share its nodes, so what one of them has asked the others know (Doubletree's idea, with the monitor itself as the root).
 */
import type { SweepAnswer } from "../../path/hop.ts";

/** Paths seen whole before what they have in common is taken for what all have. */
const MIN_PATHS = 3;

export interface HopNode {
  readonly ttl: number;
  /** Null for a router that never answered. */
  readonly address: string | null;
  readonly parent: HopNode | null;
  readonly next: Map<string | null, HopNode>;
  /** Paths through it. */
  users: number;
  /** When it was last asked, for whomever. */
  askedUs: number;
  /** Its last answer, and when that came. */
  answer: SweepAnswer | null;
  answeredUs: number;
}

function createNode(ttl: number, address: string | null, parent: HopNode | null): HopNode {
  return { ttl, address, parent, next: new Map(), users: 0, askedUs: -Infinity, answer: null, answeredUs: -Infinity };
}

export class HopTree {
  readonly #root = createNode(0, null, null);
  /** Per TTL: the addresses there and how many paths have each. */
  readonly #levels: Map<string | null, number>[] = [];
  /** Paths by their length: the TTL at which the target answers. */
  readonly #lengths: number[] = [];
  /** Paths of which every hop was asked for themselves. */
  #whole = 0;

  /** The nodes of a path, new ones where it leaves those that are known. */
  add(path: Shape): HopNode[] {
    let node = this.#root;
    const nodes = path.addresses.map((address, index) => {
      let next = node.next.get(address);
      if (next === undefined) node.next.set(address, (next = createNode(index + 1, address, node)));
      next.users++;
      const level = (this.#levels[index] ??= new Map());
      level.set(address, (level.get(address) ?? 0) + 1);
      return (node = next);
    });
    this.#count(path, 1);
    return nodes;
  }

  /** Of a path that was added with this shape. */
  remove(nodes: readonly HopNode[], path: Shape): void {
    for (const node of nodes) {
      const level = this.#levels[node.ttl - 1] as Map<string | null, number>;
      const left = (level.get(node.address) ?? 0) - 1;
      if (left > 0) level.set(node.address, left);
      else level.delete(node.address);
      if (--node.users === 0) node.parent?.next.delete(node.address);
    }
    this.#count(path, -1);
  }

  /** How many routers are known at a TTL. */
  routersAt(ttl: number): number {
    return this.#levels[ttl - 1]?.size ?? 0;
  }

  /** The router at a TTL where all known paths have the same one, else null. */
  onlyAt(ttl: number): string | null {
    const level = this.#levels[ttl - 1];
    return level?.size === 1 ? ([...level.keys()][0] ?? null) : null;
  }

  /** Whether a known path has its target at this TTL or nearer. */
  endsBy(ttl: number): boolean {
    for (let length = 1; length <= ttl; length++) if ((this.#lengths[length] ?? 0) > 0) return true;
    return false;
  }

  /** What all known paths begin with; empty while too few are known. */
  trunk(): HopNode[] {
    const trunk: HopNode[] = [];
    if (this.#whole < MIN_PATHS) return trunk;
    for (let node = this.#root; node.next.size === 1 && !this.endsBy(node.ttl + 1); trunk.push(node)) node = [...node.next.values()][0] as HopNode;
    return trunk;
  }

  #count({ length, assumed }: Shape, by: 1 | -1): void {
    if (length === null) return;
    this.#lengths[length] = (this.#lengths[length] ?? 0) + by;
    if (assumed === 0) this.#whole += by;
  }
}

export interface Shape {
  /** Routers by TTL − 1, silent ones as null. */
  readonly addresses: readonly (string | null)[];
  /** TTL at which the target answers, null while unknown. */
  readonly length: number | null;
  /** Up to this TTL some hops were never asked for this path, only for others. */
  readonly assumed: number;
}
