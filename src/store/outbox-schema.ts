/**
 * What is still to be told to a collector, as tables and triggers of the schema. The triggers are on the data, so that what is queued is in the same transaction
 * as what it tells of, and no writer can forget it.
 *
 * `outbox` has at most one row a record: a change takes it out and puts it in again with the next number of its lane. The numbers that this leaves free are told as
 * `replaced`; `outbox_gaps` has those that are free for another reason. Who reads the row, reads it as it is then (store-outbox.ts).
 *
 * No trigger has a conflict clause: SQLite puts that of the statement that fired it in its place. `INSERT OR REPLACE` fires only the trigger for the insert, an upsert
 * that updates only the one for the update.
 *
 * `evidence_digests`: since when nothing of an incident's evidence has changed, and its digest once it is settled (settle.ts).
 *
 * All this is part of released steps: never edited.
 */
import type { EvidenceTable } from "../sync/record-types.ts";
import { idSql } from "./record-keys.ts";

const NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/**
 * `lanes`: `told_seq` is the highest number that was ever acknowledged, also under an earlier id of the file; `seed` where telling everything again has got to, null
 * when that is not under way; `seed_ms` when it was begun last, `seed_due` that it is to be begun once more. A new database has no row in it: one would be data (emptied.ts).
 */
const LANES = `
CREATE TABLE lanes (
  lane INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, acked_seq INTEGER NOT NULL, told_seq INTEGER NOT NULL, version INTEGER NOT NULL,
  seed TEXT, seed_ms INTEGER, seed_due INTEGER NOT NULL);
CREATE TABLE outbox_gaps (lane INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (lane, first)) WITHOUT ROWID;
CREATE TABLE refused (type TEXT NOT NULL, id TEXT NOT NULL, lane INTEGER NOT NULL, code TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (type, id)) WITHOUT ROWID;`;

/** Into `enqueue` goes what has changed, into `unqueue` what is gone: the two doors of the outbox. */
const DOORS = `
CREATE TABLE outbox (lane INTEGER NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (lane, seq)) WITHOUT ROWID;
CREATE UNIQUE INDEX outbox_records ON outbox (type, id);
CREATE VIEW enqueue AS SELECT lane, type, id FROM outbox;
CREATE TRIGGER enqueue_one INSTEAD OF INSERT ON enqueue BEGIN
  DELETE FROM outbox WHERE type = NEW.type AND id = NEW.id;
  DELETE FROM refused WHERE type = NEW.type AND id = NEW.id;
  INSERT INTO lanes (lane, last_seq, acked_seq, told_seq, version, seed_due) SELECT NEW.lane, 0, 0, 0, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM lanes WHERE lane = NEW.lane);
  UPDATE lanes SET last_seq = last_seq + 1, version = max(version + 1, ${NOW}) WHERE lane = NEW.lane;
  INSERT INTO outbox (lane, seq, type, id, version) SELECT lane, last_seq, NEW.type, NEW.id, version FROM lanes WHERE lane = NEW.lane;
END;
CREATE VIEW unqueue AS SELECT type, id FROM outbox;
CREATE TRIGGER unqueue_one INSTEAD OF INSERT ON unqueue BEGIN
  INSERT INTO outbox_gaps (lane, first, last, reason) SELECT lane, seq, seq, 'evicted' FROM outbox WHERE type = NEW.type AND id = NEW.id;
  DELETE FROM outbox WHERE type = NEW.type AND id = NEW.id;
  DELETE FROM refused WHERE type = NEW.type AND id = NEW.id;
END;`;

/** A head that has told of a digest is told again without it. */
const DIGESTS = `
CREATE TABLE evidence_digests (incident_id TEXT PRIMARY KEY, changed_ms INTEGER NOT NULL, format TEXT, sha256 TEXT, rows INTEGER, bytes INTEGER) WITHOUT ROWID;
CREATE INDEX evidence_digests_unsettled ON evidence_digests (changed_ms) WHERE sha256 IS NULL;
CREATE TRIGGER evidence_digests_taken_back AFTER UPDATE ON evidence_digests WHEN OLD.sha256 IS NOT NULL AND NEW.sha256 IS NULL BEGIN
  INSERT INTO enqueue (lane, type, id) SELECT 0, 'incident', NEW.incident_id;
END;`;

/** Before there were outboxes: all of it is to be told. */
const SEED_WHAT_IS_STORED = [0, 1, 3]
  .map(
    (lane) => `
INSERT INTO lanes (lane, last_seq, acked_seq, told_seq, version, seed, seed_due) SELECT ${lane}, 0, 0, 0, 0, '{}', 0 WHERE
  EXISTS (SELECT 1 FROM incidents) OR EXISTS (SELECT 1 FROM captures) OR EXISTS (SELECT 1 FROM node) OR EXISTS (SELECT 1 FROM peers) OR EXISTS (SELECT 1 FROM blind);`,
  )
  .join("");

function enqueue(lane: number, type: string, id: string): string {
  return `INSERT INTO enqueue (lane, type, id) SELECT ${lane}, '${type}', ${id}`;
}

function unqueue(type: string, id: string): string {
  return `INSERT INTO unqueue (type, id) SELECT '${type}', ${id}`;
}

/** Something of the evidence of these incidents has changed: an id, or a query in brackets. */
function unsettle(incidents: string): string {
  return `UPDATE evidence_digests SET changed_ms = ${NOW}, sha256 = NULL WHERE incident_id IN ${incidents};`;
}

/** A baseline that belongs to no incident is told only once an incident refers to it; one that waits has changed all the same. */
const IS_TOLD = `(NEW.incident_id IS NOT NULL OR NEW.trigger <> 'baseline' OR EXISTS (SELECT 1 FROM incidents WHERE baseline_capture_id = NEW.id)
    OR EXISTS (SELECT 1 FROM outbox WHERE type = 'row.captures' AND id = NEW.id))`;
const IS_TOLD_LATER = `EXISTS (SELECT 1 FROM captures WHERE id = NEW.capture_id AND status = 'running')
    AND NOT EXISTS (SELECT 1 FROM outbox WHERE type = 'row.lines' AND id = ${idSql("lines", "NEW.")})`;
const REFERRING = "(SELECT id FROM incidents WHERE baseline_capture_id = NEW.id)";

/** Of a row that is new or changed; `lane` is where rows of the table go. Lines wait for the end of their capture. */
const CHANGED: Readonly<Record<EvidenceTable, string>> = {
  incidents: `
  ${enqueue(1, "row.incidents", "NEW.id")};
  ${enqueue(0, "incident", "NEW.id")};
  INSERT INTO evidence_digests (incident_id, changed_ms) SELECT NEW.id, ${NOW} WHERE NOT EXISTS (SELECT 1 FROM evidence_digests WHERE incident_id = NEW.id);
  ${unsettle("(NEW.id)")}
  ${enqueue(1, "row.captures", "id")} FROM captures WHERE id = NEW.baseline_capture_id AND incident_id IS NULL;`,
  captures: `
  ${enqueue(1, "row.captures", "NEW.id")} WHERE ${IS_TOLD};
  ${unsettle("(NEW.incident_id)")}
  ${unsettle(REFERRING)}`,
  lines: `
  ${enqueue(1, "row.lines", idSql("lines", "NEW."))} WHERE NOT (${IS_TOLD_LATER});
  ${unsettle("(SELECT incident_id FROM captures WHERE id = NEW.capture_id)")}`,
  samples: `
  ${enqueue(3, "row.samples", idSql("samples", "NEW."))};
  ${unsettle("(NEW.incident_id)")}`,
  verdicts: `
  ${enqueue(1, "row.verdicts", idSql("verdicts", "NEW."))};
  ${enqueue(0, "verdict", "NEW.event_id")};`,
  blind: `
  ${enqueue(1, "row.blind", idSql("blind", "NEW."))};`,
  peers: `
  ${enqueue(1, "row.peers", "NEW.name")};`,
  node: `
  ${enqueue(1, "row.node", idSql("node", "NEW."))};`,
  hop_names: `
  ${enqueue(1, "row.hop_names", idSql("hop_names", "NEW."))};`,
};

/** Of a row that is gone. What is gone was evicted or has expired: that changes no digest. */
const DELETED: Readonly<Partial<Record<EvidenceTable, string>>> = {
  incidents: `
  ${unqueue("incident", "OLD.id")};
  DELETE FROM evidence_digests WHERE incident_id = OLD.id;`,
  verdicts: `
  ${unqueue("verdict", "OLD.event_id")} WHERE NOT EXISTS (SELECT 1 FROM verdicts WHERE event_id = OLD.event_id);`,
};

/** As the tables were then. A row that is written again as it was is no change. */
const COLUMNS: Readonly<Record<EvidenceTable, string>> = {
  incidents: "id event_id continues peer address kind status started_ms detected_ms ended_ms interval_ms timeout_ms baseline_capture_id bursts",
  captures:
    "id incident_id peer kind phase trigger tool status reason flow source target reached asked_by started_ms first_hop_ms finished_ms facts hops",
  lines: "capture_id number body",
  verdicts: "event_id version at_ms sentence verdict facts",
  blind: "started_ms cause ended_ms detail",
  peers: "name address interval_ms first_reply_ms active agent_epoch agent_silent_ms",
  node: "only body",
  hop_names: "address since_ms name asked_ms used_ms",
  samples: "incident_id epoch start_slot started_ms interval_ms data",
};

const MORE_OF_CAPTURES = `
CREATE TRIGGER captures_ended AFTER UPDATE ON captures WHEN OLD.status = 'running' AND NEW.status <> 'running' BEGIN
  ${enqueue(1, "row.lines", "id")} FROM (SELECT DISTINCT ${idSql("lines")} AS id FROM lines WHERE capture_id = NEW.id);
END;
CREATE TRIGGER captures_moved AFTER UPDATE ON captures WHEN OLD.incident_id IS NOT NEW.incident_id BEGIN
  ${unsettle("(OLD.incident_id)")}
END;`;

function triggersOf(table: EvidenceTable): string {
  const cells = (row: string): string =>
    COLUMNS[table]
      .split(" ")
      .map((column) => `${row}.${column}`)
      .join(", ");
  const differs = `(${cells("OLD")}) IS NOT (${cells("NEW")})`;
  return `
CREATE TRIGGER ${table}_inserted AFTER INSERT ON ${table} BEGIN${CHANGED[table]}
END;
CREATE TRIGGER ${table}_updated AFTER UPDATE ON ${table} WHEN ${differs} BEGIN${CHANGED[table]}
END;
CREATE TRIGGER ${table}_deleted AFTER DELETE ON ${table} BEGIN
  ${unqueue(`row.${table}`, idSql(table, "OLD."))};${DELETED[table] ?? ""}
END;`;
}

export const EVIDENCE_OUTBOX: string = `${DOORS}${LANES}${DIGESTS}${(Object.keys(COLUMNS) as EvidenceTable[]).map(triggersOf).join("")}${MORE_OF_CAPTURES}${SEED_WHAT_IS_STORED}`;

/** The number of a row is its number in the lane. AUTOINCREMENT: a number is never used again. */
export const METRICS_OUTBOX: string = `${LANES}
CREATE TABLE pending_rollups (seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, peer_id INTEGER NOT NULL);`;
