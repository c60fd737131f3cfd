/** What a record says: the row as it is now, cell by cell, or the head made of it. */
import { columnsOf, type Cell as RecordCell, type EvidenceTable } from "../sync/record-types.ts";
import { incidentFromCells } from "./evidence-rows.ts";
import { incidentHead, verdictHead } from "./head-data.ts";
import { idSql, KEYS, keyOf, LINES_GROUP } from "./record-keys.ts";
import type { Settler } from "./settle.ts";
import type { Cell, Cells, StatementCache } from "./statement-cache.ts";
import { VerdictReader } from "./verdict-reader.ts";

const ROW = "row.";
/** As in the trigger: a baseline that no incident refers to is never told. */
const IS_TOLD = " AND (incident_id IS NOT NULL OR trigger <> 'baseline' OR EXISTS (SELECT 1 FROM incidents WHERE baseline_capture_id = captures.id))";

export class RecordReader {
  readonly #sql: StatementCache;
  readonly #settler: Pick<Settler, "digestOf">;

  constructor(sql: StatementCache, settler: Pick<Settler, "digestOf">) {
    this.#sql = sql;
    this.#settler = settler;
  }

  /** Null when there is nothing any more that it could be about. */
  read(type: string, id: string): unknown {
    if (type === "incident") return this.#incident(id);
    if (type === "verdict") return this.#verdict(id);
    const table = type.slice(ROW.length) as EvidenceTable;
    return table === "lines" ? this.#lines(id) : this.#row(table, id);
  }

  #incident(id: string): unknown {
    const cells = this.#sql.get("SELECT * FROM incidents WHERE id = ?", id);
    return cells === undefined ? null : incidentHead(incidentFromCells(cells), this.#settler.digestOf(id));
  }

  #verdict(eventId: string): unknown {
    const verdict = new VerdictReader(this.#sql).of(eventId);
    return verdict === null ? null : verdictHead(eventId, verdict);
  }

  #row(table: EvidenceTable, id: string): unknown {
    const where = KEYS[table].columns.map((column) => `${column} = ?`).join(" AND ");
    const cells = this.#sql.get(`SELECT * FROM ${table} WHERE ${where}`, ...keyOf(table, id));
    return cells === undefined ? null : columnsOf(table).map((column) => plain(cells[column]));
  }

  #lines(id: string): unknown {
    const [captureId, first] = keyOf("lines", id) as [string, number];
    const chunks = this.#sql.all(
      "SELECT number, body FROM lines WHERE capture_id = ? AND number >= ? AND number < ? ORDER BY number",
      captureId,
      first,
      first + LINES_GROUP,
    );
    return chunks.length === 0 ? null : [captureId, first, chunks.map(({ number, body }) => [number, body])];
  }
}

/** Ids of the records of a table in the order of its key, after one of them; null from the first on. */
export function idsAfter(
  sql: StatementCache,
  table: EvidenceTable,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): string[] {
  const { columns } = KEYS[table];
  const key: Cell[] | null = after === null ? null : keyOf(table, after);
  // The last of its group.
  if (key !== null && table === "lines") key[1] = Number(key[1]) + LINES_GROUP - 1;
  const where = key === null ? "true" : `(${columns.join(", ")}) > (${columns.map(() => "?").join(", ")})`;
  const rows = sql.all(
    `SELECT ${idSql(table)} AS id FROM ${table} WHERE ${where}${table === "captures" ? IS_TOLD : ""} ORDER BY ${columns.join(", ")} LIMIT ?`,
    ...(key ?? []),
    limit,
  );
  return [...new Set(rows.map(({ id }) => String(id)))];
}

function plain(cell: Cells[string] | undefined): RecordCell {
  if (cell === undefined) return null;
  return cell instanceof Uint8Array ? Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength).toString("base64") : cell;
}
