/**
 * Lets those at the door in before more bulk is worked on. The event loop accepts few connections a round, and a round with bulk in it lasts ten to twenty
 * milliseconds: then some tens of nodes a second come in, and the heads of all others wait outside until their nodes give up.
 */
import { setImmediate as nextRound } from "node:timers/promises";

/** However many come, bulk goes on after this time: the last of those that are let in at once (128) has its turn before its node gives up (10 s). */
const LONGEST_MS = 50;
/** Rounds without anybody: a handshake takes two, and its request follows. */
const QUIET_ROUNDS = 2;

export class Lull {
  readonly #nowMs: () => number;
  #arrivals = 0;
  #last: Promise<void> = Promise.resolve();

  /** A monotonic clock. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** A connection was accepted, or its handshake is done. */
  arrived(): void {
    this.#arrivals++;
  }

  /** Resolves when nobody has come for a moment; one caller after the other. */
  wait(): Promise<void> {
    this.#last = this.#last.then(() => this.#quiet());
    return this.#last;
  }

  async #quiet(): Promise<void> {
    const untilMs = this.#nowMs() + LONGEST_MS;
    for (let quiet = 0; quiet < QUIET_ROUNDS && this.#nowMs() < untilMs;) {
      const before = this.#arrivals;
      await nextRound();
      quiet = this.#arrivals === before ? quiet + 1 : 0;
    }
  }
}
