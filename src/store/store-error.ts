import { statSync } from "node:fs";

/** What can be wrong with the data directory or a database in it. The message is one line that says what to do. */
export type StoreErrorCode = "unwritable" | "locked" | "corrupt" | "newer" | "missing" | "unreadable" | "full" | "failed";

export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.code = code;
  }
}

/** Words for an error of SQLite or the file system at `file`; `verb` as in "Cannot open /var/lib/…". A StoreError passes unchanged. */
export function storeError(cause: unknown, verb: string, file: string): StoreError {
  if (cause instanceof StoreError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const code = errorCode(cause);
  if (code.startsWith("SQLITE_") && isDirectory(file))
    return new StoreError("unreadable", `Cannot ${verb} ${file}: it is a directory; move it away`, { cause });
  const say = (kind: StoreErrorCode, text: string): StoreError => new StoreError(kind, `Cannot ${verb} ${file}: ${text}`, { cause });
  if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT"))
    return say(
      "corrupt",
      `the database is damaged (${reason}); move it and its -wal away (it may still be readable with "sqlite3 FILE .recover") and start again`,
    );
  if (isDiskFull(cause)) return say("full", "the disk is full; free some space or lower store.max_bytes");
  if (code === "ENOENT") return say("missing", "no such file or directory");
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code.startsWith("SQLITE_READONLY"))
    return say("unwritable", `${reason}; it must belong to the user that runs the agent`);
  if (code === "ENOTDIR" || code === "EEXIST") return say("unwritable", "it is not a directory");
  if (code.startsWith("SQLITE_CANTOPEN")) return say("unreadable", `${reason}; check the permissions of the file and its directory`);
  if (code.startsWith("SQLITE_BUSY")) return say("locked", "another program has locked it");
  return say("failed", reason);
}

/** True for the errors with which SQLite and the file system say that no space is left. */
export function isDiskFull(cause: unknown): boolean {
  const code = errorCode(cause);
  return code === "SQLITE_FULL" || code === "ENOSPC" || code === "EDQUOT";
}

export function errorCode(cause: unknown): string {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
}

function isDirectory(file: string): boolean {
  try {
    return statSync(file).isDirectory();
  } catch {
    return false;
  }
}
