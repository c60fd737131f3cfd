/** One record of lanes 0, 1 and 3, or one rollup: read and found good, or the code that says why not. Pure. */
import { Histogram } from "../../stats/histogram.ts";
import { type EvidenceTable, isRecordType, LANE_OF, ROLLUP_COLUMNS, type RecordType } from "../../sync/record-types.ts";
import { type Lane, MAX_BODY_BYTES, MAX_HEAD_BYTES, MAX_ID_CHARACTERS, type RejectCode } from "../../sync/wire.ts";
import type { ParsedRecord, ParsedRollup } from "../store/port.ts";
import { rankOf } from "../rank.ts";
import { type Fields, isBase64, isCount, isName, isTime, msOfIso } from "./checks.ts";
import { isIncidentHead, isVerdictHead } from "./heads.ts";
import { lineTimes, readRow } from "./rows.ts";

/** A head of a newer node may be a little longer than ours. */
const MAX_ACCEPTED_HEAD_BYTES = 2 * MAX_HEAD_BYTES;
/** What four bytes hold; no count of a minute comes near. */
const MAX_COUNT = 2 ** 31 - 1;
const COUNTS = ROLLUP_COLUMNS.length - 3;
const BYTES_A_SAMPLE = 4;

export type RecordResult =
  | { readonly kind: "record"; readonly record: ParsedRecord }
  | { readonly kind: "rollup"; readonly rollup: ParsedRollup }
  | { readonly kind: "rejected"; readonly code: RejectCode };

/** What a record is about, as the database can be asked for it. */
type About = Pick<ParsedRecord, "parent" | "peer" | "atMs" | "untilMs" | "digest">;

export interface RecordPlace {
  readonly lane: Lane;
  readonly seq: number;
  /** Of records that are about no time. */
  readonly receivedMs: number;
}

export function parseRecord({ type, id, version, data }: Fields, { lane, seq, receivedMs }: RecordPlace): RecordResult {
  if (typeof type !== "string" || !isName(id) || id.length > MAX_ID_CHARACTERS || !Number.isSafeInteger(version) || (version as number) < 1)
    return rejected("malformed");
  if (!isRecordType(type)) return rejected("unknown-type");
  if (LANE_OF[type] !== lane) return rejected("wrong-lane");
  const key = { seq, version: version as number };
  if (type === "rollup") {
    const rollup = readRollup(data);
    return rollup === null ? rejected("malformed") : { kind: "rollup", rollup: { ...key, ...rollup } };
  }
  const about = aboutOf(type, { id, data, receivedMs });
  if (about === null) return rejected("malformed");
  const json = JSON.stringify(data);
  if (Buffer.byteLength(json) > (lane === 0 ? MAX_ACCEPTED_HEAD_BYTES : MAX_BODY_BYTES)) return rejected("too-large");
  return { kind: "record", record: { ...key, rank: rankOf(type, data), type, id, ...about, data: json } };
}

function rejected(code: RejectCode): RecordResult {
  return { kind: "rejected", code };
}

function aboutOf(
  type: Exclude<RecordType, "rollup">,
  { id, data, receivedMs }: { readonly id: string; readonly data: unknown; readonly receivedMs: number },
): About | null {
  if (type === "incident") {
    if (!isIncidentHead(data) || data.id !== id) return null;
    return {
      parent: data.event_id,
      peer: data.peer,
      atMs: Date.parse(data.started_at),
      untilMs: msOfIso(data.ended_at),
      digest: data.evidence?.sha256 ?? null,
    };
  }
  if (type === "verdict") {
    if (!isVerdictHead(data) || data.event_id !== id) return null;
    const atMs = Date.parse(data.at);
    return { parent: data.event_id, peer: null, atMs, untilMs: atMs, digest: null };
  }
  const table = type.slice("row.".length) as EvidenceTable;
  const row = readRow(table, data);
  return row === null ? null : aboutRow(table, { row, receivedMs });
}

function aboutRow(table: EvidenceTable, { row, receivedMs }: { readonly row: Fields; readonly receivedMs: number }): About {
  const ms = (column: string): number => Math.floor(row[column] as number);
  const msOrNull = (column: string): number | null => (row[column] === null ? null : ms(column));
  const name = (column: string): string | null => row[column] as string | null;
  const at = (atMs: number, untilMs: number | null, more: Partial<About> = {}): About => ({
    parent: null,
    peer: null,
    atMs,
    untilMs,
    digest: null,
    ...more,
  });
  switch (table) {
    case "incidents":
      return at(ms("started_ms"), msOrNull("ended_ms"), { parent: name("event_id"), peer: name("peer") });
    case "captures":
      return at(ms("started_ms"), msOrNull("finished_ms"), { parent: name("incident_id"), peer: name("peer") });
    case "lines": {
      const times = lineTimes(row["body"]);
      return at(Math.floor(times.firstMs), Math.floor(times.lastMs), { parent: name("capture_id") });
    }
    case "samples": {
      const count = Buffer.byteLength(row["data"] as string, "base64") / BYTES_A_SAMPLE;
      return at(ms("started_ms"), Math.floor((row["started_ms"] as number) + count * (row["interval_ms"] as number)), {
        parent: name("incident_id"),
      });
    }
    case "verdicts":
      return at(ms("at_ms"), ms("at_ms"), { parent: name("event_id") });
    case "blind":
      return at(ms("started_ms"), ms("ended_ms"));
    case "hop_names":
      return at(ms("since_ms"), null);
    case "peers":
      return at(receivedMs, null, { peer: name("name") });
    case "node":
      return at(receivedMs, null);
  }
}

function readRollup(data: unknown): Omit<ParsedRollup, "seq" | "version"> | null {
  if (!Array.isArray(data) || data.length < ROLLUP_COLUMNS.length) return null;
  const [at, peer, ...rest] = data as unknown[];
  const counts = rest.slice(0, COUNTS);
  const encoded = rest[COUNTS];
  if (!Number.isSafeInteger(at) || !isTime((at as number) * 1000) || !isName(peer) || !isBase64(encoded)) return null;
  if (!counts.every((count) => isCount(count) && count <= MAX_COUNT)) return null;
  const histogram = new Uint8Array(Buffer.from(encoded, "base64"));
  return isHistogram(histogram) ? { at: at as number, peer, counts: counts as number[], histogram } : null;
}

/** One for all: it is empty between two uses. */
const scratch = new Histogram();

function isHistogram(bytes: Uint8Array): boolean {
  const isWhole = scratch.mergeEncoded(bytes);
  scratch.clear();
  return isWhole;
}
