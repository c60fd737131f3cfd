/** The SQL that both databases share: where rows go to, and what a row that is there already gives way to. The rows come before, in the words of each. */
import { COUNT_COLUMNS } from "./migrations.ts";

const set = (columns: readonly string[]): string => columns.map((column) => `${column} = excluded.${column}`).join(", ");

export const NODE_COLUMNS = "node, version, address, first_heard_ms, last_heard_ms, clock_offset_ms, clock_error_ms, backlog, blind_since_ms";

/** The last delivery counts, whatever its clock says. What a node does not know for a moment, as its clock after a start, stays as it was. */
export const NODE_CONFLICT = `ON CONFLICT (node) DO UPDATE SET
  version = COALESCE(excluded.version, nodes.version), address = COALESCE(excluded.address, nodes.address), last_heard_ms = excluded.last_heard_ms,
  clock_offset_ms = COALESCE(excluded.clock_offset_ms, nodes.clock_offset_ms), clock_error_ms = COALESCE(excluded.clock_error_ms, nodes.clock_error_ms),
  backlog = excluded.backlog, blind_since_ms = excluded.blind_since_ms`;

export const LANE_COLUMNS = "node, db, lane, acked_seq";
export const LANE_CONFLICT = "ON CONFLICT (node, db, lane) DO UPDATE SET acked_seq = excluded.acked_seq";

export const TOMBSTONE_COLUMNS = "node, db, lane, reason, numbers, first_ms, last_ms";
export const TOMBSTONE_CONFLICT =
  "ON CONFLICT (node, db, lane, reason) DO UPDATE SET numbers = tombstones.numbers + excluded.numbers, last_ms = excluded.last_ms";

export const RECORD_COLUMNS =
  "node, type, id, version, rank, parent, peer, at_ms, until_ms, received_ms, digest, digest_ms, clock_offset_ms, clock_error_ms, data";

const CHANGED = "records.digest IS NOT NULL AND excluded.digest <> records.digest AND excluded.digest <> COALESCE(records.changed_digest, '')";

/** The clock is that of the first digest: COALESCE would mix it with a later one where the first came without. */
export const RECORD_CONFLICT: string = `ON CONFLICT (node, type, id) DO UPDATE SET
  ${set(["version", "rank", "parent", "peer", "at_ms", "until_ms", "received_ms", "data"])},
  digest = COALESCE(records.digest, excluded.digest),
  ${["digest_ms", "clock_offset_ms", "clock_error_ms"]
    .map((column) => `${column} = CASE WHEN records.digest IS NULL THEN excluded.${column} ELSE records.${column} END`)
    .join(", ")},
  changed_digest = CASE WHEN ${CHANGED} THEN excluded.digest ELSE records.changed_digest END,
  changed_digest_ms = CASE WHEN ${CHANGED} THEN excluded.received_ms ELSE records.changed_digest_ms END
WHERE excluded.rank > records.rank OR (excluded.rank = records.rank AND excluded.version > records.version)`;

export const ROLLUP_COLUMNS_SQL: string = ["node", "at", "peer", "version", ...COUNT_COLUMNS, "histogram"].join(", ");
export const ROLLUP_CONFLICT: string = `ON CONFLICT (node, at, peer) DO UPDATE SET ${set(["version", ...COUNT_COLUMNS, "histogram"])}
WHERE excluded.version > rollups.version`;

export const STORED_RECORD_COLUMNS =
  "node, type, id, version, parent, peer, at_ms, until_ms, received_ms, digest, digest_ms, clock_offset_ms, clock_error_ms, changed_digest, changed_digest_ms, data";

export const TOMBSTONE_SUMS = `SELECT node, lane, reason, CAST(SUM(numbers) AS BIGINT) AS numbers, MIN(first_ms) AS first_ms, MAX(last_ms) AS last_ms
FROM tombstones GROUP BY node, lane, reason ORDER BY node, lane, reason`;

/** Rows that one call deletes: some ten milliseconds, in which SQLite does nothing else. */
export const EVICT_ROWS = 1_000;
