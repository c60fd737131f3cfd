/**
 * The sums of one time range per peer, from the coarsest rollups that cover it. Histograms are merged here, counts by SQLite: a month of 24 peers is 17,000
 * rows, two million histogram bins.
 */
import { Histogram } from "../stats/histogram.ts";
import type { Database } from "./database.ts";
import { planRollups, type RollupSegment } from "./rollup-plan.ts";

export interface PeerTotals {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly late: number;
  readonly duplicate: number;
  readonly foreign: number;
  readonly sendFailed: number;
  readonly skipped: number;
  readonly blind: number;
  readonly doubtful: number;
  readonly heardExpected: number;
  readonly heardReceived: number;
  /** Null when nothing was received. */
  readonly rttMinUs: number | null;
  readonly rttMaxUs: number | null;
  readonly errorMaxUs: number | null;
  readonly p50Us: number | null;
  readonly p95Us: number | null;
  readonly p99Us: number | null;
}

interface SumCells {
  readonly peer_id: number;
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly late: number;
  readonly duplicate: number;
  readonly foreign_replies: number;
  readonly send_failed: number;
  readonly skipped: number;
  readonly blind: number;
  readonly doubtful: number;
  readonly heard_expected: number;
  readonly heard_received: number;
  readonly rtt_min_us: number | null;
  readonly rtt_max_us: number;
  readonly error_max_us: number;
}

const SUMS =
  [
    "sent",
    "received",
    "lost",
    "late",
    "duplicate",
    "foreign_replies",
    "send_failed",
    "skipped",
    "blind",
    "doubtful",
    "heard_expected",
    "heard_received",
  ]
    .map((column) => `SUM(${column}) AS ${column}`)
    .join(", ") + ", MIN(NULLIF(rtt_min_us, 0)) AS rtt_min_us, MAX(rtt_max_us) AS rtt_max_us, MAX(error_max_us) AS error_max_us";

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
  const totals = new Map<number, SumCells>();
  const histograms = new Map<number, Histogram>();
  for (const segment of plan(db, range)) {
    for (const row of readSums(db, segment, wanted)) {
      const earlier = totals.get(row.peer_id);
      totals.set(row.peer_id, earlier === undefined ? row : addSums(earlier, row));
    }
    mergeHistograms(db, segment, { wanted, into: histograms });
  }
  return new Map([...totals].map(([id, sums]) => [names.get(id) ?? `peer ${id}`, finish(sums, histograms.get(id))]));
}

/** End of the newest ten seconds in the store, null when there is none. */
export function lastDataMs(db: Database): number | null {
  const at = db.prepare<[], { at: number | null }>("SELECT MAX(at) AS at FROM rollups_10s").get()?.at ?? null;
  return at === null ? null : (at + 10) * 1000;
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

function readSums(db: Database, segment: RollupSegment, wanted: number | null): SumCells[] {
  const sql = `SELECT peer_id, ${SUMS} FROM ${segment.table} WHERE ${where(wanted)} GROUP BY peer_id`;
  return db.prepare<[number, number], SumCells>(sql).all(segment.from, segment.to);
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

function addSums(a: SumCells, b: SumCells): SumCells {
  return {
    peer_id: a.peer_id,
    sent: a.sent + b.sent,
    received: a.received + b.received,
    lost: a.lost + b.lost,
    late: a.late + b.late,
    duplicate: a.duplicate + b.duplicate,
    foreign_replies: a.foreign_replies + b.foreign_replies,
    send_failed: a.send_failed + b.send_failed,
    skipped: a.skipped + b.skipped,
    blind: a.blind + b.blind,
    doubtful: a.doubtful + b.doubtful,
    heard_expected: a.heard_expected + b.heard_expected,
    heard_received: a.heard_received + b.heard_received,
    rtt_min_us: a.rtt_min_us === null || (b.rtt_min_us !== null && b.rtt_min_us < a.rtt_min_us) ? b.rtt_min_us : a.rtt_min_us,
    rtt_max_us: Math.max(a.rtt_max_us, b.rtt_max_us),
    error_max_us: Math.max(a.error_max_us, b.error_max_us),
  };
}

function finish(sums: SumCells, histogram: Histogram | undefined): PeerTotals {
  const answered = sums.rtt_min_us !== null;
  // A bin stands for RTTs up to 1 % away; no quantile lies outside what was measured.
  const quantile = (q: number): number | null => {
    const us = histogram?.quantileUs(q) ?? null;
    return us === null || !answered ? us : Math.min(Math.max(us, sums.rtt_min_us ?? 0), sums.rtt_max_us);
  };
  return {
    sent: sums.sent,
    received: sums.received,
    lost: sums.lost,
    late: sums.late,
    duplicate: sums.duplicate,
    foreign: sums.foreign_replies,
    sendFailed: sums.send_failed,
    skipped: sums.skipped,
    blind: sums.blind,
    doubtful: sums.doubtful,
    heardExpected: sums.heard_expected,
    heardReceived: sums.heard_received,
    rttMinUs: sums.rtt_min_us,
    rttMaxUs: answered ? sums.rtt_max_us : null,
    errorMaxUs: answered ? sums.error_max_us : null,
    p50Us: quantile(0.5),
    p95Us: quantile(0.95),
    p99Us: quantile(0.99),
  };
}
