/**
 * The report for a person at three in the morning: a headline that answers "was there anything", the incidents, their evidence, then the figures of all peers
 * and the times about which nothing can be said.
 */
import { fill } from "../verdict/words.ts";
import { localTime, offsetText, utcTime, type ZoneOffset } from "./clock.ts";
import { escapeForTerminal } from "./escape.ts";
import { count, duration, lossText } from "./figures.ts";
import { incidentLines } from "./incident-lines.ts";
import { incidentListLines } from "./incident-list.ts";
import { LIST_ENGLISH, type ListLabels } from "./list-labels.ts";
import { remoteLines, requestedLines } from "./lone-traces.ts";
import { counted } from "./page/wording.ts";
import { peersLines } from "./peers-table.ts";
import type { Report, ReportBlind } from "./report.ts";

/** Above this many incidents the text is the list only, unless `full`. */
export const MAX_DETAILED_INCIDENTS = 20;
const MAX_BLIND_LINES = 20;
/** Older than this in a report up to now, the newest data says that the agent may not be running. */
const STALE_MS = 60_000;

export interface TextOptions {
  readonly columns: number;
  readonly zone: ZoneOffset;
  readonly full: boolean;
  /** English without them. */
  readonly labels?: ListLabels;
}

type Layout = Required<TextOptions>;

export function renderText(report: Report, options: TextOptions): string {
  const layout: Layout = { labels: LIST_ENGLISH, ...options };
  const { labels } = layout;
  const lines = [...headLines(report, layout), "", ...emptyLines(report, labels)];
  lines.push(...incidentPart(report, layout));
  if (report.peers.length > 0) lines.push(labels.section.peers, ...peersLines(report.peers, layout), "");
  const node = report.node.name ?? labels.head.thisNode;
  lines.push(...blindPart(report, layout));
  lines.push(...remoteLines(report.remote_captures, { ...layout, node }), ...requestedLines(report.requested_captures, { ...layout, node }));
  lines.push(...evictedPart(report, layout));
  while (lines.at(-1) === "") lines.pop();
  return `${lines.join("\n")}\n`;
}

function headLines(report: Report, { zone, labels }: Layout): string[] {
  const { head } = labels;
  const { name, address, version } = report.node;
  const noted = [
    ...report.node.notes.map((note) => escapeForTerminal(labels.said(note))),
    ...report.peers.flatMap((peer) => silentNote(peer, { zone, labels })),
  ];
  return [
    (name === null ? head.unknownNode : escapeForTerminal(name)) +
      (address === null ? "" : fill(head.address, { address: escapeForTerminal(address) })) +
      (version === null ? "" : fill(head.version, { version: escapeForTerminal(version) })),
    rangeLine(report, { zone, labels }),
    headline(report, labels),
    ...report.problems.map((problem) => fill(head.problem, { problem: escapeForTerminal(problem) })),
    ...[...noted, ...staleNote(report, { zone, labels })].map((note) => fill(head.note, { note })),
  ];
}

type Words = Pick<Layout, "zone" | "labels">;

export function rangeLine({ since, until }: Pick<Report, "since" | "until">, { zone, labels: { head, unit } }: Words): string {
  const [sinceMs, untilMs] = [Date.parse(since), Date.parse(until)];
  const range = { from: short(localTime(sinceMs, zone)), to: short(localTime(untilMs, zone)), lasted: duration(untilMs - sinceMs, unit) };
  if (zone(sinceMs) === 0 && zone(untilMs) === 0) return fill(head.utcRange, range);
  return fill(head.localRange, { ...range, offset: offsetText(untilMs, zone), fromUtc: short(utcTime(sinceMs)), toUtc: short(utcTime(untilMs)) });
}

function headline(report: Report, { head }: ListLabels): string {
  // A peer that never answered says nothing of the network: it may not be there at all.
  const answering = report.peers.filter((peer) => peer.first_reply_at !== null || peer.received > 0);
  const sum = (value: (peer: Report["peers"][number]) => number): number => answering.reduce((total, peer) => total + value(peer), 0);
  const judged = sum((peer) => peer.sent - peer.blind);
  const lost = sum((peer) => peer.lost);
  const grouped = report.events.length < report.incidents.length ? counted(report.events.length, head.inEvents) : "";
  const share = judged === 0 ? head.noProbes : fill(counted(judged, head.loss), { loss: lossText(lost, judged), lost: count(lost) });
  const incidents =
    report.problems.length > 0 && report.incidents.length === 0 ? head.incidentsUnknown : counted(report.incidents.length, head.incidents) + grouped;
  const silent = report.peers.filter((peer) => peer.first_reply_at === null && peer.received === 0 && peer.sent > 0).length;
  const never = silent === 0 ? "" : fill(head.neverAnswered, { n: silent });
  return [incidents, counted(report.peers.length, head.peers) + never, share].join(head.joint);
}

function silentNote({ peer, agent_silent_since: since }: Report["peers"][number], { zone, labels: { head } }: Words): string[] {
  return since === null ? [] : [fill(head.silentAgent, { peer: escapeForTerminal(peer), at: localTime(Date.parse(since), zone) })];
}

function staleNote(report: Report, { zone, labels: { head } }: Words): string[] {
  if (report.last_data_at === null) return [];
  const lastMs = Date.parse(report.last_data_at);
  const generatedMs = Date.parse(report.generated_at);
  if (Date.parse(report.until) < generatedMs || generatedMs - lastMs < STALE_MS) return [];
  return [fill(head.stale, { at: localTime(lastMs, zone) })];
}

function emptyLines(report: Report, { head }: ListLabels): string[] {
  const silent = report.peers.every((peer) => peer.sent === 0 && peer.send_failed === 0);
  if (report.incidents.length > 0 || !silent || report.problems.length > 0) return [];
  return [report.last_data_at === null ? head.nothingStored : head.nothingMeasured, ""];
}

function incidentPart(report: Report, layout: Layout): string[] {
  const { section, list: words, head } = layout.labels;
  const total = report.incidents.length;
  if (total === 0) return [];
  const list = [section.incidents, ...incidentListLines(report.incidents, layout), ""];
  if (total > MAX_DETAILED_INCIDENTS && !layout.full) return [...list, `  ${fill(words.narrow, { max: MAX_DETAILED_INCIDENTS })}`, ""];
  const node = report.node.name ?? head.thisNode;
  const place = (index: number): string => fill(words.place, { number: index + 1, total });
  return [...list, ...report.incidents.flatMap((incident, index) => incidentLines(incident, { ...layout, node, place: place(index) }))];
}

/** `whoseOf` stands before each, where there are several nodes. */
export function blindPart<B extends ReportBlind>(
  report: { readonly blind: readonly B[] },
  { zone, full, labels, whoseOf = () => "" }: Pick<Layout, "zone" | "full" | "labels"> & { readonly whoseOf?: (blind: B) => string },
): string[] {
  const { blind: words, section, unit } = labels;
  if (report.blind.length === 0) return [];
  const shown = full ? report.blind : report.blind.slice(-MAX_BLIND_LINES);
  const left = report.blind.length - shown.length;
  return [
    section.blind,
    ...(left > 0 ? [`  ${fill(words.earlier, { n: count(left) })}`] : []),
    ...shown.map((blind) => {
      const startedMs = Date.parse(blind.started_at);
      const detail = blind.detail === null ? "" : fill(words.detail, { detail: escapeForTerminal(labels.said(blind.detail)) });
      const lasted = duration(Date.parse(blind.ended_at) - startedMs, unit);
      const cause = Object.hasOwn(words.cause, blind.cause) ? (words.cause[blind.cause] ?? "") : escapeForTerminal(blind.cause);
      return `  ${whoseOf(blind)}${fill(words.text, { at: localTime(startedMs, zone), lasted, cause, detail })}`;
    }),
    "",
  ];
}

function evictedPart(report: Report, { zone, labels }: Layout): string[] {
  const { evicted: words, section } = labels;
  if (report.evicted.length === 0) return [];
  return [
    section.evicted,
    ...report.evicted.map((eviction) => {
      const [from, to] = [eviction.from, eviction.to].map((at) => short(localTime(Date.parse(at), zone)));
      const what = words.what[eviction.what] ?? escapeForTerminal(eviction.what);
      const why = eviction.reason === "budget" ? words.budget : words.age;
      return `  ${fill(words.text, { what, from: from ?? "", to: to ?? "", why })}`;
    }),
    "",
  ];
}

/** Without milliseconds. */
export function short(time: string): string {
  return time.slice(0, 19);
}
