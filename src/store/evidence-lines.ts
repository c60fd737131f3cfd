/**
 * The evidence of some incidents in one canonical text, so that two readers of the same rows get the same bytes, and one SHA-256 over them stands for all.
 *
 * `meshprobe evidence 1`: UTF-8, one line a row, each ended by \n. A line is a JSON array as JSON.stringify writes it without spaces: the name of the table, then the
 * columns below in that order; numbers as JSON numbers, NULL as null, text as a JSON string, a blob as a string of lower-case hexadecimal digits.
 * First all rows of `incidents`, then `captures` (those of the incidents and the baselines that they name), `lines` of those captures, `samples`; within a table
 * ordered by its key, text compared by bytes.
 *
 * What was concluded (verdicts) is not in it: a verdict may be revised when more becomes known, what was seen may not. Columns that later versions add are not
 * in it either.
 */
import type { Database } from "./database.ts";
import type { Cell, Cells } from "./statement-cache.ts";

export const EVIDENCE_FORMAT = "meshprobe evidence 1";

const INCIDENTS =
  "id event_id continues peer address kind status started_ms detected_ms ended_ms interval_ms timeout_ms baseline_capture_id bursts".split(" ");
const CAPTURES =
  "id incident_id peer kind phase trigger tool status reason flow source target reached asked_by started_ms first_hop_ms finished_ms facts hops".split(
    " ",
  );
const LINES = ["capture_id", "number", "body"];
const SAMPLES = ["incident_id", "epoch", "start_slot", "started_ms", "interval_ms", "data"];
/** SQLite's default limit of a statement's parameters is far above; an event has at most as many incidents as there are peers. */
const IN_GROUP = "SELECT value FROM json_each(?)";

/** `captureIds` are captures without an incident: traces made for other nodes. */
export function* evidenceLines(db: Database, { incidentIds, captureIds = [] }: EvidenceKeys): Generator<string> {
  const ids = JSON.stringify(incidentIds);
  const alone = JSON.stringify(captureIds);
  const captures = `SELECT id FROM captures WHERE incident_id IN (${IN_GROUP}) OR id IN (SELECT baseline_capture_id FROM incidents WHERE id IN (${IN_GROUP})) OR id IN (${IN_GROUP})`;
  yield* rowsOf(db, { table: "incidents", columns: INCIDENTS, where: `id IN (${IN_GROUP}) ORDER BY id`, given: [ids] });
  yield* rowsOf(db, { table: "captures", columns: CAPTURES, where: `id IN (${captures}) ORDER BY id`, given: [ids, ids, alone] });
  yield* rowsOf(db, { table: "lines", columns: LINES, where: `capture_id IN (${captures}) ORDER BY capture_id, number`, given: [ids, ids, alone] });
  yield* rowsOf(db, {
    table: "samples",
    columns: SAMPLES,
    where: `incident_id IN (${IN_GROUP}) ORDER BY incident_id, epoch, start_slot`,
    given: [ids],
  });
}

export interface EvidenceKeys {
  readonly incidentIds: readonly string[];
  readonly captureIds?: readonly string[];
}

function* rowsOf(
  db: Database,
  {
    table,
    columns,
    where,
    given,
  }: { readonly table: string; readonly columns: readonly string[]; readonly where: string; readonly given: readonly string[] },
): Generator<string> {
  for (const cells of db.prepare<string[], Cells>(`SELECT ${columns.join(", ")} FROM ${table} WHERE ${where}`).iterate(...given))
    yield `${JSON.stringify([table, ...columns.map((column) => plain(cells[column] ?? null))])}\n`;
}

function plain(cell: Cell): string | number | null {
  return cell instanceof Uint8Array ? Buffer.from(cell).toString("hex") : cell;
}
