/**
 * Opens one of the two databases for writing: WAL, migrated, with an id of its own. A file that cannot be used is refused with one line and left as it is:
 * nothing here deletes, overwrites or "repairs" a database.
 */
import { randomUUID } from "node:crypto";
import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import Sqlite from "better-sqlite3";
import { refuseEmptied } from "./emptied.ts";
import { EVIDENCE_SCHEMA, METRICS_SCHEMA, type Schema } from "./migrations.ts";
import { errorCode, isDiskFull, StoreError, storeError } from "./store-error.ts";

export type Database = Sqlite.Database;

const BUSY_TIMEOUT_MS = 5000;
/** Pages (4 kB) in the WAL before SQLite moves them into the database. */
const CHECKPOINT_PAGES = 1000;
/** The WAL file is cut back to this after a checkpoint that found it larger. */
const WAL_LIMIT_BYTES = 16 * 1024 * 1024;
/**
 * better-sqlite3 is built with 16 MB of page cache a database, and filling it looks like a leak: 1.2 MB a minute with a thousand peers (measured). A writer
 * needs the last minutes, to make a row of a minute from those of ten seconds.
 */
const CACHE_KIB = 4096;

/** Makes the data directory, and what is missing above it. Throws StoreError `unwritable` unless files can be made in it. */
export function prepareDataDir(dir: string): void {
  try {
    makeDirectories(resolve(dir));
    if (!statSync(dir).isDirectory()) throw new StoreError("unwritable", `Cannot use data directory ${dir}: it is not a directory`);
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (errorCode(error) === "ENOENT")
      throw new StoreError("unwritable", `Cannot make data directory ${dir}: nothing can be made there; set data_dir to a directory on a disk`, {
        cause: error,
      });
    throw storeError(error, "use data directory", dir);
  }
}

/** One level at a time: with `recursive` Node 24 never returns below a file system that answers ENOENT to every mkdir, like /proc. */
function makeDirectories(dir: string): void {
  if (statSync(dir, { throwIfNoEntry: false }) !== undefined) return;
  makeDirectories(dirname(dir));
  mkdirSync(dir, { mode: 0o750 });
}

export function openDatabase(dir: string, schema: Schema, synchronous: "FULL" | "NORMAL"): Database {
  const file = join(dir, schema.file);
  let db: Database | null = null;
  try {
    // Both, whichever is opened: opening the good one for writing already changes it.
    for (const each of [EVIDENCE_SCHEMA, METRICS_SCHEMA]) refuseEmptied(dir, each, "open");
    db = new Sqlite(file, { timeout: BUSY_TIMEOUT_MS });
    checkVersion(db, schema, file);
    // Only has an effect before the first table is made, so it comes before WAL mode.
    db.pragma("auto_vacuum = INCREMENTAL");
    db.pragma("journal_mode = WAL");
    db.pragma(`synchronous = ${synchronous}`);
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
    db.pragma("temp_store = MEMORY");
    db.pragma(`cache_size = -${CACHE_KIB}`);
    migrate(db, schema);
    return db;
  } catch (error) {
    db?.close();
    throw storeError(error, "open", file);
  }
}

/** Throws StoreError `newer` for a database that a later version has written. Returns its `user_version`. */
export function checkVersion(db: Database, schema: Schema, file: string): number {
  const version = Number(db.pragma("user_version", { simple: true }));
  if (version > schema.steps.length)
    throw new StoreError(
      "newer",
      `Cannot open ${file}: it was written by a newer meshprobe (schema ${version}, this one knows ${schema.steps.length}); update meshprobe, or use another data_dir`,
    );
  return version;
}

/** Runs the steps that are missing, each with its number in one transaction. */
export function migrate(db: Database, schema: Schema): void {
  for (let version = Number(db.pragma("user_version", { simple: true })); version < schema.steps.length; version++) {
    db.transaction(() => {
      db.exec(schema.steps[version] ?? "");
      if (version === 0) db.prepare("INSERT INTO meta (key, value) VALUES ('uuid', ?)").run(randomUUID());
      db.pragma(`user_version = ${version + 1}`);
    }).immediate();
  }
}

export interface FullDisk {
  /** Called when the disk is full, outside any transaction; true when space was made and the write is worth repeating once. */
  readonly onFull?: () => boolean;
}

/** Everything that `write` writes, in one commit, tried again when a full disk was given space. `onUndone`: a try failed and its transaction is gone. */
export function commit<T>(db: Database, write: () => T, options: FullDisk & { readonly onUndone?: () => void }): T {
  const attempt = (): T => {
    try {
      return db.transaction(write).immediate();
    } catch (error) {
      options.onUndone?.();
      throw error;
    }
  };
  try {
    return attempt();
  } catch (error) {
    if (!isDiskFull(error) || options.onFull?.() !== true) throw storeError(error, "write", db.name);
  }
  try {
    return attempt();
  } catch (error) {
    throw storeError(error, "write", db.name);
  }
}

/** Bytes of the pages in use, without those that wait on the free list. */
export function usedBytes(db: Database): number {
  const pages = Number(db.pragma("page_count", { simple: true })) - Number(db.pragma("freelist_count", { simple: true }));
  return pages * Number(db.pragma("page_size", { simple: true }));
}

/** Moves the WAL into the database and empties it; does not wait for a reader that is in the way. */
export function truncateWal(db: Database): void {
  db.pragma("busy_timeout = 0");
  db.pragma("wal_checkpoint(TRUNCATE)");
  db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
}
