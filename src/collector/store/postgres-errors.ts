/** What goes wrong between us and PostgreSQL, or an engine that speaks like it, in the words of whoever runs the collector. */
import { DatabaseError } from "pg";
import { StoreUnavailable } from "./port.ts";

/** Somebody else was in the way: serialization_failure and deadlock_detected. The same transaction, run again, succeeds. */
export function isConflict(cause: unknown): boolean {
  const state = sqlState(cause);
  return state === "40001" || state === "40P01";
}

export function sqlState(cause: unknown): string | null {
  return cause instanceof DatabaseError ? (cause.code ?? "") : null;
}

/** One line for what the database cannot do now; null for anything else, which is a bug. `where`: server and database, without a password. */
export function unavailable(cause: unknown, where: string): StoreUnavailable | null {
  const state = sqlState(cause);
  const reason = state === null ? connectionReason(cause) : stateReason(state, cause);
  return reason === null ? null : new StoreUnavailable(`Cannot use ${where}: ${reason}`, { cause });
}

/** By SQLSTATE (PostgreSQL, Appendix A). */
function stateReason(state: string, cause: unknown): string | null {
  const message = messageOf(cause);
  if (state === "53100") return "its disk is full; free some space there, or keep less (retention)";
  if (state === "53300") return "it has no connection left; raise its max_connections";
  if (state.startsWith("57P0") || state === "25P03") return "it is stopping, starting or has dropped us; trying again with the next request";
  if (state === "57014" || state === "55P03") return "it takes too long; look for what keeps it busy or holds a lock";
  if (state === "25006") return "it is read-only, a standby perhaps; name the primary in `store`";
  if (isConflict(cause) || state === "40003") return "too many write the same rows at once; trying again with the next request";
  if (state.startsWith("28")) return `it refuses us (${message}); check user and password in \`store\``;
  if (state === "3D000") return `${message}; make it with createdb`;
  if (state === "42501") return `${message}; the user needs the right to make tables in this database, or must own those that are there`;
  // Out of a resource; the system beneath fails; the connection.
  if (state.startsWith("53") || state.startsWith("58") || state.startsWith("08")) return message;
  return null;
}

/** Everything without a SQLSTATE is the connection's, but for the errors that only a programmer can make. */
function connectionReason(cause: unknown): string | null {
  if (!(cause instanceof Error) || cause instanceof TypeError || cause instanceof RangeError || cause instanceof ReferenceError) return null;
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : "";
  if (code === "ECONNREFUSED" || code === "ENOENT") return `nobody listens there (${code}); is it running?`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `its name cannot be resolved (${code})`;
  if (cause.message.startsWith("timeout exceeded when trying to connect")) return "all our connections are busy, or it does not answer";
  if (cause.message.includes("client password must be a"))
    return "it wants a password, and there is none; write postgres://USER:PASSWORD@HOST/DATABASE in `store` (chmod 600 the file), or set PGPASSWORD";
  return messageOf(cause);
}

function messageOf(cause: unknown): string {
  const message = cause instanceof AggregateError ? messageOf(cause.errors[0]) : cause instanceof Error ? cause.message : String(cause);
  return message.replaceAll(/\s*\n\s*/g, "; ");
}
