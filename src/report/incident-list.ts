/** All incidents, one line each, newest last. */
import { fill } from "../verdict/words.ts";
import { localTime, offsetText, type ZoneOffset } from "./clock.ts";
import { escapeForTerminal } from "./escape.ts";
import { count, duration } from "./figures.ts";
import { evidenceAfterMs, lastedMs, longestRun, whatHappened } from "./incident-facts.ts";
import type { ListLabels } from "./list-labels.ts";
import type { ReportIncident } from "./report.ts";
import { tableLines, type Column } from "./table.ts";

export function incidentListLines(
  incidents: readonly ReportIncident[],
  { zone, labels }: { readonly zone: ZoneOffset; readonly labels: ListLabels },
): string[] {
  const numbered = incidents.map((incident, index) => ({ incident, number: index + 1 }));
  const last = incidents.at(-1);
  const offset = last === undefined ? "" : ` (${offsetText(Date.parse(last.started_at), zone)})`;
  return tableLines(numbered, columns({ zone, offset, labels })).map((line) => `  ${line}`);
}

interface Numbered {
  readonly incident: ReportIncident;
  readonly number: number;
}

function columns({ zone, offset, labels }: { readonly zone: ZoneOffset; readonly offset: string; readonly labels: ListLabels }): Column<Numbered>[] {
  const { list } = labels;
  return [
    { title: list.number, align: "right", cell: ({ number }) => String(number) },
    { title: list.started + offset, align: "left", cell: ({ incident }) => localTime(Date.parse(incident.started_at), zone) },
    { title: list.lasted, align: "right", cell: ({ incident }) => lastedText(incident, labels) },
    { title: list.peer, align: "left", cell: ({ incident }) => escapeForTerminal(incident.peer) },
    { title: list.what, align: "left", cell: ({ incident }) => whatHappened(incident, labels) },
    { title: list.lost, align: "right", cell: ({ incident }) => fill(list.lostOf, { lost: count(incident.lost), sent: count(incident.sent) }) },
    { title: list.run, align: "right", cell: ({ incident }) => count(longestRun(incident)) },
    { title: list.traced, align: "right", cell: ({ incident }) => afterText(incident, labels) },
    { title: list.verdict, align: "left", cell: ({ incident }) => verdictText(incident, labels) },
    { title: list.status, align: "left", cell: ({ incident }) => labels.status[incident.status] },
    { title: list.id, align: "left", cell: ({ incident }) => escapeForTerminal(incident.id) },
  ];
}

/** E.g. "path out, likely". */
export function verdictText({ verdict }: Pick<ReportIncident, "verdict">, { verdict: words }: ListLabels): string {
  if (verdict === null) return "-";
  const { scope, direction, certainty } = verdict;
  return fill(words.text, { scope: words.scope[scope], direction: words.direction[direction], certainty: words.certainty[certainty] });
}

export function lastedText(incident: ReportIncident, { list, unit }: ListLabels): string {
  const ms = lastedMs(incident);
  return ms === null ? list.goingOn : duration(ms, unit);
}

function afterText(incident: ReportIncident, { list }: ListLabels): string {
  const ms = evidenceAfterMs(incident);
  return ms === null ? "-" : fill(list.ms, { n: count(ms) });
}
