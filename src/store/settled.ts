/** When nothing will be added to the evidence of an incident any more. */
import type { Database } from "./database.ts";

/** Many times the second in which samples are written again. */
export const SETTLE_MS = 15_000;
/** Of an incident `i`: it is over, and no trace of it runs. */
export const OVER =
  "i.status IN ('closed', 'interrupted') AND NOT EXISTS (SELECT 1 FROM captures c WHERE c.incident_id = i.id AND c.status = 'running')";

/** Whether a sum over the evidence of all of these is the last one. An incident that is older than the account of changes has changed long ago. */
export function isSettled(db: Database, incidentIds: readonly string[], nowMs: number): boolean {
  const unsettled = db
    .prepare<[string, number], number>(
      `SELECT count(*) FROM incidents i LEFT JOIN evidence_digests d ON d.incident_id = i.id
       WHERE i.id IN (SELECT value FROM json_each(?)) AND NOT (${OVER} AND (d.changed_ms IS NULL OR abs(? - d.changed_ms) >= ${SETTLE_MS}))`,
    )
    .pluck()
    .get(JSON.stringify(incidentIds), nowMs);
  return unsettled === 0;
}
