/** The hop tables of an incident or of traces made for it elsewhere, with mtr's figures. */
import { annotateHops } from "../../path/honest-loss.ts";
import { mergeHops } from "../../path/hop-table.ts";
import { hopNames } from "../hop-lines.ts";
import { hopsOf, phaseTables, withLabel } from "../phase-tables.ts";
import type { ReportCapture, ReportIncident } from "../report.ts";
import { hopRows } from "./mtr-table.ts";
import type { PhaseRows } from "./ticket.ts";

/** Before, during and after, always three. */
export function phaseRows(incident: ReportIncident): PhaseRows[] {
  return phaseTables(incident).map(({ phase, traces, hops }) => ({ phase, ...described(traces), hops: hopRows(hops, hopNames(traces)) }));
}

/** What was traced because another node asked, as one table; null when nothing was. */
export function remoteRows(captures: readonly ReportCapture[]): PhaseRows | null {
  const traces = captures.filter(({ hops }) => hops.length > 0);
  if (traces.length === 0) return null;
  const merged = mergeHops(traces.map(hopsOf));
  const judged = annotateHops(
    merged.map((hop) => ({ ...hop, note: null })),
    null,
  );
  const labels = new Map(judged.flatMap(({ ttl, note }) => (note === null ? [] : [[ttl, note] as const])));
  return {
    phase: "during",
    ...described(traces),
    hops: hopRows(
      merged.map((hop) => withLabel(hop, labels)),
      hopNames(traces),
    ),
  };
}

function described(traces: readonly ReportCapture[]): Pick<PhaseRows, "sweeps" | "mtr_runs" | "started_at" | "ended_at"> {
  const swept = traces.filter(({ kind }) => kind === "sweep");
  const sweeps = swept.reduce((sum, { facts }) => sum + (typeof facts["sweeps"] === "number" ? facts["sweeps"] : 1), 0);
  const starts = traces.map(({ started_at: at }) => at).sort();
  const ends = traces.map((trace) => trace.hops_until ?? trace.finished_at ?? trace.started_at).sort();
  return { sweeps, mtr_runs: traces.length - swept.length, started_at: starts[0] ?? null, ended_at: ends.at(-1) ?? null };
}
