/** Time that passes when a test says so. What a timer wakes gets a turn of the event loop before the next one runs. */
import { setImmediate as turn } from "node:timers/promises";
import type { SyncClock } from "../../../src/sync/clock.ts";

export const WALL_MS: number = Date.UTC(2026, 10, 21, 4, 12, 0);

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

export class FakeClock implements SyncClock {
  #nowMs = 1_000_000;
  /** The wall clock minus the monotonic one. */
  #offsetMs: number = WALL_MS - 1_000_000;
  #timers: Timer[] = [];

  readonly nowMs = (): number => this.#nowMs;
  readonly wallMs = (): number => Math.round(this.#nowMs + this.#offsetMs);
  readonly after = (ms: number, run: () => void): (() => void) => {
    const timer = { atMs: this.#nowMs + ms, run };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  };

  /** Of timers that have been set and not run. */
  get waiting(): number {
    return this.#timers.length;
  }

  setWall(byMs: number): void {
    this.#offsetMs += byMs;
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await settle();
      const next = this.#timers
        .filter(({ atMs }) => atMs <= endMs)
        .reduce<Timer | null>((best, timer) => (best === null || timer.atMs < best.atMs ? timer : best), null);
      if (next === null) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = endMs;
    await settle();
  }
}

/** Promises that are ready have run on. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 6; round++) await turn();
}
