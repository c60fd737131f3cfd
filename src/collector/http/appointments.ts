/**
 * When whoever was turned away may come again: one after the other, as fast as the work gets done. Two thousand nodes that are told "in a few seconds" spend more
 * on coming again and again (a handshake each) than on what they bring.
 */

/** Of so many pieces of work the pace is learned; until then, and where there was a rest between them, it is the usual one. */
const LEARNED_FROM = 64;
const USUAL_MS = 25;
const PACE_MS = { least: 5, most: 50 } as const;
/** Whoever was just here need not come at once, and nobody is sent away for long: what is waited for may be over by then. */
const WAIT_MS = { least: 2_000, most: 60_000 } as const;

export class Appointments {
  readonly #nowMs: () => number;
  readonly #random: () => number;
  /** When work was done, the last LEARNED_FROM. */
  readonly #doneMs: number[] = [];
  #nextMs = Number.NEGATIVE_INFINITY;

  /** A monotonic clock. */
  constructor(nowMs: () => number = () => performance.now(), random: () => number = Math.random) {
    this.#nowMs = nowMs;
    this.#random = random;
  }

  /** A piece of work was finished. */
  done(): void {
    this.#doneMs.push(this.#nowMs());
    if (this.#doneMs.length > LEARNED_FROM) this.#doneMs.shift();
  }

  /** Whole seconds, for `Retry-After`. */
  next(): number {
    const nowMs = this.#nowMs();
    this.#nextMs = Math.max(nowMs + WAIT_MS.least, this.#nextMs + this.#paceMs(nowMs));
    const waitMs = this.#nextMs - nowMs;
    if (waitMs <= WAIT_MS.most) return Math.round(waitMs / 1_000);
    // The book is full: at any time in its second half.
    this.#nextMs = nowMs + WAIT_MS.most;
    return Math.round((WAIT_MS.most * (1 + this.#random())) / 2_000);
  }

  #paceMs(nowMs: number): number {
    const [first] = this.#doneMs;
    if (first === undefined || this.#doneMs.length < LEARNED_FROM) return USUAL_MS;
    return Math.min(PACE_MS.most, Math.max(PACE_MS.least, (nowMs - first) / LEARNED_FROM));
  }
}
