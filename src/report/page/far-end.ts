/**
 * A report that another node exported → what this page shows of it. It comes from somebody else's disk: every value is checked for its kind, texts are cut, lists are
 * bounded, and what is wrong is left out. Escaping is not done here; it is the renderer's.
 */
import type { CaptureKind, CaptureStatus, IncidentKind, IncidentStatus, Phase, Trigger } from "../../store/rows.ts";
import { fields, figure, list, text, texts, time, word, type Fields } from "../fields.ts";
import type { ReportCapture, ReportHop, ReportIncident, ReportVerdict } from "../report.ts";
import type { FarEnd } from "./ticket.ts";

/** A verdict is longer. */
const MAX_SENTENCE = 2_000;
const MAX_INCIDENTS = 200;
const MAX_CAPTURES = 500;
const MAX_HOPS = 64;
const MAX_RTTS = 4_000;

/** Null when it is no report. */
export function parseFarEnd(value: unknown): FarEnd | null {
  const report = fields(value);
  if (report === null || typeof report["schema"] !== "string" || !report["schema"].startsWith("meshprobe.report/")) return null;
  const node = fields(report["node"]) ?? {};
  return {
    node: { name: text(node["name"]), address: text(node["address"]), version: text(node["version"]) },
    incidents: list(report["incidents"], MAX_INCIDENTS).flatMap((one) => incident(one) ?? []),
    remote_captures: list(report["remote_captures"], MAX_CAPTURES).flatMap((one) => capture(one) ?? []),
  };
}

function incident(one: Fields): ReportIncident | null {
  const [id, peer, address, startedAt] = [text(one["id"]), text(one["peer"]), text(one["address"]), time(one["started_at"])];
  if (id === null || peer === null || address === null || startedAt === null) return null;
  return {
    id,
    event_id: text(one["event_id"]) ?? id,
    continues: null,
    peer,
    address,
    kind: word<IncidentKind>(one["kind"], ["loss", "brownout", "local"]),
    status: word<IncidentStatus>(one["status"], ["open", "cooling", "closed", "interrupted"]) ?? "closed",
    started_at: startedAt,
    detected_at: time(one["detected_at"]) ?? startedAt,
    ended_at: time(one["ended_at"]),
    interval_ms: figure(one["interval_ms"]) ?? 0,
    timeout_ms: figure(one["timeout_ms"]) ?? 0,
    sent: figure(one["sent"]) ?? 0,
    lost: figure(one["lost"]) ?? 0,
    late: figure(one["late"]) ?? 0,
    loss_pct: figure(one["loss_pct"]),
    out: count(one["out"]),
    in: count(one["in"]),
    flows: [],
    bursts: [],
    strip: null,
    strip_started_at: null,
    verdict: verdict(one["verdict"]),
    captures: list(one["captures"], MAX_CAPTURES).flatMap((each) => capture(each) ?? []),
  };
}

/** Only the sentence is shown of it. */
function verdict(value: unknown): ReportVerdict | null {
  const one = fields(value);
  const sentence = text(one?.["sentence"], MAX_SENTENCE);
  const at = time(one?.["at"]);
  if (sentence === null || at === null) return null;
  return { scope: "uncertain", direction: "unknown", hop: null, certainty: "possible", at, version: 1, counts: {}, sentence, rule: "", findings: [] };
}

function capture(one: Fields): ReportCapture | null {
  const [id, target, startedAt] = [text(one["id"]), text(one["target"]), time(one["started_at"])];
  const kind = word<CaptureKind>(one["kind"], ["sweep", "mtr", "snapshot", "samples"]);
  const phase = word<Phase>(one["phase"], ["before", "during", "after"]);
  if (id === null || target === null || startedAt === null || kind === null || phase === null) return null;
  const facts = fields(one["facts"]) ?? {};
  return {
    id,
    kind,
    phase,
    trigger: word<Trigger>(one["trigger"], ["baseline", "suspect", "burst", "recapture", "after", "request", "remote"]) ?? "request",
    tool: text(one["tool"]) ?? "",
    status: word<CaptureStatus>(one["status"], ["running", "complete", "partial", "failed", "skipped"]) ?? "partial",
    reason: text(one["reason"]),
    flow: figure(one["flow"]),
    source: text(one["source"]),
    target,
    reached: typeof one["reached"] === "boolean" ? one["reached"] : null,
    asked_by: text(one["asked_by"]),
    started_at: startedAt,
    first_hop_at: time(one["first_hop_at"]),
    finished_at: time(one["finished_at"]),
    facts: knownFacts(facts),
    hops: list(one["hops"], MAX_HOPS).flatMap((each) => hop(each) ?? []),
    hops_until: time(one["hops_until"]),
  };
}

/** Those that the page shows. */
function knownFacts(facts: Fields): ReportCapture["facts"] {
  const kept = [
    ...["interface", "gateway"].map((name) => [name, text(facts[name])] as const),
    ...["speed_mbit", "mtu", "sweeps"].map((name) => [name, figure(facts[name])] as const),
  ];
  return Object.fromEntries(kept.filter(([, value]) => value !== null));
}

function hop(one: Fields): ReportHop | null {
  const [ttl, sent, received] = [figure(one["ttl"]), figure(one["sent"]), figure(one["received"])];
  if (ttl === null || sent === null || received === null || ttl < 1 || ttl > 255 || received > sent) return null;
  const rtts = Array.isArray(one["rtts_us"]) ? one["rtts_us"].slice(0, MAX_RTTS).flatMap((us) => figure(us) ?? []) : null;
  return {
    ttl,
    address: text(one["address"]),
    name: text(one["name"]),
    addresses: texts(one["addresses"]),
    sent,
    received,
    loss_pct: figure(one["loss_pct"]),
    rtt_ms: roundTrip(fields(one["rtt_ms"])),
    mpls: texts(one["mpls"]),
    // What its losses mean is worked out here again, from the counts.
    note: null,
    ...(rtts === null || rtts.length !== received ? {} : { rtts_us: rtts }),
  };
}

function roundTrip(rtt: Fields | null): ReportHop["rtt_ms"] {
  const [best, avg, worst, last, stdev] = ["best", "avg", "worst", "last", "stdev"].map((name) => figure(rtt?.[name]));
  if (typeof best !== "number" || typeof avg !== "number" || typeof worst !== "number") return null;
  return { best, avg, worst, ...(typeof last === "number" && typeof stdev === "number" ? { last, stdev } : {}) };
}

function count(value: unknown): ReportIncident["out"] {
  const one = fields(value);
  return { sent: figure(one?.["sent"]), lost: figure(one?.["lost"]) };
}
