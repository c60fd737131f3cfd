/** What a reader asks of an incident first, worked out once for the list and the details. */
import { fill } from "../verdict/words.ts";
import type { ListLabels } from "./list-labels.ts";
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
export function whatHappened(incident: ReportIncident, { what }: Pick<ListLabels, "what">): string {
  const percent = incident.loss_pct?.toFixed(1) ?? null;
  switch (incident.kind) {
    case "loss":
      return percent === null ? what.loss : fill(what.lossShare, { percent });
    case "brownout":
      return what.brownout;
    case "local":
      return what.local;
    case null:
      if (incident.lost === 0) return what.undecided;
      return percent === null ? what.lossSoFar : fill(what.lossShareSoFar, { percent });
    default:
      return what.unknown;
  }
}
