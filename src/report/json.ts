import { withHopNotes } from "./phase-tables.ts";
import { withRemoteNotes } from "./remote-captures.ts";
import type { Report } from "./report.ts";

/** The contract, one document, indented by two. The hops carry what their losses mean, as in the text. */
export function renderJson(report: Report): string {
  const noted = { ...report, incidents: report.incidents.map(withHopNotes), remote_captures: withRemoteNotes(report.remote_captures) };
  return `${JSON.stringify(noted, null, 2)}\n`;
}
