/**
 * How often each hop answers while all is well, and how fast: counts over the last half to whole hour, of the packets that were really sent to it, for whichever
 * peer. Two generations of half an hour, the older one dropped whole: figures stay counts of packets, and one bad minute is forgotten within the hour.
 */
import type { HopRtt } from "../path/hop.ts";

const GENERATION_MS = 30 * 60_000;
/** Hops remembered in each generation; beyond, new ones are not learned until the next. */
const MAX_HOPS = 40_000;

export interface HopCounts {
  readonly sent: number;
  readonly received: number;
  readonly rttMs: Required<HopRtt> | null;
}

interface Tally {
  sent: number;
  received: number;
  sumMs: number;
  /** Of squares. */
  sumMs2: number;
  last: number;
  best: number;
  worst: number;
}

export class HopHealth {
  #old = new Map<string, Tally>();
  #new = new Map<string, Tally>();
  #oldSinceMs = 0;
  #newSinceMs = 0;

  /** One packet to a hop; `rttMs` is null when it did not answer. */
  add(hop: string, packet: { readonly rttMs: number | null; readonly nowMs: number }): void {
    const { rttMs, nowMs } = packet;
    this.#turn(nowMs);
    let tally = this.#new.get(hop);
    if (tally === undefined) {
      if (this.#new.size >= MAX_HOPS) return;
      this.#new.set(hop, (tally = { sent: 0, received: 0, sumMs: 0, sumMs2: 0, last: 0, best: Infinity, worst: 0 }));
    }
    tally.sent++;
    if (rttMs === null) return;
    tally.received++;
    tally.sumMs += rttMs;
    tally.sumMs2 += rttMs ** 2;
    tally.last = rttMs;
    tally.best = Math.min(tally.best, rttMs);
    tally.worst = Math.max(tally.worst, rttMs);
  }

  /** Null for a hop that was not asked in that time. */
  of(hop: string): HopCounts | null {
    const tallies = [this.#old.get(hop), this.#new.get(hop)].filter((tally) => tally !== undefined);
    if (tallies.length === 0) return null;
    const sum = (of: (tally: Tally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
    const received = sum((tally) => tally.received);
    const best = Math.min(...tallies.map((tally) => tally.best));
    const worst = Math.max(...tallies.map((tally) => tally.worst));
    const mean = sum((tally) => tally.sumMs) / received;
    const squares = Math.max(0, sum((tally) => tally.sumMs2) - received * mean ** 2);
    const stdev = rounded(received < 2 ? 0 : Math.sqrt(squares / (received - 1)));
    const last = tallies.findLast((tally) => tally.received > 0)?.last ?? 0;
    return { sent: sum((tally) => tally.sent), received, rttMs: received === 0 ? null : { best, avg: rounded(mean), worst, last, stdev } };
  }

  /** Wall ms since when is counted. */
  sinceMs(): number {
    return this.#old.size > 0 ? this.#oldSinceMs : this.#newSinceMs;
  }

  /** A wall clock that was set back begins anew as well. */
  #turn(nowMs: number): void {
    const ageMs = nowMs - this.#newSinceMs;
    if (ageMs >= 0 && ageMs < GENERATION_MS) return;
    this.#old = ageMs >= 0 && ageMs < 2 * GENERATION_MS ? this.#new : new Map();
    this.#oldSinceMs = this.#newSinceMs;
    this.#new = new Map();
    this.#newSinceMs = nowMs;
  }
}

/** Whole microseconds. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
