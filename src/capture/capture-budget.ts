/**
 * How many full captures (mtr and sweeps) one peer may have: a path with a thin loss all day must not fill the disk or be traced all day. Beyond it incidents
 * are still recorded with their samples, and the report says so. And when a lasting incident is captured again: after 60 s, 5 min, 30 min, then hourly.
 */
import { say } from "../phrases/evidence.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const RECAPTURE_MS: readonly number[] = [60_000, 300_000, 1_800_000];

/** Monotonic ms of the n-th recapture (from 0) after an incident opened. */
export function recaptureAt(openedAt: number, n: number): number {
  const planned = RECAPTURE_MS[n];
  return openedAt + (planned ?? (RECAPTURE_MS.at(-1) as number) + (n - RECAPTURE_MS.length + 1) * HOUR_MS);
}

export class CaptureBudget {
  readonly #hourly: number;
  readonly #daily: number;
  readonly #taken = new Map<string, number[]>();

  constructor(options: { readonly hourly: number; readonly daily: number }) {
    this.#hourly = options.hourly;
    this.#daily = options.daily;
  }

  /** Takes one, or says why there is none. `nowMs` is monotonic. */
  take(peer: string, nowMs: number): string | null {
    const taken = (this.#taken.get(peer) ?? []).filter((at) => nowMs - at < DAY_MS);
    this.#taken.set(peer, taken);
    if (taken.length >= this.#daily) return say("dayBudget", { n: this.#daily });
    if (taken.filter((at) => nowMs - at < HOUR_MS).length >= this.#hourly) return say("hourBudget", { n: this.#hourly });
    taken.push(nowMs);
    return null;
  }
}
