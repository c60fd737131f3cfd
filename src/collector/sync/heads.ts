/** Whether data of lane 0 are the head of an incident or a verdict, as record-types.ts has them. Words are not compared with those known here: a newer node may have more. Pure. */
import type { IncidentHead, VerdictHead } from "../../sync/record-types.ts";
import { type Fields, isCount, isFields, isName, isNumber, isShortText, msOfIso } from "./checks.ts";

const MAX_WORD = 64;
/** Of a sentence; a head has 2 kB in all. */
const MAX_SENTENCE = 8_192;

export function isIncidentHead(data: unknown): data is IncidentHead {
  if (!isFields(data)) return false;
  const { id, event_id, continues, peer, address, kind, status, interval_ms, timeout_ms, flows, bursts, bursts_in_all, evidence } = data;
  const isNamed = isName(id) && isName(event_id) && isName(peer) && orNull(isName, continues) && isShortText(address, MAX_WORD * 8);
  const isWorded = orNull(isWord, kind) && isWord(status);
  const isTimed =
    isIso(data["started_at"]) && isIso(data["detected_at"]) && orNull(isIso, data["ended_at"]) && isNumber(interval_ms) && isNumber(timeout_ms);
  const isCounted =
    ["sent", "lost", "late"].every((key) => isCount(data[key])) && orNull(isNumber, data["loss_pct"]) && isPair(data["out"]) && isPair(data["in"]);
  return (
    isNamed &&
    isWorded &&
    isTimed &&
    isCounted &&
    all(flows, isFlow) &&
    all(bursts, isBurst) &&
    isCount(bursts_in_all) &&
    orNull(isEvidence, evidence)
  );
}

export function isVerdictHead(data: unknown): data is VerdictHead {
  if (!isFields(data)) return false;
  const { event_id, scope, direction, hop, certainty, at, version, sentence, rule, counts, findings } = data;
  const isWorded = [scope, direction, certainty].every(isWord) && isShortText(sentence, MAX_SENTENCE) && (rule === undefined || isWord(rule));
  const isFigured = counts === undefined || (isFields(counts) && Object.values(counts).every(isNumber));
  return (
    isName(event_id) &&
    isWorded &&
    orNull(isHop, hop) &&
    isIso(at) &&
    isCount(version) &&
    isFigured &&
    (findings === undefined || all(findings, isSentence))
  );
}

function isBurst(value: unknown): boolean {
  if (!isFields(value)) return false;
  return isIso(value["started_at"]) && orNull(isIso, value["ended_at"]) && BURST_COUNTS.every((key) => isCount(value[key]));
}

const BURST_COUNTS = ["sent", "lost", "late", "send_failed", "blind", "longest_run"];

function isFlow(value: unknown): boolean {
  return isFields(value) && ["flow", "sent", "lost"].every((key) => isCount(value[key]));
}

function isPair(value: unknown): boolean {
  return isFields(value) && orNull(isCount, value["sent"]) && orNull(isCount, value["lost"]);
}

function isEvidence(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { format, sha256, rows, bytes } = value;
  return isWord(format) && typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256) && isCount(rows) && isCount(bytes);
}

function isHop(value: unknown): boolean {
  return isFields(value) && orNull(isWord, value["after"]) && orNull(isWord, value["before"]);
}

function isSentence(value: unknown): boolean {
  return isShortText(value, MAX_SENTENCE);
}

function isWord(value: unknown): boolean {
  return isShortText(value, MAX_WORD);
}

function isIso(value: unknown): boolean {
  return msOfIso(value) !== null;
}

function orNull(check: (value: unknown) => boolean, value: unknown): boolean {
  return value === null || check(value);
}

function all(value: Fields[string], check: (value: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(check);
}
