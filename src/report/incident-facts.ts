/** What a reader asks of an incident first, worked out once for the list and the details. */
import type { ReportIncident } from "./report.ts";

/** Milliseconds from the first lost packet to the first hop of the first sweep in it; null when no sweep brought a hop. */
export function evidenceAfterMs(incident: ReportIncident): number | null {
  const startedMs = Date.parse(incident.started_at);
  const hops = incident.captures
    .filter((capture) => capture.kind === "sweep" && capture.phase === "during" && capture.first_hop_at !== null)
    .map((capture) => Date.parse(capture.first_hop_at ?? ""))
    .filter((ms) => ms >= startedMs);
  return hops.length === 0 ? null : Math.min(...hops) - startedMs;
}

/** Null while it lasts. */
export function lastedMs(incident: ReportIncident): number | null {
  return incident.ended_at === null ? null : Date.parse(incident.ended_at) - Date.parse(incident.started_at);
}

export function longestRun(incident: ReportIncident): number {
  return Math.max(0, ...incident.bursts.map((burst) => burst.longest_run));
}

/** "loss 36.6 %", "brownout", "local fault"; what an open incident will turn out to be is not known. */
export function whatHappened(incident: ReportIncident): string {
  const loss = incident.loss_pct === null ? "" : ` ${incident.loss_pct.toFixed(1)} %`;
  switch (incident.kind) {
    case "loss":
      return `loss${loss}`;
    case "brownout":
      return "brownout";
    case "local":
      return "local fault";
    case null:
      return incident.lost > 0 ? `loss${loss} so far` : "not decided yet";
    default:
      return "unknown kind";
  }
}
