/** What a collector answers, read as what it is: input from outside. Unknown keys and entries that are not ours to judge are left out; what is missing makes it no answer. */
import { SYNC_API, type Ack, type ErrorAnswer, type Lane, LANES, type RejectCode, type Rejection, type SyncAnswer } from "./wire.ts";

const REJECT_CODES: readonly RejectCode[] = ["malformed", "too-large", "unknown-type", "wrong-lane"];
const MAX_WORDS = 200;

export interface ReadAnswer extends Pick<SyncAnswer, "acks" | "rejected" | "version"> {
  readonly receivedMs: number;
  readonly answeredMs: number;
}

/** Null when it is no answer of a collector of this version. */
export function readAnswer(text: string): ReadAnswer | null {
  const value = parse(text);
  if (!isObject(value) || value["api"] !== SYNC_API) return null;
  const { acks, rejected, received_at: receivedAt, answered_at: answeredAt, version } = value;
  const receivedMs = timeMs(receivedAt);
  const answeredMs = timeMs(answeredAt);
  if (!Array.isArray(acks) || !Array.isArray(rejected) || receivedMs === null || answeredMs === null) return null;
  return {
    acks: acks.flatMap((ack: unknown): Ack[] => place(ack)),
    rejected: rejected.flatMap((entry: unknown): Rejection[] => {
      if (!isObject(entry)) return [];
      const code = REJECT_CODES.find((known) => known === entry["code"]) ?? "malformed";
      return place(entry).map((at) => ({ ...at, code }));
    }),
    receivedMs,
    answeredMs,
    version: typeof version === "string" ? version : "",
  };
}

/** The words of an answer that is not 200; null where it has none. */
export function readError(text: string): string | null {
  const value = parse(text);
  const error: unknown = isObject(value) ? value["error" satisfies keyof ErrorAnswer] : null;
  const message: unknown = isObject(error) ? error["message"] : null;
  return typeof message === "string" && message !== "" ? message.slice(0, MAX_WORDS) : null;
}

function place(value: unknown): Ack[] {
  if (!isObject(value)) return [];
  const { db, lane, seq } = value;
  const known = LANES.find((one): one is Lane => one === lane);
  const isSeq = typeof seq === "number" && Number.isSafeInteger(seq) && seq >= 0;
  return typeof db === "string" && known !== undefined && isSeq ? [{ db, lane: known, seq }] : [];
}

function timeMs(value: unknown): number | null {
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
