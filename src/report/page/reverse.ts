/** Where the trace of the way back lies, or what it shows when an export of the far end is at hand. */
import type { ReportCapture, ReportIncident } from "../report.ts";
import { phaseRows, remoteRows } from "./phase-rows.ts";
import type { FarEnd, Reverse, TicketSource } from "./ticket.ts";

/** Clocks of two nodes may be that far apart, and one notices later than the other. */
const TOLERANCE_MS = 60_000;

export function reverseOf(
  incident: ReportIncident,
  { source, farEnds }: { readonly source: TicketSource; readonly farEnds: readonly FarEnd[] },
): Reverse {
  const { node, generated_at: generatedAt } = source.report;
  const startedMs = Date.parse(incident.started_at);
  const endedMs = Date.parse(incident.ended_at ?? generatedAt);
  const span = { sinceMs: startedMs - TOLERANCE_MS, untilMs: endedMs + TOLERANCE_MS };
  const place = { peer: incident.peer, since: new Date(span.sinceMs).toISOString(), until: new Date(span.untilMs).toISOString() };
  const far = farEnds.find((end) => end.node.name === incident.peer) ?? null;
  if (far === null)
    return { ...place, state: stateOf(incident, source), node: null, version: null, via: null, clock: null, incidents: [], tables: [], asked: null };
  const ours = new Set([node.name, node.address, ...incident.captures.map((capture) => capture.source)]);
  const within = (started: string, ended: string | null): boolean =>
    Date.parse(started) <= span.untilMs && Date.parse(ended ?? generatedAt) >= span.sinceMs;
  const incidents = far.incidents.filter((one) => (ours.has(one.peer) || ours.has(one.address)) && within(one.started_at, one.ended_at));
  const remote = far.remote_captures.filter(
    (capture) => isFor(capture, { node: node.name, ours }) && within(capture.started_at, capture.finished_at ?? capture.started_at),
  );
  return {
    ...place,
    state: "merged",
    node: far.node.name,
    version: far.node.version,
    via: far.collected === undefined ? "export" : "collector",
    clock: far.collected?.clock ?? null,
    incidents: incidents.map((one) => ({
      id: one.id,
      started_at: one.started_at,
      ended_at: one.ended_at,
      sent: one.sent,
      lost: one.lost,
      loss_pct: one.loss_pct,
      sentence: one.verdict?.sentence ?? null,
    })),
    tables: incidents.flatMap((one) => phaseRows(one)).filter(({ hops }) => hops.length > 0),
    asked: remoteRows(remote),
  };
}

function isFor(capture: ReportCapture, { node, ours }: { readonly node: string | null; readonly ours: ReadonlySet<string | null> }): boolean {
  return ours.has(capture.target) || (node !== null && (capture.asked_by?.startsWith(`${node} incident `) ?? false));
}

function stateOf({ id }: ReportIncident, { facts }: TicketSource): Reverse["state"] {
  const hearing = facts?.incidents.find((one) => one.id === id)?.hearing;
  if (hearing === undefined) return "unasked";
  if (hearing.state === "none") return "none";
  return hearing.authentic ? "held" : "unasked";
}
