/**
 * When nothing will be added to the evidence of an incident, and its digest then: the one that `meshprobe report INCIDENT` prints from then on.
 *
 * An incident that is closed still gets the trace after it, which is a capture that runs, and samples, which are written again each second until they are final. So
 * its evidence is settled when it is over, none of its captures runs and nothing of it has changed for a while. What changes it all the same (a write that
 * waited for a full disk) takes the digest back by a trigger, and it gets another. What is evicted does not: the digest stays that of the whole.
 */
import type { Evidence } from "../report/page/ticket.ts";
import type { Database } from "./database.ts";
import { OVER, SETTLE_MS } from "./settled.ts";
import type { StatementCache } from "./statement-cache.ts";
import { digestEvidence } from "./ticket-reader.ts";

export class Settler {
  readonly #db: Database;
  readonly #sql: StatementCache;

  constructor(db: Database, sql: StatementCache) {
    this.#db = db;
    this.#sql = sql;
  }

  /** Null while it is not settled. */
  digestOf(incidentId: string): Evidence | null {
    const cells = this.#sql.get("SELECT format, sha256, rows, bytes FROM evidence_digests WHERE incident_id = ? AND sha256 IS NOT NULL", incidentId);
    if (cells === undefined) return null;
    return { format: String(cells["format"]), sha256: String(cells["sha256"]), rows: Number(cells["rows"]), bytes: Number(cells["bytes"]) };
  }

  /** Incidents that are settled and have no digest yet, those that have waited longest first. */
  due(nowMs: number, limit: number): string[] {
    return this.#sql
      .all(
        `SELECT d.incident_id AS id FROM evidence_digests d INDEXED BY evidence_digests_unsettled CROSS JOIN incidents i ON i.id = d.incident_id
         WHERE d.sha256 IS NULL AND abs(? - d.changed_ms) >= ${SETTLE_MS} AND ${OVER} ORDER BY d.changed_ms LIMIT ?`,
        nowMs,
        limit,
      )
      .map(({ id }) => String(id));
  }

  isDue(incidentId: string, nowMs: number): boolean {
    const cells = this.#sql.get(
      `SELECT 1 AS due FROM evidence_digests d JOIN incidents i ON i.id = d.incident_id
       WHERE d.incident_id = ? AND d.sha256 IS NULL AND abs(? - d.changed_ms) >= ${SETTLE_MS} AND ${OVER}`,
      incidentId,
      nowMs,
    );
    return cells !== undefined;
  }

  /** One that may be older than digests are. */
  watch(incidentId: string): void {
    this.#sql.run("INSERT INTO evidence_digests (incident_id, changed_ms) VALUES (?, 0) ON CONFLICT DO NOTHING", incidentId);
  }

  /** To be called in a transaction; whoever has told of the incident has to tell again. */
  settle(incidentId: string): void {
    const { format, sha256, rows, bytes } = digestEvidence(this.#db, { incidentIds: [incidentId] });
    this.#sql.run(
      "UPDATE evidence_digests SET format = ?, sha256 = ?, rows = ?, bytes = ? WHERE incident_id = ?",
      format,
      sha256,
      rows,
      bytes,
      incidentId,
    );
  }
}
