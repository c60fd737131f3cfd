/**
 * Which records the page of some incidents of one node needs: what `readTicket` reads on the node, asked of the collector's database. Only names of hops that its
 * traces met are taken along: a node knows thousands.
 */
import { collectedRange } from "../../store/ticket-reader.ts";
import { columnsOf, type RecordType } from "../../sync/record-types.ts";
import type { CollectorStore, RecordQuery, StoredRecord, StoredRollup } from "../store/port.ts";
import type { FoundHead } from "./incident-heads.ts";

/** Of one kind. An incident of half an hour has some hundreds; one that lasts a day, a few thousand. */
const MAX_RECORDS = 5_000;
const MAX_NAMES = 50_000;
/** Minutes of all peers around an incident: an hour of a thousand. */
const MAX_ROLLUPS = 100_000;
/** In all: two nodes must fit into one answer. */
const MAX_BYTES = 24 * 1024 * 1024;

export interface NodeEvidence {
  readonly node: string;
  readonly records: readonly StoredRecord[];
  readonly rollups: readonly StoredRollup[];
  /** More was stored than is read for one page. */
  readonly isCut: boolean;
}

export interface EvidenceQuery {
  readonly node: string;
  /** On the clock of the node; those of its incidents, or of whom it traced for. */
  readonly range: { readonly sinceMs: number; readonly untilMs: number };
  readonly incidents: readonly FoundHead[];
  /** With its other peers at the same time. */
  readonly withPeers: boolean;
}

/** The range of the page: that of the incidents with what lies around them. */
export function rangeOf(incidents: readonly FoundHead[], nowMs: number): EvidenceQuery["range"] {
  const startedMs = Math.min(...incidents.map((each) => each.startedMs));
  return collectedRange(startedMs, Math.max(startedMs, ...incidents.map(({ endedMs }) => (endedMs === Number.POSITIVE_INFINITY ? nowMs : endedMs))));
}

export async function evidenceOf(store: CollectorStore, { node, range, incidents, withPeers }: EvidenceQuery): Promise<NodeEvidence> {
  const rows = (types: readonly RecordType[], more: Partial<RecordQuery> = {}): Promise<StoredRecord[]> =>
    store.records({ types, node, limit: MAX_RECORDS, ...more });
  const ids = incidents.map(({ head }) => head.id);
  const events = [...new Set(incidents.map(({ head }) => head.event_id))];
  const [about, own, around, verdicts, verdictRows, standing, blind, names, rollups] = await Promise.all([
    ids.length === 0 ? [] : rows(["incident", "row.incidents"], { ids }),
    ids.length === 0 ? [] : rows(["row.captures", "row.samples"], { parents: ids }),
    rows(withPeers ? ["incident", "row.incidents", "row.captures"] : ["row.captures"], range),
    events.length === 0 ? [] : rows(["verdict"], { ids: events }),
    events.length === 0 ? [] : rows(["row.verdicts"], { parents: events }),
    rows(withPeers ? ["row.node", "row.peers"] : ["row.node"]),
    withPeers ? rows(["row.blind"], range) : [],
    rows(["row.hop_names"], { limit: MAX_NAMES }),
    withPeers ? store.rollups({ node, from: range.sinceMs / 1000, to: range.untilMs / 1000, limit: MAX_ROLLUPS }) : [],
  ]);
  const baselines = baselineIds(about);
  const before = baselines.length === 0 ? [] : await rows(["row.captures"], { ids: baselines });
  // Of the captures around, those of other incidents are on other pages.
  const near = around.filter(({ type, parent }) => type !== "row.captures" || parent === null);
  const captures = [...own, ...before, ...near].filter(({ type }) => type === "row.captures").map(({ id }) => id);
  const lines = captures.length === 0 ? [] : await rows(["row.lines"], { parents: [...new Set(captures)] });
  const records = distinct([...about, ...verdicts, ...verdictRows, ...own, ...before, ...near, ...standing, ...blind, ...lines]);
  const met = addressesIn([...records, ...lines]);
  const fitting = upTo(MAX_BYTES, [...records, ...names.filter(({ data }) => met.has(firstCell(data)))]);
  const isFull = [about, own, around, lines].some(({ length }) => length >= MAX_RECORDS);
  return { node, records: fitting.records, rollups, isCut: isFull || fitting.isCut || rollups.length >= MAX_ROLLUPS };
}

const BASELINE = columnsOf("incidents").indexOf("baseline_capture_id");

function baselineIds(records: readonly StoredRecord[]): string[] {
  return records
    .filter(({ type }) => type === "row.incidents")
    .flatMap(({ data }) => {
      const id: unknown = cellsOf(data)[BASELINE];
      return typeof id === "string" ? [id] : [];
    });
}

function cellsOf(data: string): unknown[] {
  try {
    const cells: unknown = JSON.parse(data);
    return Array.isArray(cells) ? cells : [];
  } catch {
    return [];
  }
}

function firstCell(data: string): string {
  const [first] = cellsOf(data);
  return typeof first === "string" ? first : "";
}

/** Everything in traces and lines of mtr that could be an address. */
function addressesIn(records: readonly StoredRecord[]): ReadonlySet<string> {
  const traces = records.filter(({ type }) => type === "row.captures" || type === "row.lines");
  return new Set(traces.flatMap(({ data }) => data.split(/[^0-9A-Fa-f.:]+/)));
}

function distinct(records: readonly StoredRecord[]): StoredRecord[] {
  return [...new Map(records.map((record) => [JSON.stringify([record.type, record.id]), record])).values()];
}

function upTo(maxBytes: number, records: readonly StoredRecord[]): { readonly records: StoredRecord[]; readonly isCut: boolean } {
  let bytes = 0;
  const fitting = records.filter(({ data }) => (bytes += data.length) <= maxBytes);
  return { records: fitting, isCut: fitting.length < records.length };
}
