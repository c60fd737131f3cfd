/**
 * The collector's tables, as numbered steps from the first version on; the same in both databases but for the words below. A step that was released is never
 * edited. Several collectors of different versions may use one database while they are updated one by one, so a step only adds.
 *
 * Every statement can be run twice: not every engine that speaks PostgreSQL undoes a CREATE with its transaction. `node` comes first in every key, so that an
 * engine that spreads tables over machines can keep a node together; only `files` is looked up by the file alone, for that is how a foreign one is noticed.
 */
import { ROLLUP_COLUMNS } from "../../sync/record-types.ts";

export interface Dialect {
  readonly blob: string;
  /** Behind a table whose rows are small: they are stored in the order of the key. */
  readonly clustered: string;
}

export const SQLITE: Dialect = { blob: "BLOB", clustered: " WITHOUT ROWID" };
export const POSTGRES: Dialect = { blob: "BYTEA", clustered: "" };

/** What a rollup counts, in the order of `ParsedRollup.counts`: without `at` and `peer` before, and the histogram behind. */
export const COUNT_COLUMNS: readonly string[] = ROLLUP_COLUMNS.slice(2, -1);

/** The columns of step 1. A count that is added later is a step of its own. */
const FIRST_COUNTS =
  "sent received lost late duplicate foreign_replies send_failed skipped blind doubtful rtt_min_us rtt_max_us error_max_us heard_expected heard_received".split(
    " ",
  );

export function migrations(dialect: Dialect): readonly (readonly string[])[] {
  const { blob, clustered } = dialect;
  return [
    [
      `CREATE TABLE IF NOT EXISTS nodes (
  node TEXT NOT NULL PRIMARY KEY, version TEXT, address TEXT, first_heard_ms DOUBLE PRECISION NOT NULL, last_heard_ms DOUBLE PRECISION NOT NULL,
  clock_offset_ms DOUBLE PRECISION, clock_error_ms DOUBLE PRECISION, backlog TEXT NOT NULL, blind_since_ms DOUBLE PRECISION)`,
      `CREATE TABLE IF NOT EXISTS files (db TEXT NOT NULL PRIMARY KEY, node TEXT NOT NULL)`,
      `CREATE TABLE IF NOT EXISTS lanes (node TEXT NOT NULL, db TEXT NOT NULL, lane BIGINT NOT NULL, acked_seq BIGINT NOT NULL, PRIMARY KEY (node, db, lane))`,
      `CREATE TABLE IF NOT EXISTS tombstones (
  node TEXT NOT NULL, db TEXT NOT NULL, lane BIGINT NOT NULL, reason TEXT NOT NULL, numbers BIGINT NOT NULL,
  first_ms DOUBLE PRECISION NOT NULL, last_ms DOUBLE PRECISION NOT NULL, PRIMARY KEY (node, db, lane, reason))`,
      // until_ms: infinite for what lasts, so that one index finds what is not over yet.
      `CREATE TABLE IF NOT EXISTS records (
  node TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, version BIGINT NOT NULL, rank BIGINT NOT NULL, parent TEXT, peer TEXT,
  at_ms DOUBLE PRECISION NOT NULL, until_ms DOUBLE PRECISION NOT NULL, received_ms DOUBLE PRECISION NOT NULL,
  digest TEXT, digest_ms DOUBLE PRECISION, clock_offset_ms DOUBLE PRECISION, clock_error_ms DOUBLE PRECISION, changed_digest TEXT,
  changed_digest_ms DOUBLE PRECISION, data TEXT NOT NULL, PRIMARY KEY (node, type, id))`,
      `CREATE INDEX IF NOT EXISTS records_id ON records (type, id)`,
      `CREATE INDEX IF NOT EXISTS records_at ON records (type, at_ms)`,
      `CREATE INDEX IF NOT EXISTS records_until ON records (type, until_ms)`,
      `CREATE INDEX IF NOT EXISTS records_parent ON records (parent) WHERE parent IS NOT NULL`,
      `CREATE TABLE IF NOT EXISTS rollups (
  node TEXT NOT NULL, at BIGINT NOT NULL, peer TEXT NOT NULL, version BIGINT NOT NULL, ${FIRST_COUNTS.map((name) => `${name} BIGINT NOT NULL`).join(", ")},
  histogram ${blob} NOT NULL, PRIMARY KEY (node, at, peer))${clustered}`,
    ],
  ];
}
