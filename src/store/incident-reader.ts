/** Incidents with their bursts, strip and captures as the report gives them. Samples, lines, facts and hops are only read when `details` is set. */
import type { Hop } from "../path/hop.ts";
import { untilLastBad, type Span } from "../path/span.ts";
import { iso, isoOrNull, percent } from "../report/figures.ts";
import type { ReportCapture, ReportHop, ReportIncident } from "../report/report.ts";
import { drawStrip, type Strip } from "../report/strip.ts";
import { CAPTURE_COLUMNS, captureFromCells, sampleBlockFromCells } from "./evidence-rows.ts";
import type { NameReader } from "./name-reader.ts";
import type { CaptureRow, FlowCount, IncidentRow, PacketCount } from "./rows.ts";
import type { StatementCache } from "./statement-cache.ts";
import { readTrace } from "./trace-reader.ts";
import type { VerdictReader } from "./verdict-reader.ts";

/** Shown of a strip before the first lost packet and after the last. */
const STRIP_MARGIN_MS = 2000;

const BRIEF = CAPTURE_COLUMNS.filter((column) => column !== "facts" && column !== "hops").join(", ");

export interface IncidentReading {
  readonly names: NameReader;
  readonly verdicts: VerdictReader;
  readonly sql: StatementCache;
  readonly details: boolean;
  /** Every round trip of the traces, beside their figures. */
  readonly roundTrips?: boolean;
  /** Where an incident that lasts ends for now. */
  readonly untilMs: number;
}

/** What the row of an incident tells by itself. */
export type IncidentFigures = Omit<ReportIncident, "strip" | "strip_started_at" | "verdict" | "captures">;

export function incidentOf(row: IncidentRow, reading: IncidentReading): ReportIncident {
  const strip = reading.details ? readStrip(row, reading) : null;
  return {
    ...figuresOf(row),
    strip: strip?.text ?? null,
    strip_started_at: isoOrNull(strip?.startedMs ?? null),
    verdict: reading.verdicts.of(row.eventId),
    captures: readCaptures(row, reading),
  };
}

export function figuresOf(row: IncidentRow): IncidentFigures {
  const sum = (value: (burst: IncidentRow["bursts"][number]) => number): number => row.bursts.reduce((total, burst) => total + value(burst), 0);
  const sent = sum((burst) => burst.sent);
  const lost = sum((burst) => burst.lost);
  const blind = sum((burst) => burst.blind);
  return {
    id: row.id,
    event_id: row.eventId,
    continues: row.continues,
    peer: row.peer,
    address: row.address,
    kind: row.kind,
    status: row.status,
    started_at: iso(row.startedMs),
    detected_at: iso(row.detectedMs),
    ended_at: isoOrNull(row.endedMs),
    interval_ms: row.intervalMs,
    timeout_ms: row.timeoutMs,
    sent,
    lost,
    late: sum((burst) => burst.late),
    loss_pct: percent(lost, sent - blind, 1),
    out: addCounts(row.bursts.map((burst) => burst.out)),
    in: addCounts(row.bursts.map((burst) => burst.in)),
    flows: addFlows(row.bursts.map((burst) => burst.flows)),
    bursts: row.bursts.map((burst) => ({
      started_at: iso(burst.startedMs),
      ended_at: isoOrNull(burst.endedMs),
      sent: burst.sent,
      lost: burst.lost,
      late: burst.late,
      send_failed: burst.sendFailed,
      blind: burst.blind,
      longest_run: burst.longestRun,
    })),
  };
}

/** Sums over the bursts of which hearing tells; null when it tells of none. */
function addCounts(counts: readonly (PacketCount | undefined)[]): { readonly sent: number | null; readonly lost: number | null } {
  const known = counts.filter((count) => count !== undefined);
  if (known.length === 0) return { sent: null, lost: null };
  return { sent: known.reduce((sum, count) => sum + count.sent, 0), lost: known.reduce((sum, count) => sum + count.lost, 0) };
}

function readStrip(row: IncidentRow, { sql, untilMs }: IncidentReading): Strip | null {
  const fromMs = row.startedMs - STRIP_MARGIN_MS;
  const toMs = (row.endedMs ?? untilMs) + STRIP_MARGIN_MS;
  const blocks = sql
    .all("SELECT * FROM samples WHERE incident_id = ? AND started_ms < ? ORDER BY epoch, start_slot", row.id, toMs)
    .map(sampleBlockFromCells);
  return drawStrip(blocks, { fromMs, toMs, intervalMs: row.intervalMs });
}

function readCaptures(row: IncidentRow, { names, sql, details, roundTrips = false }: IncidentReading): ReportCapture[] {
  const columns = details ? "*" : BRIEF;
  const own = sql.all(`SELECT ${columns} FROM captures WHERE incident_id = ? ORDER BY started_ms, id`, row.id).map(captureFromCells);
  const baseline =
    row.baselineCaptureId === null || own.some((capture) => capture.id === row.baselineCaptureId)
      ? []
      : sql.all(`SELECT ${columns} FROM captures WHERE id = ?`, row.baselineCaptureId).map(captureFromCells);
  const bursts = untilLastBad(row.bursts, row.intervalMs);
  return [...baseline, ...own].map((capture) => captureOf(capture, { names, sql, details, roundTrips, bursts }));
}

export interface CaptureReading {
  readonly names: NameReader;
  readonly sql: StatementCache;
  readonly details: boolean;
  readonly roundTrips?: boolean;
  /** Of its incident, to the last bad probe; null where it belongs to none. */
  readonly bursts: readonly Span[] | null;
}

export function captureOf(row: CaptureRow, { names, sql, details, roundTrips = false, bursts }: CaptureReading): ReportCapture {
  // An mtr that began in a burst runs on between bursts and while the incident cools down; its table is about the bursts.
  const within = row.kind === "mtr" && row.phase === "during" ? (bursts ?? []).filter((burst) => (burst.endedMs ?? Infinity) > row.startedMs) : [];
  const untilMs = within.some((burst) => burst.endedMs === null) ? null : (within.at(-1)?.endedMs ?? null);
  const trace = details && row.kind === "mtr" && row.hops.length === 0 ? readTrace(row, sql, within.length === 0 ? {} : { within }) : null;
  return {
    id: row.id,
    kind: row.kind,
    phase: row.phase,
    trigger: row.trigger,
    tool: row.tool,
    status: row.status,
    reason: row.reason,
    flow: row.flow,
    source: row.source,
    target: row.target,
    reached: row.reached ?? trace?.reached ?? null,
    asked_by: row.askedBy,
    started_at: iso(row.startedMs),
    first_hop_at: isoOrNull(row.firstHopMs ?? trace?.firstHopMs ?? null),
    finished_at: isoOrNull(row.finishedMs),
    facts: row.facts,
    hops: (trace?.hops ?? row.hops).map((hop) => hopOf(hop, { name: names.of(hop.address, row.startedMs), roundTrips })),
    hops_until: isoOrNull(untilMs),
  };
}

function hopOf(hop: Hop, { name, roundTrips }: { readonly name: string | null; readonly roundTrips: boolean }): ReportHop {
  return {
    ttl: hop.ttl,
    address: hop.address,
    name,
    addresses: hop.addresses,
    sent: hop.sent,
    received: hop.received,
    loss_pct: hop.lossPct,
    rtt_ms: hop.rttMs,
    mpls: hop.mpls,
    note: hop.note,
    ...(roundTrips && hop.rttsUs !== undefined ? { rtts_us: hop.rttsUs } : {}),
  };
}

function addFlows(bursts: readonly (readonly FlowCount[])[]): FlowCount[] {
  const flows = new Map<number, FlowCount>();
  for (const { flow, sent, lost } of bursts.flat()) {
    const earlier = flows.get(flow);
    flows.set(flow, { flow, sent: sent + (earlier?.sent ?? 0), lost: lost + (earlier?.lost ?? 0) });
  }
  return [...flows.values()].sort((a, b) => a.flow - b.flow);
}
