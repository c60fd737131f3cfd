/** All incidents, one line each, newest last. */
import { localTime, offsetText, type ZoneOffset } from "./clock.ts";
import { escapeForTerminal } from "./escape.ts";
import { count, duration } from "./figures.ts";
import { evidenceAfterMs, lastedMs, longestRun, whatHappened } from "./incident-facts.ts";
import type { ReportIncident } from "./report.ts";
import { tableLines, type Column } from "./table.ts";

export function incidentListLines(incidents: readonly ReportIncident[], zone: ZoneOffset): string[] {
  const numbered = incidents.map((incident, index) => ({ incident, number: index + 1 }));
  const last = incidents.at(-1);
  const offset = last === undefined ? "" : ` (${offsetText(Date.parse(last.started_at), zone)})`;
  return tableLines(numbered, columns(zone, offset)).map((line) => `  ${line}`);
}

interface Numbered {
  readonly incident: ReportIncident;
  readonly number: number;
}

function columns(zone: ZoneOffset, offset: string): Column<Numbered>[] {
  return [
    { title: "#", align: "right", cell: ({ number }) => String(number) },
    { title: `started${offset}`, align: "left", cell: ({ incident }) => localTime(Date.parse(incident.started_at), zone) },
    { title: "lasted", align: "right", cell: ({ incident }) => lastedText(incident) },
    { title: "peer", align: "left", cell: ({ incident }) => escapeForTerminal(incident.peer) },
    { title: "what", align: "left", cell: ({ incident }) => whatHappened(incident) },
    { title: "lost", align: "right", cell: ({ incident }) => `${count(incident.lost)} of ${count(incident.sent)}` },
    { title: "in a row", align: "right", cell: ({ incident }) => count(longestRun(incident)) },
    { title: "traced after", align: "right", cell: ({ incident }) => afterText(incident) },
    { title: "verdict", align: "left", cell: verdictText },
    { title: "status", align: "left", cell: ({ incident }) => incident.status },
    { title: "id", align: "left", cell: ({ incident }) => escapeForTerminal(incident.id) },
  ];
}

/** E.g. "path out, likely". */
function verdictText({ incident: { verdict } }: Numbered): string {
  if (verdict === null) return "-";
  return `${verdict.scope}${verdict.direction === "unknown" ? "" : ` ${verdict.direction}`}, ${verdict.certainty}`;
}

function lastedText(incident: ReportIncident): string {
  const ms = lastedMs(incident);
  return ms === null ? "going on" : duration(ms);
}

function afterText(incident: ReportIncident): string {
  const ms = evidenceAfterMs(incident);
  return ms === null ? "-" : `${count(ms)} ms`;
}
