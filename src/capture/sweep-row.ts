/** A sweep as the wire reports it → its row. A report may come many times, as answers come in; the row has the same id each time. */
import { sweepHops } from "../path/sweep.ts";
import type { CaptureRow } from "../store/rows.ts";
import type { SweepReport } from "../wire/messages.ts";

/** Belongs to no incident yet. `epoch` is that of the wire, whose numbers begin anew with every boot; `source` our address towards the target. */
export function sweepRow(report: SweepReport, from: { readonly epoch: number; readonly source: string | null }): CaptureRow {
  const reading = sweepHops(report.hops, report.target);
  const denied = reading.hops.find((hop) => hop.sent === 0);
  const status = report.skipped !== null ? "skipped" : report.finishedMs === null ? "running" : denied !== undefined ? "partial" : "complete";
  const reason = report.skipped ?? denied?.note ?? null;
  return {
    id: `s${from.epoch}-${report.id}`,
    incidentId: null,
    peer: report.peer,
    kind: "sweep",
    phase: report.trigger === "baseline" ? "before" : report.trigger === "after" ? "after" : "during",
    trigger: report.trigger,
    tool: "meshprobe sweep",
    status,
    reason,
    flow: report.flow,
    source: from.source,
    target: report.target,
    reached: report.skipped !== null ? null : reading.reached,
    askedBy: null,
    startedMs: report.startedMs,
    firstHopMs: report.firstHopMs,
    finishedMs: report.finishedMs,
    facts: {},
    hops: report.skipped !== null ? [] : reading.hops,
  };
}
