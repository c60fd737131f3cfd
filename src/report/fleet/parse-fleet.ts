/** The answer of a collector → its report. It comes from another machine: every value is checked for its kind, and what is wrong is left out. */
import { parseBrief, parseVerdict } from "../brief.ts";
import { fields, figure, list, text, texts, time, type Fields } from "../fields.ts";
import type { ClockDifference, ReceiptFacts } from "../page/ticket.ts";
import { REPORT_SCHEMA } from "../report.ts";
import type { FleetBlind, FleetEvent, FleetIncident, FleetNode, FleetPeer, FleetReport, FleetSide } from "./fleet.ts";

const MAX_INCIDENTS = 5_000;
const MAX_NODES = 20_000;
const MAX_PEERS = 20_000;
const MAX_BLIND = 5_000;
const MAX_ID = 600;
/** Digits are cut from nothing that is longer. */
const MAX_OFFSET_MS = 1e12;
const SHA256 = /^[0-9a-f]{64}$/;

/** Null when it is no report. */
export function parseFleetReport(value: unknown): FleetReport | null {
  const one = fields(value);
  if (one === null || one["schema"] !== REPORT_SCHEMA) return null;
  const [generated, since, until] = [time(one["generated_at"]), time(one["since"]), time(one["until"])];
  if (generated === null || since === null || until === null) return null;
  return {
    schema: REPORT_SCHEMA,
    generated_at: generated,
    since,
    until,
    node: {
      name: null,
      id: null,
      address: null,
      version: null,
      interval_ms: null,
      timeout_ms: null,
      clock: { source: null, offset_ms: null, max_error_ms: null },
      notes: [],
    },
    last_data_at: null,
    nodes: list(one["nodes"], MAX_NODES).flatMap((each) => parseNode(each) ?? []),
    peers: list(one["peers"], MAX_PEERS).flatMap((each) => parsePeer(each) ?? []),
    peers_omitted: one["peers_omitted"] === true,
    blind: list(one["blind"], MAX_BLIND).flatMap((each) => parseBlind(each) ?? []),
    events: list(one["events"], MAX_INCIDENTS).flatMap((each) => parseEvent(each) ?? []),
    incidents: list(one["incidents"], MAX_INCIDENTS).flatMap((each) => parseIncident(each) ?? []),
    remote_captures: [],
    requested_captures: [],
    evicted: [],
    problems: texts(one["problems"]),
  };
}

/** Null for what is none, also where it was not measured. */
export function parseClock(value: unknown): ClockDifference | null {
  const one = fields(value);
  const [offset, error] = [one?.["offset_ms"], figure(one?.["error_ms"])];
  if (typeof offset !== "number" || !(Math.abs(offset) <= MAX_OFFSET_MS) || error === null) return null;
  return { offset_ms: offset, error_ms: error };
}

export function parseReceipt(value: unknown): ReceiptFacts | null {
  const one = fields(value);
  const incident = text(one?.["incident"], MAX_ID);
  if (one === null || incident === null) return null;
  const changed = fields(one["changed"]);
  const [laterSum, laterAt] = [sum(changed?.["sha256"]), time(changed?.["at"])];
  return {
    incident,
    sha256: sum(one["sha256"]),
    received_at: time(one["received_at"]),
    clock: parseClock(one["clock"]),
    changed: laterSum === null || laterAt === null ? null : { sha256: laterSum, at: laterAt },
  };
}

function sum(value: unknown): string | null {
  return typeof value === "string" && SHA256.test(value) ? value : null;
}

function parseNode(one: Fields): FleetNode | null {
  const [node, first, last] = [text(one["node"]), time(one["first_heard_at"]), time(one["last_heard_at"])];
  if (node === null || first === null || last === null) return null;
  return {
    node,
    version: text(one["version"]),
    address: text(one["address"]),
    first_heard_at: first,
    last_heard_at: last,
    clock: parseClock(one["clock"]),
    backlog: list(one["backlog"], 4).map((each) => ({
      lane: figure(each["lane"]) ?? 0,
      records: figure(each["records"]) ?? 0,
      oldest_at: time(each["oldest_at"]),
    })),
    blind_since: time(one["blind_since"]),
  };
}

function parsePeer(one: Fields): FleetPeer | null {
  const [node, peer] = [text(one["node"]), text(one["peer"])];
  if (node === null || peer === null) return null;
  const [rtt, heard] = [fields(one["rtt_ms"]), fields(one["heard"])];
  const number = (name: string): number => (typeof one[name] === "number" && Number.isFinite(one[name]) ? one[name] : 0);
  return {
    node,
    peer,
    address: text(one["address"]),
    sent: number("sent"),
    received: number("received"),
    lost: number("lost"),
    late: number("late"),
    duplicate: number("duplicate"),
    foreign: number("foreign"),
    send_failed: number("send_failed"),
    skipped: number("skipped"),
    blind: number("blind"),
    loss_pct: figure(one["loss_pct"]),
    rtt_ms: {
      min: figure(rtt?.["min"]),
      p50: figure(rtt?.["p50"]),
      p95: figure(rtt?.["p95"]),
      p99: figure(rtt?.["p99"]),
      max: figure(rtt?.["max"]),
      error_max: figure(rtt?.["error_max"]),
      doubtful: figure(rtt?.["doubtful"]) ?? 0,
    },
    first_reply_at: time(one["first_reply_at"]),
    policed_at: time(one["policed_at"]),
    heard: { expected: figure(heard?.["expected"]), received: figure(heard?.["received"]) },
    agent_silent_since: time(one["agent_silent_since"]),
    incidents: number("incidents"),
  };
}

function parseBlind(one: Fields): FleetBlind | null {
  const [node, started, ended] = [text(one["node"]), time(one["started_at"]), time(one["ended_at"])];
  if (node === null || started === null || ended === null) return null;
  return { node, started_at: started, ended_at: ended, cause: text(one["cause"]) ?? "", detail: text(one["detail"]) };
}

function parseIncident(one: Fields): FleetIncident | null {
  const [node, brief] = [text(one["node"]), parseBrief(one)];
  if (node === null || brief === null) return null;
  const receipt = parseReceipt(one["receipt"]) ?? { incident: brief.id, sha256: null, received_at: null, clock: null, changed: null };
  return { ...brief, strip: null, strip_started_at: null, verdict: parseVerdict(one["verdict"]), captures: [], node, receipt };
}

function parseEvent(one: Fields): FleetEvent | null {
  const [node, id, started] = [text(one["node"]), text(one["id"], MAX_ID), time(one["started_at"])];
  if (node === null || id === null || started === null) return null;
  return {
    node,
    id,
    started_at: started,
    ended_at: time(one["ended_at"]),
    incidents: ids(one["incidents"]),
    verdict: parseVerdict(one["verdict"]),
    sides: list(one["sides"], MAX_NODES).flatMap((each) => parseSide(each) ?? []),
  };
}

function parseSide(one: Fields): FleetSide | null {
  const [node, id] = [text(one["node"]), text(one["id"], MAX_ID)];
  return node === null || id === null ? null : { node, id, incidents: ids(one["incidents"]), clock: parseClock(one["clock"]) };
}

function ids(value: unknown): string[] {
  return Array.isArray(value) ? value.slice(0, MAX_INCIDENTS).flatMap((id) => text(id, MAX_ID) ?? []) : [];
}
