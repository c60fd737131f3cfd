/**
 * The sums of one time range per peer, from the coarsest rollups that cover it. Histograms are merged here, counts by SQLite: a month of 24 peers is 17,000
 * rows, two million histogram bins.
 */
import { Histogram } from "../stats/histogram.ts";
import type { Database } from "./database.ts";
import { COUNT_COLUMNS, countsBy, ROLLUP_COUNTS } from "./rollup-counts.ts";
import { MINUTE_S, planRollups, TEN_S, type RollupSegment } from "./rollup-plan.ts";
import type { RollupCounts } from "./rows.ts";

export interface PeerTotals extends RollupCounts {
  /** Null when nothing was received. */
  readonly rttMinUs: number | null;
  readonly rttMaxUs: number | null;
  readonly errorMaxUs: number | null;
  readonly p50Us: number | null;
  readonly p95Us: number | null;
  readonly p99Us: number | null;
}

export interface PeerSums extends RollupCounts {
  /** Null when nothing was received. */
  readonly rttMinUs: number | null;
  readonly rttMaxUs: number;
  readonly errorMaxUs: number;
}

interface Sums extends PeerSums {
  readonly peerId: number;
}

const SUMS = [
  ...ROLLUP_COUNTS.map((count, index) => `SUM(${COUNT_COLUMNS[index]}) AS "${count}"`),
  "MIN(NULLIF(rtt_min_us, 0)) AS rttMinUs",
  "MAX(rtt_max_us) AS rttMaxUs",
  "MAX(error_max_us) AS errorMaxUs",
].join(", ");

/** Totals by peer name; a peer without a row in the range is not in it. `peer` narrows to one name. */
export function readPeerTotals(
  db: Database,
  range: { readonly sinceMs: number; readonly untilMs: number; readonly peer: string | null },
): Map<string, PeerTotals> {
  const names = new Map(
    db
      .prepare<[], { id: number; name: string }>("SELECT id, name FROM peers")
      .all()
      .map((row) => [row.id, row.name]),
  );
  const wanted = range.peer === null ? null : ([...names].find(([, name]) => name === range.peer)?.[0] ?? -1);
  const totals = new Map<number, Sums>();
  const histograms = new Map<number, Histogram>();
  for (const segment of plan(db, range)) {
    for (const row of readSums(db, segment, wanted)) {
      const earlier = totals.get(row.peerId);
      totals.set(row.peerId, earlier === undefined ? row : addSums(earlier, row));
    }
    mergeHistograms(db, segment, { wanted, into: histograms });
  }
  return new Map([...totals].map(([id, sums]) => [names.get(id) ?? `peer ${id}`, finishTotals(sums, histograms.get(id))]));
}

/** End of the newest ten seconds in the store, or of the newest minute where those are all there is; null when there is none. */
export function lastDataMs(db: Database): number | null {
  const newest = (table: "rollups_10s" | "rollups_1m"): number | null =>
    db.prepare<[], { at: number | null }>(`SELECT MAX(at) AS at FROM ${table}`).get()?.at ?? null;
  const at = newest("rollups_10s");
  if (at !== null) return (at + TEN_S) * 1000;
  const minute = newest("rollups_1m");
  return minute === null ? null : (minute + MINUTE_S) * 1000;
}

function plan(db: Database, range: { readonly sinceMs: number; readonly untilMs: number }): RollupSegment[] {
  const cursor = (table: string): number =>
    Number(db.prepare<[string], { value: unknown }>("SELECT value FROM meta WHERE key = ?").get(table)?.value ?? 0);
  const oldest = (table: string): number => db.prepare<[], { at: number | null }>(`SELECT MIN(at) AS at FROM ${table}`).get()?.at ?? Infinity;
  return planRollups(range.sinceMs, range.untilMs, {
    hoursUntil: cursor("rollups_1h"),
    minutesUntil: cursor("rollups_1m"),
    oldestMinute: oldest("rollups_1m"),
    oldestTen: oldest("rollups_10s"),
  });
}

function where(wanted: number | null): string {
  return `at >= ? AND at < ?${wanted === null ? "" : ` AND peer_id = ${wanted}`}`;
}

function readSums(db: Database, segment: RollupSegment, wanted: number | null): Sums[] {
  const sql = `SELECT peer_id AS peerId, ${SUMS} FROM ${segment.table} WHERE ${where(wanted)} GROUP BY peer_id`;
  return db.prepare<[number, number], Sums>(sql).all(segment.from, segment.to);
}

function mergeHistograms(
  db: Database,
  segment: RollupSegment,
  options: { readonly wanted: number | null; readonly into: Map<number, Histogram> },
): void {
  const rows = db
    .prepare<[number, number], [number, Uint8Array]>(`SELECT peer_id, histogram FROM ${segment.table} WHERE ${where(options.wanted)}`)
    .raw();
  for (const [peerId, bytes] of rows.iterate(segment.from, segment.to)) {
    let histogram = options.into.get(peerId);
    if (histogram === undefined) options.into.set(peerId, (histogram = new Histogram()));
    histogram.mergeEncoded(bytes);
  }
}

function addSums(a: Sums, b: Sums): Sums {
  return {
    ...countsBy((count) => a[count] + b[count]),
    peerId: a.peerId,
    rttMinUs: a.rttMinUs === null || (b.rttMinUs !== null && b.rttMinUs < a.rttMinUs) ? b.rttMinUs : a.rttMinUs,
    rttMaxUs: Math.max(a.rttMaxUs, b.rttMaxUs),
    errorMaxUs: Math.max(a.errorMaxUs, b.errorMaxUs),
  };
}

export function finishTotals(sums: PeerSums, histogram: Histogram | undefined): PeerTotals {
  const answered = sums.rttMinUs !== null;
  // A bin stands for RTTs up to 1 % away; no quantile lies outside what was measured.
  const quantile = (q: number): number | null => {
    const us = histogram?.quantileUs(q) ?? null;
    return us === null || !answered ? us : Math.min(Math.max(us, sums.rttMinUs ?? 0), sums.rttMaxUs);
  };
  return {
    ...countsBy((count) => sums[count]),
    rttMinUs: sums.rttMinUs,
    rttMaxUs: answered ? sums.rttMaxUs : null,
    errorMaxUs: answered ? sums.errorMaxUs : null,
    p50Us: quantile(0.5),
    p95Us: quantile(0.95),
    p99Us: quantile(0.99),
  };
}
