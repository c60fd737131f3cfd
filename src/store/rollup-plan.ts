/**
 * Which rollups cover a range: whole hours from the 1-h rows, the rest from 1-min rows, what those do not cover yet from 10-s rows. A range that begins or ends
 * inside an hour takes the finer rows of its edge, unless they have been evicted: then the whole hour counts (a little too much is shown rather than nothing).
 */
export type RollupTable = "rollups_10s" | "rollups_1m" | "rollups_1h";

export interface RollupSegment {
  readonly table: RollupTable;
  /** Start of the first period and end of the last one, seconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

export interface RollupCoverage {
  /** 1-h and 1-min rows are complete for the periods before these, seconds. */
  readonly hoursUntil: number;
  readonly minutesUntil: number;
  /** Start of the oldest 1-min and 10-s row that is left; Infinity when there is none. */
  readonly oldestMinute: number;
  readonly oldestTen: number;
}

export const TEN_S = 10;
export const MINUTE_S = 60;
export const HOUR_S = 3600;

/** Segments in order of time that cover [fromMs, untilMs) once, never twice. */
export function planRollups(fromMs: number, untilMs: number, coverage: RollupCoverage): RollupSegment[] {
  const from = floorTo(fromMs / 1000, TEN_S);
  const until = ceilTo(untilMs / 1000, TEN_S);
  if (until <= from) return [];
  const minutes = (low: number, high: number): RollupSegment[] =>
    split(low, high, {
      table: "rollups_1m",
      periodS: MINUTE_S,
      completeUntil: coverage.minutesUntil,
      oldestFiner: coverage.oldestTen,
      finer: (a, b) => [{ table: "rollups_10s", from: a, to: b }],
    });
  return split(from, until, {
    table: "rollups_1h",
    periodS: HOUR_S,
    completeUntil: coverage.hoursUntil,
    oldestFiner: coverage.oldestMinute,
    finer: minutes,
  });
}

interface Level {
  readonly table: RollupTable;
  readonly periodS: number;
  readonly completeUntil: number;
  readonly oldestFiner: number;
  readonly finer: (from: number, to: number) => RollupSegment[];
}

function split(from: number, to: number, level: Level): RollupSegment[] {
  const { periodS, completeUntil } = level;
  // An edge whose finer rows are gone is widened to the whole period, as long as that period has a row.
  const gone = (at: number): boolean => level.oldestFiner >= at;
  const firstEdge = ceilTo(from, periodS);
  const first = firstEdge > from && gone(firstEdge) ? firstEdge - periodS : firstEdge;
  const lastEdge = floorTo(to, periodS);
  const last = Math.min(lastEdge < to && gone(to) ? lastEdge + periodS : lastEdge, floorTo(completeUntil, periodS));
  if (last <= first) return level.finer(from, to);
  const before = first > from ? level.finer(from, first) : [];
  const after = to > last ? level.finer(last, to) : [];
  return [...before, { table: level.table, from: first, to: last }, ...after];
}

export function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step;
}

function ceilTo(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
