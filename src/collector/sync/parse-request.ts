/**
 * Body of a request → what the database is given, record by record: one that is bad is rejected and holds up nothing but its number. What is wrong with the request
 * itself (no numbers to name, not the contract) refuses all of it. Never throws, whatever the value. Pure.
 */
import { type Lane, type LaneBacklog, LANES, type Rejection, SYNC_API, type Tombstone, type TombstoneReason } from "../../sync/wire.ts";
import type { Delivery, ParsedLane, ParsedRecord, ParsedRollup } from "../store/port.ts";
import { type Fields, isCount, isFields, isName, isNumber, isShortText, msOfIso } from "./checks.ts";
import { parseRecord } from "./parse-record.ts";

/** A node has two. */
const MAX_FILES = 8;
/** A body of tombstones and nothing else has no more. */
const MAX_TOMBSTONES = 20_000;
const MAX_WORD = 128;
const REASONS: readonly TombstoneReason[] = ["evicted", "refused", "replaced"];

export type RequestResult =
  | { readonly kind: "ok"; readonly delivery: Delivery; readonly rejected: readonly Rejection[] }
  | { readonly kind: "bad"; readonly code: "unsupported-api" | "malformed"; readonly message: string };

/** What is wrong with the request itself; caught below. */
class Malformed extends Error {}

export function parseRequest(body: unknown, receivedMs: number): RequestResult {
  if (!isFields(body)) return { kind: "bad", code: "malformed", message: "the body is no object" };
  if (body["api"] !== SYNC_API)
    return { kind: "bad", code: "unsupported-api", message: `api is not ${SYNC_API}, the one that this collector speaks` };
  const rejected: Rejection[] = [];
  try {
    return { kind: "ok", delivery: readDelivery(body, { receivedMs, rejected }), rejected };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { kind: "bad", code: "malformed", message: error.message };
  }
}

interface Reading {
  readonly receivedMs: number;
  readonly rejected: Rejection[];
}

function readDelivery(body: Fields, reading: Reading): Delivery {
  const { node, mono, version = null, address = null, clock = null, backlog = [], blind_since: blindSince = null } = body;
  must(isName(node), "node is no name");
  must(isNumber(mono), "mono is no number");
  must(version === null || isShortText(version, MAX_WORD), "version is no short text");
  must(address === null || isShortText(address, MAX_WORD), "address is no short text");
  return {
    node,
    version,
    address,
    sentMs: time(body["sent_at"], "sent_at"),
    receivedMs: reading.receivedMs,
    clock: clock === null ? null : readClock(clock),
    backlog: list(backlog, { what: "backlog", max: LANES.length }).map(readBacklog),
    blindSinceMs: blindSince === null ? null : time(blindSince, "blind_since"),
    files: readFiles(body["files"], reading),
  };
}

function readClock(value: unknown): Delivery["clock"] {
  must(isFields(value) && isNumber(value["offset_ms"]) && isNumber(value["error_ms"]), "clock is no { offset_ms, error_ms }");
  const { offset_ms: offsetMs, error_ms: errorMs } = value as { readonly offset_ms: number; readonly error_ms: number };
  return { offsetMs, errorMs };
}

function readBacklog(value: unknown): LaneBacklog {
  must(isFields(value), "backlog has an entry that is no object");
  const { lane, records, oldest_at: oldest = null } = value;
  must(isCount(records), "backlog.records is no count");
  return {
    lane: laneOf(lane),
    records,
    oldest_at: oldest === null ? null : new Date(time(oldest, "backlog.oldest_at")).toISOString(),
  };
}

function readFiles(value: unknown, reading: Reading): Delivery["files"] {
  const seen = new Set<string>();
  return list(value, { what: "files", max: MAX_FILES }).map((file) => {
    must(isFields(file) && isName(file["db"]) && file["db"].length <= MAX_WORD, "a file has no db");
    const { db, lanes } = file as { readonly db: string; readonly lanes: unknown };
    must(!seen.has(db), "a db stands in files twice");
    seen.add(db);
    const read = list(lanes, { what: "lanes", max: LANES.length }).map((lane) => readLane(lane, { ...reading, db }));
    must(new Set(read.map(({ lane }) => lane)).size === read.length, "a lane stands in a file twice");
    return { db, lanes: read };
  });
}

function readLane(value: unknown, { db, receivedMs, rejected }: Reading & { readonly db: string }): ParsedLane {
  must(isFields(value), "a lane is no object");
  const { lane: number, records: found, tombstones } = value;
  const lane = laneOf(number);
  const records: ParsedRecord[] = [];
  const rollups: ParsedRollup[] = [];
  const refused: number[] = [];
  let last = 0;
  for (const one of list(found, { what: "records", max: Infinity })) {
    must(isFields(one) && isCount(one["seq"]) && one["seq"] > last, "the records have no rising numbers (seq)");
    last = one["seq"];
    const result = parseRecord(one, { lane, seq: last, receivedMs });
    if (result.kind === "record") records.push(result.record);
    else if (result.kind === "rollup") rollups.push(result.rollup);
    else {
      refused.push(last);
      rejected.push({ db, lane, seq: last, code: result.code });
    }
  }
  return { lane, records, rollups, tombstones: list(tombstones, { what: "tombstones", max: MAX_TOMBSTONES }).map(readTombstone), rejected: refused };
}

function readTombstone(value: unknown): Tombstone {
  must(isFields(value), "a tombstone is no object");
  const { from, to, reason } = value;
  must(isCount(from) && isCount(to) && from >= 1 && to >= from, "a tombstone has no range from 1 on");
  const known = REASONS.find((one) => one === reason);
  must(known !== undefined, `the reason of a tombstone is none of ${REASONS.join(", ")}`);
  return { from, to, reason: known };
}

function laneOf(value: unknown): Lane {
  const lane = LANES.find((one) => one === value);
  must(lane !== undefined, "a lane is none of 0 to 3");
  return lane;
}

function time(value: unknown, what: string): number {
  const ms = msOfIso(value);
  must(ms !== null, `${what} is no time like 2026-11-20T04:12:03.120Z`);
  return ms;
}

function list(value: unknown, { what, max }: { readonly what: string; readonly max: number }): readonly unknown[] {
  must(Array.isArray(value) && value.length <= max, `${what} is no list${max === Infinity ? "" : ` of at most ${max}`}`);
  return value as readonly unknown[];
}

function must(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Malformed(message);
}
