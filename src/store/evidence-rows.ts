/** Row ↔ domain for evidence.db: the one place that knows both its column names and the words of `rows.ts`. */
import type { Cells } from "./statement-cache.ts";
import type { BurstRow, CaptureRow, HopNameRow, IncidentRow, LineChunk, PeerRow, SampleBlock } from "./rows.ts";

export const INCIDENT_COLUMNS = [
  "id",
  "event_id",
  "continues",
  "peer",
  "address",
  "kind",
  "status",
  "started_ms",
  "detected_ms",
  "ended_ms",
  "interval_ms",
  "timeout_ms",
  "baseline_capture_id",
  "bursts",
] as const;

export const CAPTURE_COLUMNS = [
  "id",
  "incident_id",
  "peer",
  "kind",
  "phase",
  "trigger",
  "tool",
  "status",
  "reason",
  "flow",
  "source",
  "target",
  "reached",
  "asked_by",
  "started_ms",
  "first_hop_ms",
  "finished_ms",
  "facts",
  "hops",
] as const;

/** An upsert by `id` of every column; those in `kept` are not taken back by a null. */
export function upsertById(table: string, columns: readonly string[], kept: readonly string[] = []): string {
  const value = (column: string): string => (kept.includes(column) ? `coalesce(excluded.${column}, ${table}.${column})` : `excluded.${column}`);
  const set = columns.filter((column) => column !== "id").map((column) => `${column} = ${value(column)}`);
  return `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map((column) => `@${column}`).join(", ")}) ON CONFLICT (id) DO UPDATE SET ${set.join(", ")}`;
}

export function incidentToCells(row: IncidentRow): Cells {
  return {
    id: row.id,
    event_id: row.eventId,
    continues: row.continues,
    peer: row.peer,
    address: row.address,
    kind: row.kind,
    status: row.status,
    started_ms: row.startedMs,
    detected_ms: row.detectedMs,
    ended_ms: row.endedMs,
    interval_ms: row.intervalMs,
    timeout_ms: row.timeoutMs,
    baseline_capture_id: row.baselineCaptureId,
    bursts: JSON.stringify(row.bursts),
  };
}

export function incidentFromCells(cells: Cells): IncidentRow {
  return {
    id: text(cells, "id"),
    eventId: text(cells, "event_id"),
    continues: textOrNull(cells, "continues"),
    peer: text(cells, "peer"),
    address: text(cells, "address"),
    kind: textOrNull(cells, "kind") as IncidentRow["kind"],
    status: text(cells, "status") as IncidentRow["status"],
    startedMs: number(cells, "started_ms"),
    detectedMs: number(cells, "detected_ms"),
    endedMs: numberOrNull(cells, "ended_ms"),
    intervalMs: number(cells, "interval_ms"),
    timeoutMs: number(cells, "timeout_ms"),
    baselineCaptureId: textOrNull(cells, "baseline_capture_id"),
    bursts: JSON.parse(text(cells, "bursts")) as BurstRow[],
  };
}

export function captureToCells(row: CaptureRow): Cells {
  return {
    id: row.id,
    incident_id: row.incidentId,
    peer: row.peer,
    kind: row.kind,
    phase: row.phase,
    trigger: row.trigger,
    tool: row.tool,
    status: row.status,
    reason: row.reason,
    flow: row.flow,
    source: row.source,
    target: row.target,
    reached: row.reached === null ? null : Number(row.reached),
    asked_by: row.askedBy,
    started_ms: row.startedMs,
    first_hop_ms: row.firstHopMs,
    finished_ms: row.finishedMs,
    facts: JSON.stringify(row.facts),
    hops: JSON.stringify(row.hops),
  };
}

/** `facts` and `hops` are empty when the query left those columns out. */
export function captureFromCells(cells: Cells): CaptureRow {
  const reached = numberOrNull(cells, "reached");
  return {
    id: text(cells, "id"),
    incidentId: textOrNull(cells, "incident_id"),
    peer: text(cells, "peer"),
    kind: text(cells, "kind") as CaptureRow["kind"],
    phase: text(cells, "phase") as CaptureRow["phase"],
    trigger: text(cells, "trigger") as CaptureRow["trigger"],
    tool: text(cells, "tool"),
    status: text(cells, "status") as CaptureRow["status"],
    reason: textOrNull(cells, "reason"),
    flow: numberOrNull(cells, "flow"),
    source: textOrNull(cells, "source"),
    target: text(cells, "target"),
    reached: reached === null ? null : reached !== 0,
    askedBy: textOrNull(cells, "asked_by"),
    startedMs: number(cells, "started_ms"),
    firstHopMs: numberOrNull(cells, "first_hop_ms"),
    finishedMs: numberOrNull(cells, "finished_ms"),
    facts: cells["facts"] === undefined ? {} : (JSON.parse(text(cells, "facts")) as CaptureRow["facts"]),
    hops: cells["hops"] === undefined ? [] : (JSON.parse(text(cells, "hops")) as CaptureRow["hops"]),
  };
}

export function sampleBlockFromCells(cells: Cells): SampleBlock {
  return {
    incidentId: text(cells, "incident_id"),
    epoch: number(cells, "epoch"),
    startSlot: number(cells, "start_slot"),
    startedMs: number(cells, "started_ms"),
    intervalMs: number(cells, "interval_ms"),
    samples: cells["data"] as Uint8Array,
  };
}

export function peerFromCells(cells: Cells): PeerRow {
  return {
    name: text(cells, "name"),
    address: text(cells, "address"),
    intervalMs: number(cells, "interval_ms"),
    firstReplyMs: numberOrNull(cells, "first_reply_ms"),
    agentEpoch: number(cells, "agent_epoch"),
    agentSilentMs: numberOrNull(cells, "agent_silent_ms"),
    active: number(cells, "active") !== 0,
  };
}

export function hopNameFromCells(cells: Cells): HopNameRow {
  return {
    address: text(cells, "address"),
    sinceMs: number(cells, "since_ms"),
    name: textOrNull(cells, "name"),
    askedMs: number(cells, "asked_ms"),
    usedMs: number(cells, "used_ms"),
  };
}

/** The lines of a chunk as one JSON text: `[[atMs, "line"], …]`. */
export function linesToText(lines: LineChunk["lines"]): string {
  return JSON.stringify(lines.map((line) => [line.atMs, line.text]));
}

export function linesFromText(body: string): LineChunk["lines"] {
  return (JSON.parse(body) as [number, string][]).map(([atMs, line]) => ({ atMs, text: line }));
}

function text(cells: Cells, column: string): string {
  return String(cells[column]);
}

function textOrNull(cells: Cells, column: string): string | null {
  const value = cells[column];
  return value === null || value === undefined ? null : String(value);
}

function number(cells: Cells, column: string): number {
  return Number(cells[column]);
}

function numberOrNull(cells: Cells, column: string): number | null {
  const value = cells[column];
  return value === null || value === undefined ? null : Number(value);
}
