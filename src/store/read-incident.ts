/** One incident, or one capture, as the report gives it, with everything, from the database that the agent has open. */
import { withHopNotes } from "../report/phase-tables.ts";
import type { ReportCapture, ReportIncident } from "../report/report.ts";
import type { Database } from "./database.ts";
import { captureFromCells, incidentFromCells } from "./evidence-rows.ts";
import { captureOf, incidentOf } from "./incident-reader.ts";
import { NameReader } from "./name-reader.ts";
import { StatementCache } from "./statement-cache.ts";
import { VerdictReader } from "./verdict-reader.ts";

/** Null when it is not there, or no longer. */
export function readIncident(db: Database, id: string, untilMs: number): ReportIncident | null {
  const sql = new StatementCache(db);
  const cells = sql.get("SELECT * FROM incidents WHERE id = ?", id);
  if (cells === undefined) return null;
  return withHopNotes(
    incidentOf(incidentFromCells(cells), { sql, names: new NameReader(sql), verdicts: new VerdictReader(sql), details: true, untilMs }),
  );
}

/** Null when it is not there. */
export function readCapture(db: Database, id: string): ReportCapture | null {
  const sql = new StatementCache(db);
  const cells = sql.get("SELECT * FROM captures WHERE id = ?", id);
  return cells === undefined ? null : captureOf(captureFromCells(cells), { sql, names: new NameReader(sql), details: true, bursts: null });
}
