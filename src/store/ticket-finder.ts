/** The incident or the event that somebody means by its id, or by the first characters of one. */
import type { Database } from "./database.ts";

/** Fewer are typed by mistake, and match half of the store. */
export const MIN_PREFIX = 6;
/** Named in the answer when several match. */
const MAX_NAMED = 8;

export type FoundTicket =
  | { readonly kind: "incident" | "event"; readonly id: string; readonly incidentIds: readonly string[] }
  | { readonly kind: "unknown" }
  | { readonly kind: "short" }
  /** The first of those that match, and how many there are. */
  | { readonly kind: "ambiguous"; readonly ids: readonly string[]; readonly count: number };

/** A whole id is never ambiguous, also when others begin with it. */
export function findTicket(db: Database, text: string): FoundTicket {
  const exact = matching(db, text, "=");
  if (exact.length > 0) return ticketOf(db, exact);
  if (text.length < MIN_PREFIX) return { kind: "short" };
  const begun = matching(db, text, "prefix");
  return begun.length === 0 ? { kind: "unknown" } : ticketOf(db, begun);
}

interface Match {
  readonly kind: "incident" | "event";
  readonly id: string;
}

function matching(db: Database, text: string, how: "=" | "prefix"): Match[] {
  const ids = (column: "id" | "event_id"): string[] => {
    const begin = how === "=" ? column : `substr(${column}, 1, length(@text))`;
    return db
      .prepare<[{ text: string }], string>(`SELECT DISTINCT ${column} FROM incidents WHERE ${begin} = @text ORDER BY ${column}`)
      .pluck()
      .all({ text });
  };
  const incidents = ids("id").map((id): Match => ({ kind: "incident", id }));
  return [...incidents, ...ids("event_id").map((id): Match => ({ kind: "event", id }))];
}

function ticketOf(db: Database, matches: readonly Match[]): FoundTicket {
  const [match] = matches;
  if (match === undefined) return { kind: "unknown" };
  if (matches.length > 1) return { kind: "ambiguous", ids: matches.slice(0, MAX_NAMED).map(({ id }) => id), count: matches.length };
  const incidentIds =
    match.kind === "incident"
      ? [match.id]
      : db.prepare<[string], string>("SELECT id FROM incidents WHERE event_id = ? ORDER BY started_ms, id").pluck().all(match.id);
  return { ...match, incidentIds };
}
