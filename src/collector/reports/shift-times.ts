/** What another node has of an incident, with its times as they are on our clock. */
import { iso } from "../../report/figures.ts";
import type { FarEnd } from "../../report/page/ticket.ts";
import type { IsoTime, ReportCapture, ReportIncident } from "../../report/report.ts";

export function shiftTimes(end: FarEnd, byMs: number): FarEnd {
  if (byMs === 0) return end;
  return {
    ...end,
    incidents: end.incidents.map((incident) => shiftIncident(incident, byMs)),
    remote_captures: end.remote_captures.map((capture) => shiftCapture(capture, byMs)),
  };
}

function shiftIncident(incident: ReportIncident, byMs: number): ReportIncident {
  return {
    ...incident,
    started_at: shift(incident.started_at, byMs),
    detected_at: shift(incident.detected_at, byMs),
    ended_at: shiftOrNull(incident.ended_at, byMs),
    strip_started_at: shiftOrNull(incident.strip_started_at, byMs),
    bursts: incident.bursts.map((burst) => ({ ...burst, started_at: shift(burst.started_at, byMs), ended_at: shiftOrNull(burst.ended_at, byMs) })),
    captures: incident.captures.map((capture) => shiftCapture(capture, byMs)),
  };
}

function shiftCapture(capture: ReportCapture, byMs: number): ReportCapture {
  return {
    ...capture,
    started_at: shift(capture.started_at, byMs),
    first_hop_at: shiftOrNull(capture.first_hop_at, byMs),
    finished_at: shiftOrNull(capture.finished_at, byMs),
    hops_until: shiftOrNull(capture.hops_until, byMs),
  };
}

function shift(at: IsoTime, byMs: number): IsoTime {
  return iso(Date.parse(at) + byMs);
}

function shiftOrNull(at: IsoTime | null, byMs: number): IsoTime | null {
  return at === null ? null : shift(at, byMs);
}
