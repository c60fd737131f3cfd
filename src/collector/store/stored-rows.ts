/** What comes back from either database, in domain words. Both give numbers, strings, null and bytes. */
import type { Lane, LaneBacklog, TombstoneReason } from "../../sync/wire.ts";
import { COUNT_COLUMNS } from "./migrations.ts";
import type { StoredNode, StoredRecord, StoredRollup, TombstoneCount } from "./port.ts";

type Clock = { readonly offsetMs: number; readonly errorMs: number } | null;

export interface RecordRow {
  readonly node: string;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly parent: string | null;
  readonly peer: string | null;
  readonly at_ms: number;
  readonly until_ms: number;
  readonly received_ms: number;
  readonly digest: string | null;
  readonly digest_ms: number | null;
  readonly clock_offset_ms: number | null;
  readonly clock_error_ms: number | null;
  readonly changed_digest: string | null;
  readonly changed_digest_ms: number | null;
  readonly data: string;
}

export interface NodeRow {
  readonly node: string;
  readonly version: string | null;
  readonly address: string | null;
  readonly first_heard_ms: number;
  readonly last_heard_ms: number;
  readonly clock_offset_ms: number | null;
  readonly clock_error_ms: number | null;
  readonly backlog: string;
  readonly blind_since_ms: number | null;
}

export interface TombstoneRow {
  readonly node: string;
  readonly lane: Lane;
  readonly reason: TombstoneReason;
  readonly numbers: number;
  readonly first_ms: number;
  readonly last_ms: number;
}

export type RollupRow = Readonly<Record<string, unknown>> & {
  readonly node: string;
  readonly at: number;
  readonly peer: string;
  readonly version: number;
  readonly histogram: Uint8Array;
};

export function storedRecord(row: RecordRow): StoredRecord {
  return {
    node: row.node,
    type: row.type,
    id: row.id,
    version: row.version,
    parent: row.parent,
    peer: row.peer,
    atMs: row.at_ms,
    untilMs: row.until_ms === Infinity ? null : row.until_ms,
    receivedMs: row.received_ms,
    digest: row.digest,
    digestMs: row.digest_ms,
    clockOffsetMs: row.clock_offset_ms,
    clockErrorMs: row.clock_error_ms,
    changedDigest: row.changed_digest,
    changedDigestMs: row.changed_digest_ms,
    data: row.data,
  };
}

export function storedRollup(row: RollupRow): StoredRollup {
  return {
    node: row.node,
    at: row.at,
    peer: row.peer,
    version: row.version,
    counts: COUNT_COLUMNS.map((column) => Number(row[column])),
    histogram: row.histogram,
  };
}

export function storedNodes(rows: readonly NodeRow[], tombstones: readonly TombstoneRow[]): StoredNode[] {
  const counts = Map.groupBy(tombstones, ({ node }) => node);
  return rows
    .map((row) => ({
      node: row.node,
      version: row.version,
      address: row.address,
      firstHeardMs: row.first_heard_ms,
      lastHeardMs: row.last_heard_ms,
      clock: clockOf(row),
      backlog: JSON.parse(row.backlog) as LaneBacklog[],
      blindSinceMs: row.blind_since_ms,
      tombstones: (counts.get(row.node) ?? []).map(tombstoneCount),
    }))
    .sort((a, b) => compare(a.node, b.node));
}

function clockOf(row: NodeRow): Clock {
  return row.clock_offset_ms === null || row.clock_error_ms === null ? null : { offsetMs: row.clock_offset_ms, errorMs: row.clock_error_ms };
}

function tombstoneCount(row: TombstoneRow): TombstoneCount {
  return { lane: row.lane, reason: row.reason, numbers: row.numbers, firstMs: row.first_ms, lastMs: row.last_ms };
}

/** By time; of the same time in an order that no locale changes, for PostgreSQL sorts text as its database was made. */
export function byTime(a: StoredRecord, b: StoredRecord): number {
  return a.atMs - b.atMs || compare(a.node, b.node) || compare(a.type, b.type) || compare(a.id, b.id);
}

export function byMinute(a: StoredRollup, b: StoredRollup): number {
  return a.at - b.at || compare(a.node, b.node) || compare(a.peer, b.peer);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
