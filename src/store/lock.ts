/**
 * One agent a data directory: a write transaction on `agent.lock`, held for as long as the process lives. The kernel drops it when the process dies in
 * whatever way, so there is no stale lock and no pid to guess about. The pid is committed first and readable beside the lock (a rollback-journal database with a
 * reserved lock can still be read), only to be named in the message.
 *
 * better-sqlite3 closes a database that nobody refers to any more, and with it goes the lock. So the process itself refers to it (an exit listener) until it is
 * released: a caller that drops the returned object keeps the directory all the same.
 */
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { errorCode, StoreError, storeError } from "./store-error.ts";

export interface AgentLock {
  /** May be called more than once. */
  release(): void;
}

/** Throws StoreError `locked` when another agent holds the directory. */
export function lockDataDir(dir: string, pid: number): AgentLock {
  const file = join(dir, "agent.lock");
  let db: Sqlite.Database | null = null;
  try {
    db = new Sqlite(file, { timeout: 0 });
    db.pragma("synchronous = OFF");
    db.exec("BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS holder (only INTEGER PRIMARY KEY CHECK (only = 1), pid INTEGER)");
    db.prepare("INSERT INTO holder VALUES (1, ?) ON CONFLICT DO UPDATE SET pid = excluded.pid").run(pid);
    db.exec("COMMIT; BEGIN IMMEDIATE");
    const held = db;
    const close = (): void => void held.close();
    process.once("exit", close);
    return {
      release: () => {
        process.off("exit", close);
        close();
      },
    };
  } catch (error) {
    const holder = errorCode(error).startsWith("SQLITE_BUSY") && db !== null ? holderPid(db) : null;
    db?.close();
    if (holder !== null)
      throw new StoreError("locked", `Cannot start: another agent (pid ${holder}) is running on ${dir}; stop it, or give this one another data_dir`, {
        cause: error,
      });
    if (errorCode(error) === "SQLITE_NOTADB")
      throw new StoreError("corrupt", `Cannot lock ${dir}: ${file} is damaged; it holds no data, delete it`, { cause: error });
    throw storeError(error, "lock", file);
  }
}

function holderPid(db: Sqlite.Database): string {
  try {
    const row = db.prepare<[], { pid: number }>("SELECT pid FROM holder").get();
    return row === undefined ? "unknown" : String(row.pid);
  } catch {
    return "unknown";
  }
}

/** Pid that the last agent on this directory wrote, alive or not; null when there was none, or the file cannot be read. */
export function lockHolder(dir: string): number | null {
  let db: Sqlite.Database | null = null;
  try {
    db = new Sqlite(join(dir, "agent.lock"), { readonly: true, fileMustExist: true, timeout: 0 });
    return db.prepare<[], { pid: number }>("SELECT pid FROM holder").get()?.pid ?? null;
  } catch {
    return null;
  } finally {
    db?.close();
  }
}
