/**
 * Whether a fleet is coming back at this moment. Then bulk is told to come later, for each body costs as much as several nodes at the door, and heads of incidents
 * come first. Not for ever: a fleet whose links are always bad is in a rush all day.
 */

/** Heads of so many nodes, on new connections, within this time; a node that is well keeps its connection. */
const NODES = 20;
const WITHIN_MS = 1_000;
const LONGEST_MS = 20_000;
/** From the beginning of one to that of the next. */
const EVERY_MS = 40_000;

export class Rush {
  readonly #nowMs: () => number;
  /** Who came of late, NODES at most, the first to come first. */
  #came: readonly { readonly node: string; readonly atMs: number }[] = [];
  #sinceMs = Number.NEGATIVE_INFINITY;

  /** A monotonic clock. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** A head came, on a new connection. Once a node: none alone is a fleet. */
  came(node: string): void {
    const nowMs = this.#nowMs();
    this.#came = [...this.#came.filter((one) => one.node !== node), { node, atMs: nowMs }].slice(-NODES);
    if (this.#isCrowded(nowMs) && nowMs - this.#sinceMs >= EVERY_MS) this.#sinceMs = nowMs;
  }

  get isOn(): boolean {
    const nowMs = this.#nowMs();
    return this.#isCrowded(nowMs) && nowMs - this.#sinceMs < LONGEST_MS;
  }

  #isCrowded(nowMs: number): boolean {
    const [first] = this.#came;
    return first !== undefined && this.#came.length === NODES && nowMs - first.atMs <= WITHIN_MS;
  }
}
