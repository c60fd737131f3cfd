/**
 * Whether a fleet is coming back at this moment. Then bulk is told to come later, for each body costs as much as several nodes at the door, and heads of incidents
 * come first. Not for ever: a fleet whose links are always bad comes all day. So does a large one that is well: above `crowdedAt` connections each hello is on a new
 * one. What is usual is therefore no rush, and one that lasts becomes usual.
 */

/** Heads of so many nodes, on new connections, within this time; a node that is well keeps its connection where there is room. */
const NODES = 20;
const WITHIN_MS = 1_000;
const LONGEST_MS = 20_000;
/** From the beginning of one to that of the next. */
const EVERY_MS = 40_000;
/** As many times as usual, at least: hellos once a minute are not spread evenly over it. */
const TIMES_USUAL = 3;
/** Over which what is usual is learned: two thousand nodes that took a minute to come back are not usual by that. */
const USUAL_MS = 300_000;

export class Rush {
  readonly #nowMs: () => number;
  /** Who came of late and when, the first to come first. */
  readonly #came = new Map<string, number>();
  /** How many came, each of them fading over USUAL_MS, as of then. */
  #usual = { nodes: 0, atMs: 0 };
  #sinceMs = Number.NEGATIVE_INFINITY;

  /** A monotonic clock. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** A head came, on a new connection. Once a node: none alone is a fleet, nor makes a fleet usual. */
  came(node: string): void {
    const nowMs = this.#nowMs();
    this.#forget(nowMs);
    if (!this.#came.delete(node)) this.#usual = { nodes: this.#usualAt(nowMs) + 1, atMs: nowMs };
    this.#came.set(node, nowMs);
    if (this.#isCrowded(nowMs) && nowMs - this.#sinceMs >= EVERY_MS) this.#sinceMs = nowMs;
  }

  get isOn(): boolean {
    const nowMs = this.#nowMs();
    this.#forget(nowMs);
    return this.#isCrowded(nowMs) && nowMs - this.#sinceMs < LONGEST_MS;
  }

  #isCrowded(nowMs: number): boolean {
    return this.#came.size >= Math.max(NODES, TIMES_USUAL * this.#usualAt(nowMs) * (WITHIN_MS / USUAL_MS));
  }

  #usualAt(nowMs: number): number {
    const { nodes, atMs } = this.#usual;
    return nodes * Math.exp((atMs - nowMs) / USUAL_MS);
  }

  #forget(nowMs: number): void {
    for (const [node, atMs] of this.#came) {
      if (nowMs - atMs <= WITHIN_MS) return;
      this.#came.delete(node);
    }
  }
}
