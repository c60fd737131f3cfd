/** The report over all nodes for a person: what happened between which of them, then how the nodes stand. Details are on the page of an incident. */
import { fill } from "../../verdict/words.ts";
import { localTime, offsetText, type ZoneOffset } from "../clock.ts";
import { escapeForTerminal } from "../escape.ts";
import { count } from "../figures.ts";
import { whatHappened } from "../incident-facts.ts";
import { lastedText, verdictText } from "../incident-list.ts";
import type { ListLabels } from "../list-labels.ts";
import type { ClockDifference } from "../page/ticket.ts";
import { counted, signed } from "../page/wording.ts";
import { peersLines } from "../peers-table.ts";
import { tableLines, type Column } from "../table.ts";
import { blindPart, rangeLine, short } from "../text.ts";
import { padStart } from "../width.ts";
import { wrap } from "../wrap.ts";
import type { FleetLabels } from "./fleet-labels.ts";
import type { FleetBlind, FleetIncident, FleetNode, FleetReport } from "./fleet.ts";

/** Above this many, those with nothing to say are only counted. */
const MAX_QUIET_NODES = 40;
/** A node that lives tells of itself once a minute at least: its rollups. */
const SILENT_MS = 300_000;
/** Above this many events, their sentences are on their pages only, unless `full`. */
const MAX_SENTENCES = 20;
const NUMBER_WIDTH = 4;

export interface FleetTextOptions {
  readonly columns: number;
  readonly zone: ZoneOffset;
  readonly full: boolean;
  /** Of the collector, to be named in a command. */
  readonly url: string;
  readonly labels: ListLabels;
  readonly fleet: FleetLabels;
}

export function renderFleetText(report: FleetReport, options: FleetTextOptions): string {
  const { labels, fleet, zone } = options;
  const lines = [
    counted(report.nodes.length, fleet.nodes),
    rangeLine(report, { zone, labels }),
    [counted(report.events.length, fleet.events), counted(report.incidents.length, labels.head.incidents)].join(labels.head.joint),
    ...report.problems.map((problem) => fill(labels.head.problem, { problem: escapeForTerminal(problem) })),
    ...notes(report, options).map((note) => fill(labels.head.note, { note })),
    "",
    ...eventPart(report, options),
    ...nodePart(report, options),
    ...peerPart(report, options),
    ...blindPart(report, { ...options, whoseOf: ({ node }: FleetBlind) => fill(fleet.whose, { node: escapeForTerminal(node) }) }),
  ];
  while (lines.at(-1) === "") lines.pop();
  return `${lines.join("\n")}\n`;
}

function notes(report: FleetReport, { fleet }: FleetTextOptions): string[] {
  const isAligned = report.events.some(({ sides }) => sides.length > 1);
  return [...(isAligned ? [fill(fleet.clockNote, { column: fleet.column.clock })] : []), ...(report.peers_omitted ? [fleet.peersOmitted] : [])];
}

interface Row {
  /** Of the event; null for its further lines. */
  readonly number: number | null;
  readonly incident: FleetIncident;
  /** Null where the incident is the first node's. */
  readonly clock: { readonly against: ClockDifference | null } | null;
}

function eventPart(report: FleetReport, options: FleetTextOptions): string[] {
  const { fleet, zone, url } = options;
  if (report.events.length === 0) return report.problems.length > 0 ? [] : [fleet.none, ""];
  const rows = rowsOf(report);
  const last = report.incidents.at(-1);
  const offset = last === undefined ? "" : ` (${offsetText(Date.parse(last.started_at), zone)})`;
  const table = tableLines(rows, eventColumns(options, offset)).map((line) => `  ${line}`);
  return [fleet.section.events, ...table, `  ${fill(fleet.page, { url: escapeForTerminal(url) })}`, "", ...sentencePart(report, options)];
}

function rowsOf({ events, incidents }: FleetReport): Row[] {
  const known = new Map(incidents.map((incident) => [JSON.stringify([incident.node, incident.id]), incident]));
  return events.flatMap((event, index) =>
    event.sides
      .flatMap((side) =>
        side.incidents.flatMap((id) => {
          const incident = known.get(JSON.stringify([side.node, id]));
          return incident === undefined ? [] : [{ incident, clock: side.node === event.node ? null : { against: side.clock } }];
        }),
      )
      .map((row, line): Row => ({ ...row, number: line === 0 ? index + 1 : null })),
  );
}

function eventColumns({ labels, fleet, zone }: FleetTextOptions, offset: string): Column<Row>[] {
  const { list } = labels;
  const left = (title: string, cell: (row: Row) => string): Column<Row> => ({ title, align: "left", cell });
  const right = (title: string, cell: (row: Row) => string): Column<Row> => ({ title, align: "right", cell });
  return [
    right(list.number, ({ number }) => (number === null ? "" : String(number))),
    left(list.started + offset, ({ incident, clock }) => localTime(Date.parse(incident.started_at) + (clock?.against?.offset_ms ?? 0), zone)),
    right(list.lasted, ({ incident }) => lastedText(incident, labels)),
    left(fleet.column.node, ({ incident }) => escapeForTerminal(incident.node)),
    left(list.peer, ({ incident }) => escapeForTerminal(incident.peer)),
    left(list.what, ({ incident }) => whatHappened(incident, labels)),
    right(list.lost, ({ incident }) => fill(list.lostOf, { lost: count(incident.lost), sent: count(incident.sent) })),
    left(list.verdict, ({ incident }) => verdictText(incident, labels)),
    left(list.status, ({ incident }) => labels.status[incident.status]),
    left(fleet.column.clock, ({ clock }) => (clock === null ? "" : clockText(clock.against, fleet))),
    left(list.id, ({ incident }) => escapeForTerminal(incident.id)),
  ];
}

/** How far it is ahead, as the note above the table says. */
function clockText(clock: ClockDifference | null, fleet: FleetLabels): string {
  return clock === null ? fleet.unknownClock : fill(fleet.offset, { offset: signed(-clock.offset_ms), error: clock.error_ms });
}

function sentencePart({ events }: FleetReport, { fleet, columns, full }: FleetTextOptions): string[] {
  const said = events.flatMap(({ verdict }, index) => (verdict === null ? [] : [{ number: index + 1, verdict }]));
  if (said.length === 0 || (said.length > MAX_SENTENCES && !full)) return [];
  const lines = said.flatMap(({ number, verdict }) => {
    const [first = "", ...rest] = wrap(verdict.sentence, columns - NUMBER_WIDTH - 2).map(escapeForTerminal);
    return [`${padStart(String(number), NUMBER_WIDTH)}  ${first}`, ...rest.map((line) => " ".repeat(NUMBER_WIDTH + 2) + line)];
  });
  return [fleet.section.verdicts, ...lines, ""];
}

function nodePart(report: FleetReport, { fleet, zone, full }: FleetTextOptions): string[] {
  if (report.nodes.length === 0) return [];
  const nowMs = Date.parse(report.generated_at);
  const shown = full || report.nodes.length <= MAX_QUIET_NODES ? report.nodes : report.nodes.filter((node) => hasNews(node, nowMs));
  const at = (iso: string): string => short(localTime(Date.parse(iso), zone));
  const columns: Column<FleetNode>[] = [
    { title: fleet.column.node, align: "left", cell: ({ node }) => escapeForTerminal(node) },
    { title: fleet.column.address, align: "left", cell: ({ address }) => escapeForTerminal(address ?? "-") },
    { title: fleet.column.version, align: "left", cell: ({ version }) => escapeForTerminal(version ?? "-") },
    { title: fleet.column.heard, align: "left", cell: (node) => at(node.last_heard_at) },
    { title: fleet.column.waiting, align: "left", cell: (node) => waitingText(node, { fleet, at }) },
    { title: fleet.column.blind, align: "left", cell: ({ blind_since: since }) => (since === null ? "-" : fill(fleet.since, { at: at(since) })) },
    { title: fleet.column.clock, align: "left", cell: ({ clock }) => clockText(clock, fleet) },
  ];
  const left = report.nodes.length - shown.length;
  const table = shown.length === 0 ? [] : tableLines(shown, columns).map((line) => `  ${line}`);
  return [fleet.section.nodes, ...table, ...(left > 0 ? [`  ${counted(left, fleet.quiet)}`] : []), ""];
}

function hasNews(node: FleetNode, nowMs: number): boolean {
  return node.blind_since !== null || waiting(node) > 0 || nowMs - Date.parse(node.last_heard_at) > SILENT_MS;
}

function waiting({ backlog }: FleetNode): number {
  return backlog.reduce((sum, { records }) => sum + records, 0);
}

function waitingText(node: FleetNode, { fleet, at }: { readonly fleet: FleetLabels; readonly at: (iso: string) => string }): string {
  const oldest = node.backlog.flatMap(({ oldest_at: since }) => (since === null ? [] : [since])).toSorted()[0];
  const n = count(waiting(node));
  return oldest === undefined ? fill(fleet.waiting, { n }) : fill(fleet.waitingSince, { n, at: at(oldest) });
}

function peerPart({ peers }: FleetReport, { fleet, full, labels }: FleetTextOptions): string[] {
  if (peers.length === 0) return [];
  const named = peers.map((peer) => ({ ...peer, peer: fill(fleet.pair, { node: peer.node, peer: peer.peer }) }));
  return [fleet.section.peers, ...peersLines(named, { full, labels }), ""];
}
