/** The tables of a trace that was asked for, in the layout of the report. */
import { localTime, offsetText, type ZoneOffset } from "../report/clock.ts";
import { escapeForTerminal } from "../report/escape.ts";
import { LIST_ENGLISH } from "../report/list-labels.ts";
import { hopLines, hopNames } from "../report/hop-lines.ts";
import { hopsOf } from "../report/phase-tables.ts";
import type { TraceResult } from "./trace.ts";

export function traceLines(trace: TraceResult, zone: ZoneOffset): string[] {
  const { node, peer, address, captures, notes } = trace;
  const to = peer === address ? escapeForTerminal(address) : `${escapeForTerminal(peer)} (${escapeForTerminal(address)})`;
  return [
    `trace from ${escapeForTerminal(node)} to ${to}`,
    ...notes.map((note) => `note: ${escapeForTerminal(note)}`),
    ...captures.flatMap((capture) => {
      const startedMs = Date.parse(capture.started_at);
      const reached = capture.reached === null ? "" : capture.reached ? ", reached it" : ", did not reach it";
      const reason = capture.reason === null ? "" : `: ${escapeForTerminal(capture.reason)}`;
      const at = `${localTime(startedMs, zone)} ${offsetText(startedMs, zone)}`;
      const head = `${capture.kind.toUpperCase()}  ${escapeForTerminal(capture.tool)}, ${at}, ${escapeForTerminal(capture.status)}${reached}${reason}`;
      return ["", head, ...(capture.hops.length === 0 ? [] : hopLines(hopsOf(capture), { node, labels: LIST_ENGLISH, names: hopNames([capture]) }))];
    }),
  ];
}
