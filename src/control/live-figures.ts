/**
 * What the agent has seen of each peer since it started, in memory: counters that only grow, for metrics, and the last ten minutes by periods of ten seconds, for
 * the status. It is fed by the rollups that go to the store, so that nothing is counted twice or differently. A thousand peers take 1.5 MB.
 *
 * A probe that is answered late takes back the loss that was counted before (a correction, −1). A counter must never fall, for a reader would take that for a
 * restart of the agent: it stays where it is until the losses that follow have caught up.
 */
import { Histogram } from "../stats/histogram.ts";
import type { RollupRow } from "../store/rows.ts";

export const PERIOD_MS = 10_000;
/** Ten minutes. */
export const PERIODS = 60;
/** A period is told at most so many periods after its end. */
const TOLD_WITHIN = 1;
/** Upper ends of the buckets of round-trip times, seconds: from one rack to around the world. */
export const BUCKETS_S: readonly number[] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export const COUNTERS = [
  "sent",
  "received",
  "lost",
  "late",
  "duplicate",
  "foreign",
  "sendFailed",
  "skipped",
  "blind",
  "doubtful",
  "heardExpected",
  "heardReceived",
] as const;
export type Counter = (typeof COUNTERS)[number];

export interface PeerFigures {
  /** Never fall. */
  readonly totals: Readonly<Record<Counter, number>>;
  /** Values in each bucket of its own, not cumulative; the last is what exceeds all. */
  readonly buckets: Float64Array;
  /** Seconds, within 1 %. */
  readonly rttSumS: number;
  readonly rttCount: number;
}

export interface Period {
  readonly sent: number;
  readonly lost: number;
  readonly blind: number;
  /** Median and worst round-trip time, µs; 0 when nothing was received. */
  readonly p50Us: number;
  readonly maxUs: number;
}

class Figures implements PeerFigures {
  readonly totals: Record<Counter, number> = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<Counter, number>;
  /** As the rows add up: with corrections. */
  readonly sums: Record<Counter, number> = { ...this.totals };
  readonly buckets = new Float64Array(BUCKETS_S.length + 1);
  rttSumS = 0;
  rttCount = 0;
  /** Number of the newest period told. */
  newest = -1;
  readonly numbers = new Float64Array(PERIODS).fill(-1);
  readonly sent = new Int32Array(PERIODS);
  readonly lost = new Int32Array(PERIODS);
  readonly blind = new Int32Array(PERIODS);
  readonly p50Us = new Float32Array(PERIODS);
  readonly maxUs = new Float32Array(PERIODS);
}

export class LiveFigures {
  readonly #peers = new Map<string, Figures>();
  readonly #scratch = new Histogram();

  add(rows: readonly RollupRow[]): void {
    for (const row of rows) this.#add(row);
  }

  /** The peer is no longer in the configuration. */
  forget(peer: string): void {
    this.#peers.delete(peer);
  }

  of(peer: string): PeerFigures | null {
    return this.#peers.get(peer) ?? null;
  }

  /** The last periods, oldest first; null where nothing was told. `nowMs` is wall time, as the rows' own. */
  periods(peer: string, count: number, nowMs: number): (Period | null)[] {
    const figures = this.#peers.get(peer);
    // The wire tells a period a few seconds after its end: until then the one before is the last.
    const ended = Math.floor(nowMs / PERIOD_MS) - 1;
    const last = figures !== undefined && figures.newest < ended && figures.newest >= ended - TOLD_WITHIN ? figures.newest : ended;
    return Array.from({ length: count }, (_, index): Period | null => {
      const number = last - count + 1 + index;
      const place = number % PERIODS;
      if (figures === undefined || figures.numbers[place] !== number) return null;
      const at = (values: Int32Array | Float32Array): number => values[place] as number;
      return { sent: at(figures.sent), lost: at(figures.lost), blind: at(figures.blind), p50Us: at(figures.p50Us), maxUs: at(figures.maxUs) };
    });
  }

  #add(row: RollupRow): void {
    let figures = this.#peers.get(row.peer);
    if (figures === undefined) this.#peers.set(row.peer, (figures = new Figures()));
    const { totals, sums } = figures;
    for (const name of COUNTERS) {
      sums[name] += row[name];
      totals[name] = Math.max(totals[name], sums[name]);
    }
    this.#addPeriod(figures, row, this.#addRtts(figures, row));
  }

  /** Returns the median of the row, µs. */
  #addRtts(figures: Figures, row: RollupRow): number {
    if (row.histogram.length === 0) return 0;
    const histogram = this.#scratch;
    histogram.clear();
    histogram.mergeEncoded(row.histogram);
    let bucket = 0;
    histogram.forEach((us, count) => {
      const seconds = us / 1e6;
      while (bucket < BUCKETS_S.length && seconds > (BUCKETS_S[bucket] as number)) bucket++;
      figures.buckets[bucket] = (figures.buckets[bucket] as number) + count;
      figures.rttSumS += seconds * count;
      figures.rttCount += count;
    });
    return histogram.quantileUs(0.5) ?? 0;
  }

  #addPeriod(figures: Figures, row: RollupRow, p50Us: number): void {
    const number = Math.floor(row.atMs / PERIOD_MS);
    const place = number % PERIODS;
    const held = figures.numbers[place] as number;
    // A correction of a period that has left the window.
    if (number < held) return;
    if (number > held) {
      figures.newest = Math.max(figures.newest, number);
      figures.numbers[place] = number;
      for (const values of [figures.sent, figures.lost, figures.blind, figures.p50Us, figures.maxUs]) values[place] = 0;
    }
    figures.sent[place] = (figures.sent[place] as number) + row.sent;
    figures.lost[place] = (figures.lost[place] as number) + row.lost;
    figures.blind[place] = (figures.blind[place] as number) + row.blind;
    if (p50Us > 0) figures.p50Us[place] = p50Us;
    figures.maxUs[place] = Math.max(figures.maxUs[place] as number, row.rttMaxUs);
  }
}
