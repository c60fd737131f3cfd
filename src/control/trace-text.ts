/** The tables of a trace that was asked for, in the layout of the report. */
import { localTime, offsetText, type ZoneOffset } from "../report/clock.ts";
import { escapeForTerminal } from "../report/escape.ts";
import { hopLines, hopNames } from "../report/hop-lines.ts";
import { hopsOf } from "../report/phase-tables.ts";
import type { ReportCapture } from "../report/report.ts";
import { fill } from "../verdict/words.ts";
import type { ControlLabels } from "./labels.ts";
import type { TraceResult } from "./trace.ts";

export interface TraceTextOptions {
  readonly zone: ZoneOffset;
  readonly labels: ControlLabels;
}

export function traceLines({ node, peer, address, captures, notes }: TraceResult, options: TraceTextOptions): string[] {
  const { list, said, trace, status } = options.labels;
  const to = escapeForTerminal(peer) + (peer === address ? "" : fill(status.address, { address: escapeForTerminal(address) }));
  return [
    fill(trace.title, { from: escapeForTerminal(node), to }),
    ...notes.map((note) => fill(trace.note, { note: escapeForTerminal(said(note)) })),
    ...captures.flatMap((capture) => [
      "",
      headLine(capture, options),
      ...(capture.hops.length === 0 ? [] : hopLines(hopsOf(capture), { node, labels: list, names: hopNames([capture]) })),
    ]),
  ];
}

function headLine(capture: ReportCapture, { zone, labels: { list, said, trace } }: TraceTextOptions): string {
  const { kind, tool, status, reached, reason } = capture;
  const startedMs = Date.parse(capture.started_at);
  return fill(trace.capture, {
    kind: trace.kind[kind],
    tool: escapeForTerminal(tool),
    at: `${localTime(startedMs, zone)} ${offsetText(startedMs, zone)}`,
    status: list.captures.outcome[status],
    reached: reached === null ? "" : reached ? trace.reached : trace.notReached,
    reason: reason === null ? "" : fill(trace.reason, { reason: escapeForTerminal(said(reason)) }),
  });
}
