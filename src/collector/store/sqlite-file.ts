/** Opens the file of a SqliteStore: only one that is new, or that a collector has made. Nothing here deletes or repairs. */
import { closeSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import Sqlite from "better-sqlite3";
import { giveToService } from "../service-files.ts";
import { migrations, SQLITE } from "./migrations.ts";
import { StoreRefused } from "./port.ts";
import { unavailable } from "./sqlite-errors.ts";

/** "mpco". The databases of a node have none; a collector told to use one of those must not. */
const APPLICATION_ID = 0x6d70636f;
/** SQLite waits in its thread, so nothing else is stored or read meanwhile. */
const BUSY_TIMEOUT_MS = 1_000;
/** Pages (4 kB) in the WAL before SQLite moves them into the database. */
const CHECKPOINT_PAGES = 4_000;
/** The WAL file is cut back to this after a checkpoint that found it larger. */
const WAL_LIMIT_BYTES = 64 * 1024 * 1024;
/** Evidence and addresses of the whole fleet. */
const MODE = 0o640;
const CACHE_KIB = 32 * 1024;

/** Throws StoreRefused or StoreUnavailable. */
export function openSqlite(file: string): Sqlite.Database {
  refuseUnfit(file);
  let db: Sqlite.Database | null = null;
  try {
    makeForService(file);
    db = new Sqlite(file, { timeout: BUSY_TIMEOUT_MS });
    refuseForeign(db, file);
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
    db.pragma("temp_store = MEMORY");
    db.pragma(`cache_size = -${CACHE_KIB}`);
    migrate(db, file);
    return db;
  } catch (error) {
    db?.close();
    throw unavailable(error, "open", file) ?? error;
  }
}

function refuseUnfit(file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined && statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new StoreRefused(`Cannot open ${file}: the directory ${dirname(file)} does not exist; make it, for the user that runs the collector`);
  if (stats !== undefined && !stats.isFile()) throw new StoreRefused(`Cannot open ${file}: it is not a file; name one in \`store\``);
  // SQLite would take it for a new database and delete the -wal that belongs to it.
  if (stats?.size === 0 && (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0)
    throw new StoreRefused(`Cannot open ${file}: it is empty, but its -wal holds data: a broken copy; move both away, or copy both again`);
}

/** When root is the first to run the collector; SQLite itself gives -wal and -shm to the owner of the file. */
function makeForService(file: string): void {
  if (process.geteuid?.() !== 0 || statSync(file, { throwIfNoEntry: false }) !== undefined) return;
  const descriptor = openSync(file, "a", MODE);
  try {
    giveToService(descriptor, file);
  } finally {
    closeSync(descriptor);
  }
}

function refuseForeign(db: Sqlite.Database, file: string): void {
  const tables = Number(db.prepare("SELECT count(*) FROM sqlite_schema").pluck().get());
  if (tables > 0 && db.pragma("application_id", { simple: true }) !== APPLICATION_ID)
    throw new StoreRefused(`Cannot open ${file}: it is a database, but not a collector's; name another file in \`store\``);
}

/** In one transaction: of two that open a new file at once, the second finds it done. */
function migrate(db: Sqlite.Database, file: string): void {
  const steps = migrations(SQLITE);
  db.transaction(() => {
    const version = Number(db.pragma("user_version", { simple: true }));
    if (version > steps.length)
      throw new StoreRefused(
        `Cannot open ${file}: a newer meshprobe wrote it (schema ${version}, this one knows ${steps.length}); update meshprobe, or name another file in \`store\``,
      );
    for (const statement of steps.slice(version).flat()) db.exec(statement);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${steps.length}`);
  }).immediate();
}
