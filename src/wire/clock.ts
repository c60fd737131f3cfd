/**
 * Two clocks: the monotonic one measures, the wall clock only labels. Their offset is looked at once a second; a jump is a clock step (labels change, nothing
 * else does). The boot clock runs on while the machine sleeps, so its distance to the monotonic one tells of a suspend.
 */
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

export interface Clock {
  /** Monotonic, µs. */
  nowUs(): number;
  /** The wall clock's label for a monotonic time, ms since the epoch. */
  wallMs(monotonicUs: number): number;
  /** Looks at the clocks; call once a second. */
  look(): { readonly stepMs: number; readonly suspendedMs: number };
}

/** A larger jump of the wall clock is a step; NTP slews at most 0.5 ms in a second. */
const STEP_MS = 50;
/** /proc/uptime counts in 10 ms; a larger gap is a suspend. */
const SUSPEND_MS = 200;

function bootMs(): number | null {
  try {
    return Number(readFileSync("/proc/uptime", "latin1").split(" ", 1)[0]) * 1000;
  } catch {
    return null;
  }
}

export class SystemClock implements Clock {
  #offsetMs: number;
  #bootOffsetMs: number | null;

  constructor() {
    this.#offsetMs = Date.now() - performance.now();
    const boot = bootMs();
    this.#bootOffsetMs = boot === null ? null : boot - performance.now();
  }

  nowUs(): number {
    return performance.now() * 1000;
  }

  wallMs(monotonicUs: number): number {
    return Math.round(monotonicUs / 1000 + this.#offsetMs);
  }

  look(): { readonly stepMs: number; readonly suspendedMs: number } {
    const before = performance.now();
    const offsetMs = Date.now() - before;
    const boot = bootMs();
    const moved = offsetMs - this.#offsetMs;
    this.#offsetMs = offsetMs;
    let suspendedMs = 0;
    if (boot !== null && this.#bootOffsetMs !== null) {
      const bootOffset = boot - before;
      // Reading the file may itself be interrupted; only growth counts.
      suspendedMs = Math.max(0, bootOffset - this.#bootOffsetMs);
      this.#bootOffsetMs = bootOffset;
    }
    return { stepMs: Math.abs(moved) > STEP_MS ? moved : 0, suspendedMs: suspendedMs > SUSPEND_MS ? suspendedMs : 0 };
  }
}
