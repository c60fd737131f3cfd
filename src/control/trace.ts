/** What the agent answers to a request for a trace; `trace --format json`. */
import type { ReportCapture } from "../report/report.ts";

export const TRACE_SCHEMA = "meshprobe.trace/1";

export interface TraceResult {
  readonly schema: typeof TRACE_SCHEMA;
  /** The node that traced. */
  readonly node: string;
  readonly peer: string;
  readonly address: string;
  /** As in a report: the sweep, then the mtr run. */
  readonly captures: readonly ReportCapture[];
  readonly notes: readonly string[];
}
