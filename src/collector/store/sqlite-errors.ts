import { StoreUnavailable } from "./port.ts";

/** One line for what SQLite or the disk cannot do now; null for anything else, which is a bug. `verb`: what was to be done with the file. */
export function unavailable(cause: unknown, verb: "open" | "read" | "write", file: string): StoreUnavailable | null {
  const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
  const reason = reasonOf(code, cause instanceof Error ? cause.message : "");
  return reason === null ? null : new StoreUnavailable(`Cannot ${verb} ${file}: ${reason}`, { cause });
}

function reasonOf(code: string, message: string): string | null {
  // A full disk also shows where SQLite enlarges the file that its processes share.
  if (code === "SQLITE_FULL" || code === "SQLITE_IOERR_SHMSIZE" || code === "ENOSPC" || code === "EDQUOT")
    return "the disk is full; free some space, or keep less (retention)";
  if (code === "EROFS") return "the file system is read-only";
  if (code.startsWith("SQLITE_BUSY") || code === "SQLITE_LOCKED") return "another program has locked it";
  if (code.startsWith("SQLITE_IOERR")) return `the disk fails (${code}: ${message})`;
  if (code.startsWith("SQLITE_READONLY")) return `${message}; file and directory must belong to the user that runs the collector`;
  if (code.startsWith("SQLITE_CANTOPEN")) return `${message}; check the permissions of the file and its directory`;
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB")
    return `the database is damaged (${message}); stop the collector, move the file and its -wal away, and start again: the nodes send what they still have`;
  return null;
}
