/**
 * The collector's wall clock minus ours, from the four times of an exchange (RFC 5905 section 8): of the last minutes the one with the least delay, because only
 * delay that is not the same both ways makes it wrong, and by half of it at most. Kept against the monotonic clock, so that setting our wall clock changes nothing of it.
 */
import type { SyncClock } from "./clock.ts";

const KEPT_MS = 300_000;
/** One in a few seconds at most is remembered. */
const MAX_KEPT = 100;
/** RFC 5905's PHI: how fast two clocks part. */
const DRIFT = 15e-6;
/** The collector's times are whole milliseconds. */
const RESOLUTION_MS = 1;
const LOOKS = 5;
/** Half the time between two looks, with the resolution: nothing came between them. */
const QUICK_MS = 0.6;

export interface Exchange4 {
  /** Ours, monotonic ms: the request was written, the answer was there. */
  readonly writtenMs: number;
  readonly answeredMs: number;
  /** The collector's, wall ms. */
  readonly theirReceivedMs: number;
  readonly theirAnsweredMs: number;
}

interface Sample {
  readonly atMs: number;
  /** The collector's wall clock minus our monotonic one. */
  readonly aheadMs: number;
  readonly delayMs: number;
}

export class ExchangeClock {
  readonly #clock: SyncClock;
  #samples: Sample[] = [];

  constructor(clock: SyncClock) {
    this.#clock = clock;
  }

  add({ writtenMs, answeredMs, theirReceivedMs, theirAnsweredMs }: Exchange4): void {
    const delayMs = answeredMs - writtenMs - (theirAnsweredMs - theirReceivedMs);
    // Its clock was set meanwhile, or it says nonsense.
    if (theirAnsweredMs < theirReceivedMs || delayMs < -RESOLUTION_MS) return;
    const aheadMs = (theirReceivedMs - writtenMs + (theirAnsweredMs - answeredMs)) / 2;
    this.#samples = [...this.#fresh(), { atMs: answeredMs, aheadMs, delayMs: Math.max(0, delayMs) }].slice(-MAX_KEPT);
  }

  /** Another collector has another clock. */
  forget(): void {
    this.#samples = [];
  }

  /** Our wall clock plus `offset_ms` is the collector's; null while nothing is known. */
  get reading(): { readonly offset_ms: number; readonly error_ms: number } | null {
    const nowMs = this.#clock.nowMs();
    const error = ({ delayMs, atMs }: Sample): number => delayMs / 2 + (nowMs - atMs) * DRIFT;
    const [first, ...others] = this.#fresh();
    if (first === undefined) return null;
    const best = others.reduce((best, sample) => (error(sample) < error(best) ? sample : best), first);
    const own = this.#wallAhead();
    const offsetMs = best.aheadMs - own.aheadMs;
    return { offset_ms: Math.round(offsetMs * 10) / 10, error_ms: Math.round((error(best) + own.errorMs + RESOLUTION_MS) * 10) / 10 };
  }

  /** Our wall clock minus the monotonic one. Between two looks we may have to wait for a processor: of a few tries the quickest counts. */
  #wallAhead(): { readonly aheadMs: number; readonly errorMs: number } {
    let best = { aheadMs: 0, errorMs: Number.POSITIVE_INFINITY };
    for (let look = 0; look < LOOKS && best.errorMs > QUICK_MS; look++) {
      const before = this.#clock.nowMs();
      const wallMs = this.#clock.wallMs();
      const after = this.#clock.nowMs();
      // A whole millisecond: on average it is half of one behind.
      const errorMs = (after - before) / 2 + RESOLUTION_MS / 2;
      if (errorMs < best.errorMs) best = { aheadMs: wallMs - (before + after) / 2, errorMs };
    }
    return best;
  }

  #fresh(): Sample[] {
    const sinceMs = this.#clock.nowMs() - KEPT_MS;
    return this.#samples.filter(({ atMs }) => atMs >= sinceMs);
  }
}
