/**
 * Opens the two databases to read, whatever state the directory is in: beside a running agent, after it died (SQLite replays the WAL), copied, on a read-only
 * file system, or for a user who may only read. In WAL mode even a reader needs the -shm file; where it cannot be had, the database and its -wal are copied to a
 * private directory, checked not to have changed meanwhile, and read there. The copy is unlinked as soon as it is open, so that nothing stays behind.
 * When one of the files cannot be read the other still is.
 */
import { constants, copyFileSync, mkdtempSync, rmSync, statSync, type BigIntStats } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import Sqlite from "better-sqlite3";
import { checkVersion, migrate, type Database } from "./database.ts";
import { refuseEmptied } from "./emptied.ts";
import { EVIDENCE_SCHEMA, METRICS_SCHEMA, type Schema } from "./migrations.ts";
import { errorCode, StoreError, storeError } from "./store-error.ts";

const BUSY_TIMEOUT_MS = 2000;
const COPY_TRIES = 5;
const COPY_PAUSE_MS = 100;

export interface StoreReader {
  readonly dir: string;
  /** Null when that file cannot be read; `warn` has been told why. */
  readonly evidence: Database | null;
  readonly metrics: Database | null;
  /** Files that cannot be read, one line each. */
  readonly problems: readonly string[];
  readonly warn: (line: string) => void;
  close(): void;
}

/** `warn` gets one line for each thing that the reader of the report must know. Throws StoreError when neither file can be read. */
export function openReader(dir: string, warn: (line: string) => void): StoreReader {
  const failures: StoreError[] = [];
  const open = (schema: Schema): Database | null => {
    try {
      refuseEmptied(dir, schema, "read");
      return openToRead(join(dir, schema.file), schema, warn);
    } catch (error) {
      failures.push(storeError(unreadable(error, join(dir, schema.file)), "read", join(dir, schema.file)));
      return null;
    }
  };
  const evidence = open(EVIDENCE_SCHEMA);
  const metrics = open(METRICS_SCHEMA);
  const [first] = failures;
  if (evidence === null && metrics === null && first !== undefined) {
    if (failures.every((failure) => failure.code === "missing"))
      throw new StoreError(
        "missing",
        `Cannot read ${dir}: no meshprobe data there; is --data-dir (or data_dir in the configuration) right, and has the agent run?`,
      );
    throw new StoreError(first.code, failures.map((failure) => failure.message).join("; "), { cause: first });
  }
  for (const failure of failures) warn(`${failure.message}; the report goes on without it`);
  return {
    dir,
    evidence,
    metrics,
    problems: failures.map((failure) => failure.message),
    warn,
    close: () => {
      evidence?.close();
      metrics?.close();
    },
  };
}

function openToRead(file: string, schema: Schema, warn: (line: string) => void): Database {
  statSync(file);
  let reason: string;
  try {
    const db = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    try {
      // The first read is what needs the -shm file.
      db.prepare("SELECT count(*) FROM sqlite_schema").get();
      if (checkVersion(db, schema, file) === schema.steps.length) return db;
      reason = "it has an older schema";
    } catch (error) {
      db.close();
      throw error;
    }
    db.close();
  } catch (error) {
    if (!needsCopy(error)) throw error;
    reason = "its directory cannot be written";
  }
  const copy = openCopy(file, schema);
  warn(`reading a private copy of ${file}: ${reason}`);
  return copy;
}

function needsCopy(error: unknown): boolean {
  const code = errorCode(error);
  return (
    code.startsWith("SQLITE_CANTOPEN") || code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_IOERR_SHM") || code === "SQLITE_PROTOCOL"
  );
}

function openCopy(file: string, schema: Schema): Database {
  const dir = mkdtempSync(join(tmpdir(), "meshprobe-report-"));
  const target = join(dir, basename(file));
  let db: Database | null = null;
  try {
    copyUnchanged(file, target);
    db = new Sqlite(target);
    // No -shm, and the files stay open from the first read on: their names can go at once.
    db.pragma("locking_mode = EXCLUSIVE");
    checkVersion(db, schema, file);
    migrate(db, schema);
    db.prepare("SELECT count(*) FROM sqlite_schema").get();
    return db;
  } catch (error) {
    db?.close();
    throw unreadable(error, file);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function copyUnchanged(file: string, target: string): void {
  for (let tries = 0; tries < COPY_TRIES; tries++) {
    if (tries > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, COPY_PAUSE_MS);
    const before = fingerprint(file);
    copyFileSync(file, target, constants.COPYFILE_FICLONE);
    rmSync(`${target}-wal`, { force: true });
    try {
      copyFileSync(`${file}-wal`, `${target}-wal`, constants.COPYFILE_FICLONE);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
    if (fingerprint(file) === before) return;
  }
  throw new StoreError(
    "unreadable",
    `Cannot read ${file}: it changed under each of ${COPY_TRIES} copies; run the report as the user of the agent or as root`,
  );
}

function fingerprint(file: string): string {
  const one = (path: string): string => {
    const stat: BigIntStats | undefined = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? "-" : `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
  };
  return `${one(file)} ${one(`${file}-wal`)}`;
}

function unreadable(error: unknown, file: string): unknown {
  const code = errorCode(error);
  if (code !== "EACCES" && code !== "EPERM") return error;
  return new StoreError("unreadable", `Cannot read ${file}: permission denied; run the report as the user of the agent or as root`, { cause: error });
}
