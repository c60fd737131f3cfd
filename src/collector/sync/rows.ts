/**
 * Whether cells are a row of the node's databases, so that a report can be made of them later without a surprise: the kind of every column, JSON that is JSON, blobs
 * that are blobs. Cells behind the columns that are known come from a newer node and are kept as they are. Pure.
 */
import { columnsOf, type EvidenceTable } from "../../sync/record-types.ts";
import { isBase64, isCount, isFields, isName, isNumber, isTime } from "./checks.ts";
import { parseJson } from "./json.ts";

type Check = (cell: unknown) => boolean;

const text: Check = (cell) => typeof cell === "string";
const list: Check = (cell) => Array.isArray(parsed(cell));
const map: Check = (cell) => isFields(parsed(cell));
/** Four bytes a sample. */
const samples: Check = (cell) => isBase64(cell) && Buffer.byteLength(cell, "base64") % 4 === 0;
/** Between two probes, or until one is lost: far above what a stretched interval becomes. */
const MAX_SPAN_MS = 86_400_000;
const span: Check = (cell) => isNumber(cell) && cell > 0 && cell <= MAX_SPAN_MS;

function orNull(check: Check): Check {
  return (cell) => cell === null || check(cell);
}

/** By name: a column is called the same and is the same in every table, but for those of OWN. */
const COLUMNS: Readonly<Record<string, Check>> = {
  id: isName,
  event_id: isName,
  incident_id: orNull(isName),
  capture_id: isName,
  baseline_capture_id: orNull(isName),
  continues: orNull(isName),
  peer: isName,
  name: isName,
  address: text,
  kind: orNull(text),
  status: text,
  phase: text,
  trigger: text,
  tool: text,
  cause: text,
  sentence: text,
  target: text,
  reason: orNull(text),
  source: orNull(text),
  asked_by: orNull(text),
  detail: orNull(text),
  started_ms: isTime,
  detected_ms: isTime,
  at_ms: isTime,
  since_ms: isTime,
  asked_ms: isTime,
  used_ms: isTime,
  ended_ms: orNull(isTime),
  first_hop_ms: orNull(isTime),
  finished_ms: orNull(isTime),
  first_reply_ms: orNull(isTime),
  agent_silent_ms: orNull(isTime),
  interval_ms: span,
  timeout_ms: span,
  flow: orNull(isCount),
  reached: orNull(isCount),
  active: isCount,
  agent_epoch: isCount,
  epoch: isCount,
  // A few ticks before the boot's first are negative.
  start_slot: Number.isSafeInteger,
  first_number: isCount,
  version: isCount,
  only: isCount,
  bursts: list,
  hops: list,
  facts: map,
  verdict: map,
};

const OWN: Readonly<Partial<Record<EvidenceTable, Readonly<Record<string, Check>>>>> = {
  captures: { kind: text },
  lines: { body: isLines },
  blind: { ended_ms: isTime },
  node: { body: map },
  hop_names: { name: orNull(text), address: isName },
  samples: { incident_id: isName, data: samples },
};

const CHECKS = new Map<EvidenceTable, readonly Check[]>();

/** The cells by column, null where they are not a row of that table. */
export function readRow(table: EvidenceTable, data: unknown): Readonly<Record<string, unknown>> | null {
  const columns = columnsOf(table);
  if (!Array.isArray(data) || data.length < columns.length || data.length > columns.length + MAX_MORE_COLUMNS) return null;
  const checks = checksOf(table);
  const cells: readonly unknown[] = data;
  const isRow = cells.every((cell, index) => (checks[index] ?? isCell)(cell));
  return isRow ? Object.fromEntries(columns.map((column, index) => [column, cells[index]])) : null;
}

/** What newer nodes may have added to a table. */
const MAX_MORE_COLUMNS = 32;

function isCell(cell: unknown): boolean {
  return cell === null || typeof cell === "string" || isNumber(cell);
}

function checksOf(table: EvidenceTable): readonly Check[] {
  const known = CHECKS.get(table);
  if (known !== undefined) return known;
  const checks = columnsOf(table).map((column) => OWN[table]?.[column] ?? COLUMNS[column] ?? isCell);
  CHECKS.set(table, checks);
  return checks;
}

/** `[[number, "[[atMs, \"line\"], …]"], …]`: the one cell that is a list, only the rows in it are text. */
function isLines(chunks: unknown): boolean {
  return Array.isArray(chunks) && chunks.length > 0 && chunks.every(isChunk);
}

/**
 * Lines as our nodes write them, between the years 2001 and 2191: most of what is sent, and seen here four times as fast as by JSON.parse. Only says yes to what is good;
 * what it does not know is parsed. At every character there is one way to go on, so it takes no longer than the text is.
 */
const USUAL_LINES =
  /^\[(?:\[[1-6]\d{12}(?:\.\d{1,20})?,"[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[ !#-[\]-\uffff]*)*"\](?:,(?=\[)|(?=\]$)))+\]$/;

function isChunk(chunk: unknown): boolean {
  if (!Array.isArray(chunk) || chunk.length !== 2 || !isCount(chunk[0]) || typeof chunk[1] !== "string") return false;
  if (USUAL_LINES.test(chunk[1])) return true;
  const lines = flatList(chunk[1]);
  return lines !== null && lines.length > 0 && lines.every(isLine);
}

function isLine(line: unknown): boolean {
  return Array.isArray(line) && line.length === 2 && isTime(line[0]) && typeof line[1] === "string";
}

/** Of JSON that is looked at and not walked down, so its depth is nobody's trouble; most of what is sent is this. */
function flatList(text: string): readonly unknown[] | null {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** When the first and the last line of a cell that `readRow` let through came. */
export function lineTimes(body: unknown): { readonly firstMs: number; readonly lastMs: number } {
  const chunks = body as readonly (readonly [number: number, text: string])[];
  const times = [chunks[0], chunks.at(-1)].flatMap((chunk) =>
    chunk === undefined ? [] : (JSON.parse(chunk[1]) as [number, string][]).map(([ms]) => ms),
  );
  return { firstMs: Math.min(...times), lastMs: Math.max(...times) };
}

function parsed(cell: unknown): unknown {
  if (typeof cell !== "string") return undefined;
  const result = parseJson(cell);
  return result.kind === "ok" ? result.value : undefined;
}
