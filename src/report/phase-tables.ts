/**
 * The hop tables of an incident, one per phase, and what their losses mean: worked out here for every format. Text shows these tables, JSON the table of each
 * capture, and both say the same of a hop. So the label of a capture's line is that of its TTL in the table of the phase: the single packet of a sweep is not
 * judged alone. It is given only where the line lost something and the capture itself shows an answer from behind it; a trace that ended there is the fault's,
 * unless the verdict says that the fault lies further on.
 */
import type { Hop } from "../path/hop.ts";
import { annotateHops } from "../path/honest-loss.ts";
import { mergeHops } from "../path/hop-table.ts";
import { sameAddress } from "../path/same-address.ts";
import type { Phase } from "../store/rows.ts";
import type { ReportCapture, ReportHop, ReportIncident } from "./report.ts";
import { say, sayPart } from "../phrases/evidence.ts";

const PHASES: readonly Phase[] = ["before", "during", "after"];

export interface PhaseTable {
  readonly phase: Phase;
  /** The captures that are added up in it; none when the phase has no trace. */
  readonly traces: readonly ReportCapture[];
  /** With the stored notes and the labels. */
  readonly hops: readonly Hop[];
  /** By TTL: which losses are not the path's. */
  readonly labels: ReadonlyMap<number, string>;
  /** Up to here the verdict holds every hop for sound; 0 where it tells no hop. */
  readonly soundTtl: number;
}

const SOUND = say("limited", { WHERE: sayPart("faultBehind") });

/** Before, during and after, always three. Expects captures with the notes that are stored, see `withHopNotes`. */
export function phaseTables(incident: ReportIncident): PhaseTable[] {
  const before = mergeHops(tracesOf(incident, "before").map(hopsOf));
  return PHASES.map((phase) => {
    const traces = tracesOf(incident, phase);
    const merged = mergeHops(traces.map(hopsOf));
    // Notes are left out for the labels to stand alone.
    const bare = merged.map((hop) => ({ ...hop, note: null }));
    const judged = annotateHops(bare, phase === "before" ? null : before, phase === "during" ? (incident.loss_pct ?? 0) : 0);
    const soundTtl = phase === "during" ? soundUpTo(merged, incident) : 0;
    const isSound = ({ ttl, lossPct, received }: Hop): boolean => ttl <= soundTtl && received > 0 && (lossPct ?? 0) > 0;
    const labels = new Map(
      judged.flatMap((hop) => {
        const label = hop.note ?? (isSound(hop) ? SOUND : null);
        return label === null ? [] : [[hop.ttl, label] as const];
      }),
    );
    return { phase, traces, hops: merged.map((hop) => withLabel(hop, labels)), labels, soundTtl };
  });
}

function soundUpTo(hops: readonly Hop[], { verdict }: ReportIncident): number {
  const after = verdict?.hop?.after ?? null;
  return after === null ? 0 : (hops.find(({ addresses }) => addresses.some((address) => sameAddress(address, after)))?.ttl ?? 0);
}

/** The incident with the labels in the hops of its captures. */
export function withHopNotes(incident: ReportIncident): ReportIncident {
  const tables = new Map(phaseTables(incident).flatMap((table) => table.traces.map((trace) => [trace.id, table] as const)));
  return { ...incident, captures: incident.captures.map((capture) => withLabels(capture, tables.get(capture.id) ?? { labels: new Map() })) };
}

export function hopsOf(capture: ReportCapture): Hop[] {
  return capture.hops.map(({ rtts_us: rttsUs, ...hop }) => ({
    ...hop,
    lossPct: hop.loss_pct,
    rttMs: hop.rtt_ms,
    ...(rttsUs === undefined ? {} : { rttsUs }),
  }));
}

function tracesOf(incident: ReportIncident, phase: Phase): ReportCapture[] {
  return incident.captures.filter((capture) => capture.phase === phase && capture.hops.length > 0);
}

export function withLabels(
  capture: ReportCapture,
  { labels, soundTtl = 0 }: { readonly labels: ReadonlyMap<number, string>; readonly soundTtl?: number },
): ReportCapture {
  const lastAnswer = capture.hops.findLastIndex((hop) => hop.received > 0);
  const lossy = (hop: ReportHop): boolean => hop.loss_pct !== null && hop.loss_pct > 0;
  return {
    ...capture,
    hops: capture.hops.map((hop, index) => ((index < lastAnswer || hop.ttl <= soundTtl) && lossy(hop) ? withLabel(hop, labels) : hop)),
  };
}

export function withLabel<T extends Hop | ReportHop>(hop: T, labels: ReadonlyMap<number, string>): T {
  const label = labels.get(hop.ttl);
  return label === undefined ? hop : { ...hop, note: hop.note === null ? label : `${hop.note}; ${label}` };
}
