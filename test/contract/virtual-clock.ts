/** A clock that moves when it is told to: no test waits for time to pass. */
import type { Clock } from "../../src/wire/clock.ts";

/** 2026-11-21T04:12:00.000Z, the start of a ten-second period. */
export const WALL_MS: number = Date.UTC(2026, 10, 21, 4, 12, 0);

export class VirtualClock implements Clock {
  #nowUs = 1_000_000_000;
  #offsetMs: number = WALL_MS - 1_000_000;
  #labelOffsetMs: number = WALL_MS - 1_000_000;
  #sleptMs = 0;

  nowUs(): number {
    return this.#nowUs;
  }

  wallMs(monotonicUs: number): number {
    return Math.round(monotonicUs / 1000 + this.#labelOffsetMs);
  }

  look(): { readonly stepMs: number; readonly suspendedMs: number } {
    const stepMs = this.#offsetMs - this.#labelOffsetMs;
    const suspendedMs = this.#sleptMs;
    this.#labelOffsetMs = this.#offsetMs;
    this.#sleptMs = 0;
    return { stepMs, suspendedMs };
  }

  /** Never backwards. */
  set(us: number): void {
    if (us < this.#nowUs) throw new Error(`Cannot set the monotonic clock back by ${this.#nowUs - us} µs`);
    this.#nowUs = us;
  }

  /** Somebody sets the wall clock. */
  step(ms: number): void {
    this.#offsetMs += ms;
  }

  /** The machine sleeps: the monotonic clock stands still, the wall clock does not. */
  sleep(ms: number): void {
    this.#sleptMs += ms;
    this.#offsetMs += ms;
  }
}
