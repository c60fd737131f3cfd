/** The evidence of a data directory, for the commands that are about one incident. */
import { join } from "node:path";
import type { Database } from "../store/database.ts";
import { EVIDENCE_SCHEMA } from "../store/migrations.ts";
import { openReader, type StoreReader } from "../store/reader.ts";
import { errorCode, StoreError, storeError } from "../store/store-error.ts";
import { findTicket, MIN_PREFIX, type FoundTicket } from "../store/ticket-finder.ts";
import { UsageError } from "./usage-error.ts";

export interface Evidence {
  readonly reader: StoreReader;
  readonly db: Database;
}

/** What `use` returns; the files are closed again. Throws StoreError when there is no evidence to read. */
export async function withEvidence<T>(dir: string, warn: (line: string) => void, use: (evidence: Evidence) => T | Promise<T>): Promise<T> {
  const reader = openReader(dir, warn);
  try {
    if (reader.evidence === null) throw new StoreError("unreadable", reader.problems[0] ?? `Cannot read the evidence in ${dir}`);
    // One state of the database for all that is read: an agent may be writing, and the page must show what its sum is over.
    reader.evidence.exec("BEGIN");
    return await use({ reader, db: reader.evidence });
  } catch (error) {
    // A damaged page of the database is met only where it is read.
    throw errorCode(error).startsWith("SQLITE_") ? storeError(error, "read", join(dir, EVIDENCE_SCHEMA.file)) : error;
  } finally {
    reader.close();
  }
}

export type Ticket = Extract<FoundTicket, { readonly kind: "incident" | "event" }>;

/** Throws UsageError, one line, for an id that is none or not enough of one. */
export function requireTicket(db: Database, text: string): Ticket {
  const found = findTicket(db, text);
  const said = JSON.stringify(text);
  switch (found.kind) {
    case "incident":
    case "event":
      return found;
    case "short":
      throw new UsageError(`${said} is too short for an incident: give its id, or the first ${MIN_PREFIX} characters or more`);
    case "ambiguous": {
      const more = found.count > found.ids.length ? `, … (${found.count} in all)` : "";
      throw new UsageError(`${said} is the beginning of several: ${found.ids.join(", ")}${more}`);
    }
    case "unknown":
      throw new UsageError(`no incident or event ${said} is stored; meshprobe report --since 30d lists them`);
    default:
      return found satisfies never;
  }
}
