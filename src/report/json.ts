import { withHopNotes } from "./phase-tables.ts";
import type { Report } from "./report.ts";

/** The contract, one document, indented by two. The hops carry what their losses mean, as in the text. */
export function renderJson(report: Report): string {
  return `${JSON.stringify({ ...report, incidents: report.incidents.map(withHopNotes) }, null, 2)}\n`;
}
