/**
 * A database of 0 bytes. SQLite makes the file before it writes the schema, so a first start that was cut short leaves one, and that one is new. Beside data it is
 * what a broken copy or truncation left, and SQLite would not notice: it starts afresh and deletes the -wal that belongs to the file, even for a reader.
 *
 * The agent opens evidence.db first. So anything in metrics.db says that evidence.db was complete once; the other way round a first start that was cut short
 * between the two (a full disk does it) leaves an evidence.db with no row but its id, and only a row more is data.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { EVIDENCE_SCHEMA, METRICS_SCHEMA, type Schema } from "./migrations.ts";
import { StoreError } from "./store-error.ts";

const BUSY_TIMEOUT_MS = 2000;

/** Throws StoreError `corrupt` for a file of 0 bytes that was a database; `verb` as in "Cannot open /var/lib/…". To be asked before SQLite touches the file. */
export function refuseEmptied(dir: string, schema: Schema, verb: string): void {
  const file = join(dir, schema.file);
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true || sizeOf(file) > 0) return;
  const sibling = schema.file === EVIDENCE_SCHEMA.file ? METRICS_SCHEMA : EVIDENCE_SCHEMA;
  const proof = sizeOf(`${file}-wal`) > 0 ? "its -wal" : holdsData(dir, sibling) ? `${sibling.file} beside it` : null;
  if (proof === null) return;
  throw new StoreError(
    "corrupt",
    `Cannot ${verb} ${file}: the database is damaged (it is empty, but ${proof} holds data); move it and its -wal away and start again`,
  );
}

function holdsData(dir: string, schema: Schema): boolean {
  const file = join(dir, schema.file);
  if (sizeOf(file) === 0) return false;
  return schema.file === METRICS_SCHEMA.file || hasRows(file);
}

/** Any row but the id, which comes with the schema. What cannot be read is taken for data: nothing may be begun beside it. */
function hasRows(file: string): boolean {
  let db: Sqlite.Database | null = null;
  try {
    const open = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    db = open;
    const tables = open.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
    return tables.some((table) => {
      const where = table === "meta" ? " WHERE key <> 'uuid'" : "";
      return open.prepare(`SELECT 1 FROM "${table}"${where} LIMIT 1`).get() !== undefined;
    });
  } catch {
    return true;
  } finally {
    db?.close();
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
