import type { Report } from "./report.ts";

/** The contract, one document, indented by two. */
export function renderJson(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
