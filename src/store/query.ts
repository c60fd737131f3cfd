/**
 * Answers one report from the two files. It reads no more than it shows: totals come from the coarsest rollups, and samples, lines and hops are only touched
 * when few enough incidents match (`detailUpTo`).
 */
import { iso, isoOrNull, percent } from "../report/figures.ts";
import {
  REPORT_SCHEMA,
  type Report,
  type ReportBlind,
  type ReportCapture,
  type ReportEvent,
  type ReportEviction,
  type ReportIncident,
  type ReportNode,
  type ReportPeer,
} from "../report/report.ts";
import type { Database } from "./database.ts";
import { captureFromCells, incidentFromCells, peerFromCells } from "./evidence-rows.ts";
import { captureOf, incidentOf, type CaptureReading } from "./incident-reader.ts";
import { lastDataMs, readPeerTotals, type PeerTotals } from "./peer-totals.ts";
import { NameReader } from "./name-reader.ts";
import type { StoreReader } from "./reader.ts";
import type { NodeRow, PeerRow } from "./rows.ts";
import { StatementCache } from "./statement-cache.ts";
import { errorCode, storeError } from "./store-error.ts";
import type { Words } from "../verdict/words.ts";
import { VerdictReader } from "./verdict-reader.ts";

export interface ReportQuery {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly nowMs: number;
  /** Name or address of one peer, null for all. */
  readonly peer: string | null;
  /** Strips, facts and hops are filled when at most this many incidents match. */
  readonly detailUpTo: number;
  /** Only these incidents are given in detail, however many match. */
  readonly detailed?: ReadonlySet<string>;
  /** Every round trip of the traces, beside their figures. */
  readonly roundTrips?: boolean;
  /** Of the verdicts; without them as they were stored, in English. */
  readonly words?: Words | null;
}

interface Evidence {
  readonly node: NodeRow | null;
  readonly peers: readonly PeerRow[];
  readonly incidents: readonly ReportIncident[];
  readonly blind: readonly ReportBlind[];
  readonly remote: readonly ReportCapture[];
  readonly requested: readonly ReportCapture[];
  readonly evicted: readonly ReportEviction[];
}

const NO_EVIDENCE: Evidence = { node: null, peers: [], incidents: [], blind: [], remote: [], requested: [], evicted: [] };

/** A file that turns out to be damaged while it is read is left out, said on `reader.warn` and in `problems`. */
export function readReport(reader: StoreReader, query: ReportQuery): Report {
  const problems = [...reader.problems];
  const read = <T>(db: Database | null, part: (db: Database) => T, otherwise: T): T => {
    if (db === null) return otherwise;
    try {
      return db.transaction(() => part(db)).deferred();
    } catch (error) {
      if (!isDamage(error)) throw error;
      const line = storeError(error, "read", db.name).message;
      reader.warn(`${line}; the report goes on without it`);
      problems.push(line);
      return otherwise;
    }
  };
  const evidence = read(reader.evidence, (db) => readEvidence(db, query), NO_EVIDENCE);
  const peerName =
    query.peer === null ? null : (evidence.peers.find((peer) => peer.name === query.peer || peer.address === query.peer)?.name ?? query.peer);
  const totals = read(reader.metrics, (db) => readPeerTotals(db, { ...query, peer: peerName }), new Map<string, PeerTotals>());
  const lastMs = read(reader.metrics, lastDataMs, null);
  return {
    schema: REPORT_SCHEMA,
    generated_at: iso(query.nowMs),
    since: iso(query.sinceMs),
    until: iso(query.untilMs),
    node: nodeOf(evidence.node),
    last_data_at: isoOrNull(lastMs),
    peers: peersOf(evidence, totals, peerName),
    blind: evidence.blind,
    events: eventsOf(evidence.incidents),
    incidents: evidence.incidents,
    remote_captures: evidence.remote,
    requested_captures: evidence.requested,
    evicted: evidence.evicted,
    problems,
  };
}

/** Errors that the file is to blame for: SQLite's, and JSON in it that is none. */
function isDamage(error: unknown): boolean {
  return errorCode(error).startsWith("SQLITE_") || error instanceof SyntaxError;
}

function readEvidence(db: Database, query: ReportQuery): Evidence {
  const sql = new StatementCache(db);
  const { sinceMs, untilMs } = query;
  const node = sql.get("SELECT body FROM node");
  const rows = sql
    .all(
      `SELECT * FROM incidents WHERE started_ms < ? AND (ended_ms IS NULL OR ended_ms >= ?) AND (? IS NULL OR peer = ? OR address = ?) ORDER BY started_ms, id`,
      untilMs,
      sinceMs,
      query.peer,
      query.peer,
      query.peer,
    )
    .map(incidentFromCells);
  const verdicts = new VerdictReader(sql, query.words ?? null);
  const names = new NameReader(sql);
  const details = rows.length <= query.detailUpTo;
  const { roundTrips = false } = query;
  // In a report that ends after now, an incident that lasts may be labelled after now too.
  const lastingMs = Math.max(query.nowMs, untilMs);
  return {
    node: node === undefined ? null : (JSON.parse(String(node["body"])) as NodeRow),
    peers: sql.all("SELECT * FROM peers ORDER BY name").map(peerFromCells),
    incidents: rows.map((row) =>
      incidentOf(row, { names, sql, verdicts, details: query.detailed?.has(row.id) ?? details, roundTrips, untilMs: lastingMs }),
    ),
    blind: sql.all("SELECT * FROM blind WHERE started_ms < ? AND ended_ms >= ? ORDER BY started_ms", untilMs, sinceMs).map((cells) => ({
      started_at: iso(Number(cells["started_ms"])),
      ended_at: iso(Number(cells["ended_ms"])),
      cause: String(cells["cause"]),
      detail: cells["detail"] === null || cells["detail"] === undefined ? null : String(cells["detail"]),
    })),
    remote: readLone("remote", query, { names, sql }),
    requested: readLone("request", query, { names, sql }),
    evicted: sql
      .all(
        "SELECT * FROM tombstones WHERE from_ms < ? AND to_ms >= ? AND (reason = 'budget' OR what = 'evidence') ORDER BY from_ms",
        untilMs,
        sinceMs,
      )
      .map((cells) => ({
        what: String(cells["what"]),
        reason: String(cells["reason"]),
        from: iso(Number(cells["from_ms"])),
        to: iso(Number(cells["to_ms"])),
        rows: Number(cells["rows"]),
      })),
  };
}

/** Captures that belong to no incident. */
function readLone(trigger: "remote" | "request", query: ReportQuery, { names, sql }: Pick<CaptureReading, "names" | "sql">): ReportCapture[] {
  const rows = sql
    .all(
      `SELECT * FROM captures WHERE incident_id IS NULL AND trigger = ? AND started_ms < ? AND started_ms >= ? AND (? IS NULL OR peer = ? OR target = ?) ORDER BY started_ms, id`,
      trigger,
      query.untilMs,
      query.sinceMs,
      query.peer,
      query.peer,
      query.peer,
    )
    .map(captureFromCells);
  // The hops of an mtr are read from its lines, one by one: only for as many as incidents are.
  const details = rows.length <= query.detailUpTo;
  const { roundTrips = false } = query;
  return rows.map((row) => captureOf(details ? row : { ...row, facts: {}, hops: [] }, { names, sql, details, roundTrips, bursts: null }));
}

function eventsOf(incidents: readonly ReportIncident[]): ReportEvent[] {
  const events = new Map<string, ReportIncident[]>();
  for (const incident of incidents) {
    const members = events.get(incident.event_id);
    if (members === undefined) events.set(incident.event_id, [incident]);
    else members.push(incident);
  }
  return [...events].map(([id, members]) => {
    const ends = members.map((incident) => incident.ended_at);
    return {
      id,
      started_at: members.map((incident) => incident.started_at).reduce((a, b) => (b < a ? b : a)),
      ended_at: ends.reduce((a, b) => (a === null || b === null ? null : b > a ? b : a)),
      incidents: members.map((incident) => incident.id),
      // One event, one verdict.
      verdict: members[0]?.verdict ?? null,
    };
  });
}

/** The configured peers, and those that are no longer but have something in the range. */
function peersOf(evidence: Evidence, totals: ReadonlyMap<string, PeerTotals>, only: string | null): ReportPeer[] {
  const known = new Map(evidence.peers.map((peer) => [peer.name, peer]));
  const incidents = new Map<string, number>();
  for (const { peer } of evidence.incidents) incidents.set(peer, (incidents.get(peer) ?? 0) + 1);
  const names = new Set([...evidence.peers.filter((peer) => peer.active).map((peer) => peer.name), ...totals.keys(), ...incidents.keys()]);
  return [...names]
    .filter((name) => only === null || name === only)
    .sort()
    .map((name) => peerOf(name, { row: known.get(name), totals: totals.get(name), incidents: incidents.get(name) ?? 0 }));
}

export function peerOf(
  name: string,
  { row, totals, incidents }: { readonly row: PeerRow | undefined; readonly totals: PeerTotals | undefined; readonly incidents: number },
): ReportPeer {
  const ms = (us: number | null | undefined): number | null => (us === null || us === undefined ? null : Math.round(us) / 1000);
  const sent = totals?.sent ?? 0;
  const lost = totals?.lost ?? 0;
  const blind = totals?.blind ?? 0;
  return {
    peer: name,
    address: row?.address ?? null,
    sent,
    received: totals?.received ?? 0,
    lost,
    late: totals?.late ?? 0,
    duplicate: totals?.duplicate ?? 0,
    foreign: totals?.foreign ?? 0,
    send_failed: totals?.sendFailed ?? 0,
    skipped: totals?.skipped ?? 0,
    blind,
    loss_pct: percent(lost, sent - blind, 2),
    rtt_ms: {
      min: ms(totals?.rttMinUs),
      p50: ms(totals?.p50Us),
      p95: ms(totals?.p95Us),
      p99: ms(totals?.p99Us),
      max: ms(totals?.rttMaxUs),
      error_max: ms(totals?.errorMaxUs),
      doubtful: totals?.doubtful ?? 0,
    },
    first_reply_at: isoOrNull(row?.firstReplyMs ?? null),
    policed_at: null,
    // A peer without an agent sends nothing that could be heard.
    heard:
      totals === undefined || totals.heardExpected === 0
        ? { expected: null, received: null }
        : { expected: totals.heardExpected, received: totals.heardReceived },
    agent_silent_since: isoOrNull(row?.agentSilentMs ?? null),
    incidents,
  };
}

function nodeOf(node: NodeRow | null): ReportNode {
  return {
    name: node?.name ?? null,
    id: node?.id ?? null,
    address: node?.address ?? null,
    version: node?.version ?? null,
    interval_ms: node?.intervalMs ?? null,
    timeout_ms: node?.timeoutMs ?? null,
    clock: { source: null, offset_ms: null, max_error_ms: null },
    notes: node?.notes ?? [],
  };
}
