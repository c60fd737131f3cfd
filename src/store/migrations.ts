/**
 * The schemas, as numbered steps from the first version on. `user_version` counts the steps done. A step that was released is never edited: the next one changes it.
 *
 * Incidents and captures are small and read whole, so what belongs to one of them and is never asked for alone (bursts, facts, hops) is a JSON column, the
 * largest last: SQLite then reads past it only on demand. Sample blocks and lines are their own tables: lists must not touch them.
 */
import { EVIDENCE_OUTBOX, METRICS_OUTBOX } from "./outbox-schema.ts";

export interface Schema {
  /** File name in the data directory. */
  readonly file: string;
  readonly steps: readonly string[];
}

const META = `CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;`;

export const EVIDENCE_SCHEMA: Schema = {
  file: "evidence.db",
  steps: [
    `${META}
CREATE TABLE node (only INTEGER PRIMARY KEY CHECK (only = 1), body TEXT NOT NULL);
CREATE TABLE peers (name TEXT PRIMARY KEY, address TEXT NOT NULL, interval_ms REAL NOT NULL, first_reply_ms REAL, active INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE incidents (
  id TEXT PRIMARY KEY, event_id TEXT NOT NULL, continues TEXT, peer TEXT NOT NULL, address TEXT NOT NULL, kind TEXT, status TEXT NOT NULL,
  started_ms REAL NOT NULL, detected_ms REAL NOT NULL, ended_ms REAL, interval_ms REAL NOT NULL, timeout_ms REAL NOT NULL,
  baseline_capture_id TEXT, bursts TEXT NOT NULL);
CREATE INDEX incidents_started ON incidents (started_ms);
CREATE INDEX incidents_live ON incidents (status) WHERE status IN ('open', 'cooling');
CREATE INDEX incidents_baseline ON incidents (baseline_capture_id) WHERE baseline_capture_id IS NOT NULL;
CREATE TABLE captures (
  id TEXT PRIMARY KEY, incident_id TEXT, peer TEXT NOT NULL, kind TEXT NOT NULL, phase TEXT NOT NULL, trigger TEXT NOT NULL, tool TEXT NOT NULL, status TEXT NOT NULL,
  reason TEXT, flow INTEGER, source TEXT, target TEXT NOT NULL, reached INTEGER, asked_by TEXT, started_ms REAL NOT NULL, first_hop_ms REAL, finished_ms REAL,
  facts TEXT NOT NULL, hops TEXT NOT NULL);
CREATE INDEX captures_incident ON captures (incident_id, started_ms) WHERE incident_id IS NOT NULL;
CREATE INDEX captures_alone ON captures (trigger, peer, started_ms) WHERE incident_id IS NULL;
CREATE TABLE lines (capture_id TEXT NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (capture_id, number)) WITHOUT ROWID;
CREATE TABLE samples (
  incident_id TEXT NOT NULL, epoch INTEGER NOT NULL, start_slot INTEGER NOT NULL, started_ms REAL NOT NULL, interval_ms REAL NOT NULL, data BLOB NOT NULL,
  UNIQUE (incident_id, epoch, start_slot));
CREATE TABLE blind (started_ms REAL NOT NULL, cause TEXT NOT NULL, ended_ms REAL NOT NULL, detail TEXT, PRIMARY KEY (started_ms, cause)) WITHOUT ROWID;
CREATE TABLE tombstones (
  day TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL, from_ms REAL NOT NULL, to_ms REAL NOT NULL, rows INTEGER NOT NULL, PRIMARY KEY (day, what, reason)) WITHOUT ROWID;`,
    // Boots of the peers' agents, against replays; verdicts with the facts they rest on.
    `ALTER TABLE peers ADD COLUMN agent_epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE peers ADD COLUMN agent_silent_ms REAL;
CREATE TABLE verdicts (
  event_id TEXT NOT NULL, version INTEGER NOT NULL, at_ms REAL NOT NULL, sentence TEXT NOT NULL, verdict TEXT NOT NULL, facts TEXT NOT NULL, PRIMARY KEY (event_id, version)) WITHOUT ROWID;`,
    // Which baselines are oldest, without a look at the rows: their hops fill a page each.
    `CREATE INDEX captures_baselines ON captures (started_ms, peer, id) WHERE incident_id IS NULL AND trigger = 'baseline';`,
    // Names of hops from reverse DNS, null for none; one that changed is another row.
    `CREATE TABLE hop_names (
  address TEXT NOT NULL, since_ms REAL NOT NULL, name TEXT, asked_ms REAL NOT NULL, used_ms REAL NOT NULL, PRIMARY KEY (address, since_ms)) WITHOUT ROWID;`,
    // What is still to be told to a collector.
    EVIDENCE_OUTBOX,
  ],
};

const COUNTS = `sent INTEGER NOT NULL, received INTEGER NOT NULL, lost INTEGER NOT NULL, late INTEGER NOT NULL, duplicate INTEGER NOT NULL, foreign_replies INTEGER NOT NULL,
  send_failed INTEGER NOT NULL, skipped INTEGER NOT NULL, blind INTEGER NOT NULL, doubtful INTEGER NOT NULL,
  rtt_min_us INTEGER NOT NULL, rtt_max_us INTEGER NOT NULL, error_max_us INTEGER NOT NULL, histogram BLOB NOT NULL`;

function rollupTable(name: string): string {
  return `CREATE TABLE ${name} (at INTEGER NOT NULL, peer_id INTEGER NOT NULL, ${COUNTS}, PRIMARY KEY (at, peer_id)) WITHOUT ROWID;`;
}

export const METRICS_SCHEMA: Schema = {
  file: "metrics.db",
  // "at" is the start of the period in seconds.
  steps: [
    `${META}
CREATE TABLE peers (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
${rollupTable("rollups_10s")}
${rollupTable("rollups_1m")}
${rollupTable("rollups_1h")}`,
    // Requests of the peers, heard since.
    ["rollups_10s", "rollups_1m", "rollups_1h"]
      .flatMap((table) =>
        ["heard_expected", "heard_received"].map((column) => `ALTER TABLE ${table} ADD COLUMN ${column} INTEGER NOT NULL DEFAULT 0;`),
      )
      .join("\n"),
    METRICS_OUTBOX,
  ],
};
