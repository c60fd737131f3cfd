/**
 * Hop tables in the layout of `mtr --report-wide`, one per phase: a table that mixes before, during and after would dilute ten seconds of loss to a few percent.
 */
import type { Hop } from "../path/hop.ts";
import { localClock, localTime, type ZoneOffset } from "./clock.ts";
import { escapeForTerminal } from "./escape.ts";
import { fill } from "../verdict/words.ts";
import type { ListLabels } from "./list-labels.ts";
import { counted } from "./page/wording.ts";
import type { PhaseTable } from "./phase-tables.ts";
import type { ReportCapture } from "./report.ts";
import { padEnd, textWidth } from "./width.ts";

const FIGURES = ["Loss%", "Snt", "Rcv", "Avg", "Best", "Wrst"] as const;
const FIGURE_WIDTH = 7;

/** Of a name; the address behind it is never cut. */
const MAX_NAME = 48;

export interface HopLayout {
  readonly node: string;
  readonly zone: ZoneOffset;
  readonly labels: ListLabels;
}

/** The tables BEFORE, DURING and AFTER of one incident; a phase without a trace is said to have none. */
export function phaseLines(tables: readonly PhaseTable[], layout: HopLayout): string[] {
  return tables.flatMap(({ phase, traces, hops }) => {
    if (traces.length === 0) return [`  ${layout.labels.phase[phase]}  ${layout.labels.traces.none}`, ""];
    return [
      `  ${layout.labels.phase[phase]}  ${describe(traces, layout)}`,
      ...hopLines(hops, { ...layout, names: hopNames(traces) }).map((line) => `    ${line}`),
      "",
    ];
  });
}

/** What the hops of some traces are called, by address. */
export function hopNames(captures: readonly ReportCapture[]): ReadonlyMap<string, string> {
  return new Map(captures.flatMap(({ hops }) => hops.flatMap(({ address, name }) => (address === null || name === null ? [] : [[address, name]]))));
}

/** One table, its head first. Addresses with a name have it in front, as mtr has it. */
export function hopLines(hops: readonly Hop[], layout: Omit<HopLayout, "zone"> & { readonly names: ReadonlyMap<string, string> }): string[] {
  const { node, names: known, labels } = layout;
  const host = `HOST: ${escapeForTerminal(node)}`;
  const names = hops.map((hop) => `${String(hop.ttl).padStart(3)}.|-- ${hop.address === null ? "???" : named(hop.address, known)}`);
  const width = Math.max(textWidth(host), ...names.map(textWidth));
  const lines = [padEnd(host, width) + FIGURES.map((title) => title.padStart(FIGURE_WIDTH)).join("")];
  hops.forEach((hop, index) => {
    const note = hop.note === null ? "" : `   ${escapeForTerminal(labels.said(hop.note))}`;
    lines.push(padEnd(names[index] ?? "", width) + figures(hop) + note);
    for (const other of hop.addresses) if (other !== hop.address) lines.push(`    |  \`|-- ${named(other, known)}`);
    for (const label of hop.mpls) lines.push(`    |  +-- [MPLS: ${escapeForTerminal(label)}]`);
  });
  return lines;
}

/** "ae1.core.example (10.20.1.1)", or the address alone. */
function named(address: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(address);
  if (name === undefined) return escapeForTerminal(address);
  const short = name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 1)}…` : name;
  return `${escapeForTerminal(short)} (${escapeForTerminal(address)})`;
}

function figures(hop: Hop): string {
  const ms = (value: number | undefined): string => (value === undefined ? "-" : value.toFixed(1));
  const loss = hop.lossPct === null ? "-" : `${hop.lossPct.toFixed(1)}%`;
  const cells = [loss, String(hop.sent), String(hop.received), ms(hop.rttMs?.avg), ms(hop.rttMs?.best), ms(hop.rttMs?.worst)];
  return cells.map((cell) => cell.padStart(FIGURE_WIDTH)).join("");
}

/** "3 sweeps and 1 mtr, 2026-11-20 04:12:03.301 to 04:12:12.320". */
function describe(traces: readonly ReportCapture[], { zone, labels }: HopLayout): string {
  const swept = traces.filter((capture) => capture.kind === "sweep");
  const sweeps = swept.reduce((sum, { facts }) => sum + (typeof facts["sweeps"] === "number" ? facts["sweeps"] : 1), 0);
  const runs = traces.length - swept.length;
  const { tables } = labels;
  const what = [...(sweeps > 0 ? [counted(sweeps, tables.sweeps)] : []), ...(runs > 0 ? [counted(runs, tables.runs)] : [])].join(tables.and);
  const fromMs = Math.min(...traces.map((capture) => Date.parse(capture.started_at)));
  const toMs = Math.max(...traces.map((capture) => Date.parse(capture.hops_until ?? capture.finished_at ?? capture.started_at)));
  const sameDay = localTime(fromMs, zone).slice(0, 10) === localTime(toMs, zone).slice(0, 10);
  const to = sameDay ? localClock(toMs, zone) : localTime(toMs, zone);
  return fill(labels.traces.caption, { what, from: localTime(fromMs, zone), to });
}
