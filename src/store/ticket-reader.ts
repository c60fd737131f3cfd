/** Everything that the page of one incident or event needs: its rows as the report gives them, what the verdict rests on, and what else happened at that time. */
import { createHash } from "node:crypto";
import type { Report } from "../report/report.ts";
import type { Evidence, TicketSource } from "../report/page/ticket.ts";
import type { EventFacts } from "../verdict/facts.ts";
import type { Words } from "../verdict/words.ts";
import type { Database } from "./database.ts";
import { EVIDENCE_FORMAT, evidenceLines, type EvidenceKeys } from "./evidence-lines.ts";
import { readReport } from "./query.ts";
import type { StoreReader } from "./reader.ts";
import { isSettled } from "./settled.ts";

/** Around the incident: its samples reach as far. */
const MARGIN_MS = 60_000;
/** Rollups are that long on a node; a collector has those of a minute. */
const ROLLUP_MS = 10_000;
export const COLLECTED_ROLLUP_MS = 60_000;

export interface TicketQuery {
  readonly kind: "incident" | "event";
  readonly id: string;
  readonly incidentIds: readonly string[];
  readonly nowMs: number;
  /** Where `nowMs` is when the last row was written: when it is looked at. */
  readonly wallMs?: number;
  readonly words?: Words | null;
  /** Where there are none of ten seconds: both ranges are of whole periods then. */
  readonly rollupMs?: number;
}

/** Expects that the incidents exist in `db`, the evidence of `reader`. */
export function readTicket(reader: StoreReader, db: Database, query: TicketQuery): TicketSource {
  const span = spanOf(db, query);
  const ids = new Set(query.incidentIds);
  const ask = { peer: null, nowMs: query.nowMs, words: query.words ?? null };
  const { rollupMs = ROLLUP_MS } = query;
  const margin = { sinceMs: span.startedMs - MARGIN_MS, untilMs: span.endedMs + MARGIN_MS };
  const around = readReport(reader, {
    ...ask,
    ...(query.rollupMs === undefined ? margin : wholePeriods(margin, query.rollupMs)),
    detailUpTo: Number.POSITIVE_INFINITY,
    detailed: ids,
    roundTrips: true,
  });
  const same = readReport(reader, { ...ask, ...wholePeriods({ sinceMs: span.startedMs, untilMs: span.endedMs + 1 }, rollupMs), detailUpTo: 0 });
  return {
    kind: query.kind,
    id: query.id,
    report: narrowed(around, ids),
    others: {
      since: same.since,
      until: same.until,
      period_ms: rollupMs,
      peers: same.peers,
      incidents: around.incidents.filter(({ id }) => !ids.has(id)),
    },
    facts: readFacts(db, around.incidents.find(({ id }) => ids.has(id))?.event_id ?? null),
    evidence: digestEvidence(db, { incidentIds: query.incidentIds }),
    isFinal: isSettled(db, query.incidentIds, query.wallMs ?? query.nowMs),
  };
}

interface Range {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** What a collector must have of a node for the page of that time: the range that is read, in whole minutes. */
export function collectedRange(startedMs: number, endedMs: number): Range {
  return wholePeriods({ sinceMs: startedMs - MARGIN_MS, untilMs: endedMs + MARGIN_MS }, COLLECTED_ROLLUP_MS);
}

function wholePeriods({ sinceMs, untilMs }: Range, periodMs: number): Range {
  return { sinceMs: Math.floor(sinceMs / periodMs) * periodMs, untilMs: Math.ceil(untilMs / periodMs) * periodMs };
}

export function digestEvidence(db: Database, keys: EvidenceKeys): Evidence {
  const hash = createHash("sha256");
  let rows = 0;
  let bytes = 0;
  for (const line of evidenceLines(db, keys)) {
    hash.update(line, "utf8");
    bytes += Buffer.byteLength(line, "utf8");
    rows++;
  }
  return { format: EVIDENCE_FORMAT, sha256: hash.digest("hex"), rows, bytes };
}

/** When the last of it was written: a page as of then is the same whenever it is made. The time given while an incident lasts. */
export function settledMs(db: Database, incidentIds: readonly string[], nowMs: number): number {
  const ids = JSON.stringify(incidentIds);
  const open = db
    .prepare<[string], number>(
      "SELECT count(*) FROM incidents WHERE id IN (SELECT value FROM json_each(?)) AND (ended_ms IS NULL OR status IN ('open', 'cooling'))",
    )
    .pluck()
    .get(ids);
  if (open !== 0) return nowMs;
  const last = db
    .prepare<[string, string], number | null>(
      "SELECT max(at) FROM (SELECT ended_ms AS at FROM incidents WHERE id IN (SELECT value FROM json_each(?)) UNION ALL SELECT finished_ms FROM captures WHERE incident_id IN (SELECT value FROM json_each(?)))",
    )
    .pluck()
    .get(ids, ids);
  return last ?? nowMs;
}

function spanOf(db: Database, { incidentIds, nowMs }: TicketQuery): { readonly startedMs: number; readonly endedMs: number } {
  const rows = db
    .prepare<[string], { started_ms: number; ended_ms: number | null }>(
      "SELECT started_ms, ended_ms FROM incidents WHERE id IN (SELECT value FROM json_each(?))",
    )
    .all(JSON.stringify(incidentIds));
  const startedMs = rows.reduce((least, row) => Math.min(least, row.started_ms), Number.POSITIVE_INFINITY);
  const endedMs = rows.reduce((most, row) => Math.max(most, row.ended_ms ?? nowMs), startedMs);
  return { startedMs, endedMs };
}

/** The incidents of the ticket alone, the traces made here for their peers, and one event. */
function narrowed(report: Report, ids: ReadonlySet<string>): Report {
  const incidents = report.incidents.filter(({ id }) => ids.has(id));
  const peers = new Set(incidents.map(({ peer }) => peer));
  const addresses = new Set(incidents.map(({ address }) => address));
  // What came in since has nothing to do with it: the page of an incident that is over stays the same.
  const last = report.last_data_at === null || report.last_data_at < report.until ? report.last_data_at : report.until;
  return {
    ...report,
    last_data_at: last,
    peers: report.peers.filter(({ peer }) => peers.has(peer)),
    incidents,
    events: report.events
      .filter((event) => event.incidents.some((id) => ids.has(id)))
      .map((event) => ({ ...event, incidents: event.incidents.filter((id) => ids.has(id)) })),
    remote_captures: report.remote_captures.filter(({ target }) => addresses.has(target)),
    // One that has to do with an incident is among its captures.
    requested_captures: [],
  };
}

/** Of the newest verdict. */
function readFacts(db: Database, eventId: string | null): EventFacts | null {
  if (eventId === null) return null;
  const text = db.prepare<[string], string>("SELECT facts FROM verdicts WHERE event_id = ? ORDER BY version DESC LIMIT 1").pluck().get(eventId);
  return text === undefined ? null : (JSON.parse(text) as EventFacts | null);
}
