/**
 * When whoever was turned away may come again: one after the other, as fast as the work gets done. Two thousand nodes that are told "in a few seconds" spend more
 * on coming again and again (a handshake each) than on what they bring. One each: who asks again meanwhile is told the same time, and takes none from others.
 */

/** Of so many pieces of work the pace is learned; until then it is the usual one. A rest between them counts as the slowest: it is not known what they would take. */
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
  /** When who may come again, first booked first: as many as there are tokens at most. */
  readonly #booked = new Map<string, number>();

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
  next(holder: string): number {
    const nowMs = this.#nowMs();
    this.#forgetBefore(nowMs);
    let atMs = this.#booked.get(holder) ?? Number.NEGATIVE_INFINITY;
    if (atMs <= nowMs) {
      atMs = this.#book(nowMs);
      this.#booked.delete(holder);
      this.#booked.set(holder, atMs);
    }
    return Math.ceil((atMs - nowMs) / 1_000);
  }

  #book(nowMs: number): number {
    this.#nextMs = Math.max(nowMs + WAIT_MS.least, this.#nextMs + this.#paceMs(nowMs));
    if (this.#nextMs - nowMs <= WAIT_MS.most) return this.#nextMs;
    // The book is full: at any time in its second half.
    this.#nextMs = nowMs + WAIT_MS.most;
    return nowMs + (WAIT_MS.most * (1 + this.#random())) / 2;
  }

  /** One that is later than those behind it holds them here a minute at most. */
  #forgetBefore(nowMs: number): void {
    for (const [holder, atMs] of this.#booked) {
      if (atMs > nowMs) return;
      this.#booked.delete(holder);
    }
  }

  #paceMs(nowMs: number): number {
    const [first] = this.#doneMs;
    if (first === undefined || this.#doneMs.length < LEARNED_FROM) return USUAL_MS;
    return Math.min(PACE_MS.most, Math.max(PACE_MS.least, (nowMs - first) / LEARNED_FROM));
  }
}
