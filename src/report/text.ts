/**
 * The report for a person at three in the morning: a headline that answers "was there anything", the incidents, their evidence, then the figures of all peers
 * and the times about which nothing can be said.
 */
import { localTime, offsetText, utcTime, type ZoneOffset } from "./clock.ts";
import { escapeForTerminal } from "./escape.ts";
import { count, duration, lossText, plural } from "./figures.ts";
import { incidentLines } from "./incident-lines.ts";
import { incidentListLines } from "./incident-list.ts";
import { peersLines } from "./peers-table.ts";
import { remoteLines } from "./remote-captures.ts";
import type { Report } from "./report.ts";

/** Above this many incidents the text is the list only, unless `full`. */
export const MAX_DETAILED_INCIDENTS = 20;
const MAX_BLIND_LINES = 20;
/** Older than this in a report up to now, the newest data says that the agent may not be running. */
const STALE_MS = 60_000;

export interface TextOptions {
  readonly columns: number;
  readonly zone: ZoneOffset;
  readonly full: boolean;
}

export function renderText(report: Report, options: TextOptions): string {
  const lines = [...headLines(report, options.zone), "", ...emptyLines(report)];
  lines.push(...incidentPart(report, options));
  if (report.peers.length > 0) lines.push("PEERS (worst first)", ...peersLines(report.peers, options.full), "");
  const node = report.node.name ?? "this node";
  lines.push(...blindPart(report, options), ...remoteLines(report.remote_captures, { ...options, node }), ...evictedPart(report, options.zone));
  while (lines.at(-1) === "") lines.pop();
  return `${lines.join("\n")}\n`;
}

function headLines(report: Report, zone: ZoneOffset): string[] {
  const sinceMs = Date.parse(report.since);
  const untilMs = Date.parse(report.until);
  const name = report.node.name === null ? "unknown node" : escapeForTerminal(report.node.name);
  const address = report.node.address === null ? "" : ` (${escapeForTerminal(report.node.address)})`;
  const version = report.node.version === null ? "" : `, meshprobe ${escapeForTerminal(report.node.version)}`;
  return [
    `${name}${address}${version}`,
    rangeLine(sinceMs, untilMs, zone),
    headline(report),
    ...report.problems.map((problem) => `NOT COMPLETE: ${escapeForTerminal(problem)}`),
    ...report.node.notes.map((note) => `note: ${escapeForTerminal(note)}`),
    ...report.peers.flatMap((peer) => silentLine(peer, zone)),
    ...staleLine(report, zone),
  ];
}

function rangeLine(sinceMs: number, untilMs: number, zone: ZoneOffset): string {
  const range = `${short(localTime(sinceMs, zone))} to ${short(localTime(untilMs, zone))}`;
  const lasted = duration(untilMs - sinceMs);
  if (zone(sinceMs) === 0 && zone(untilMs) === 0) return `${range} UTC, ${lasted}`;
  return `${range} ${offsetText(untilMs, zone)}, ${lasted} (${short(utcTime(sinceMs))} to ${short(utcTime(untilMs))} UTC)`;
}

function headline(report: Report): string {
  // A peer that never answered says nothing of the network: it may not be there at all.
  const answering = report.peers.filter((peer) => peer.first_reply_at !== null || peer.received > 0);
  const sum = (value: (peer: Report["peers"][number]) => number): number => answering.reduce((total, peer) => total + value(peer), 0);
  const judged = sum((peer) => peer.sent - peer.blind);
  const lost = sum((peer) => peer.lost);
  const grouped = report.events.length < report.incidents.length ? ` in ${plural(report.events.length, "event")}` : "";
  const share = judged === 0 ? "no probes" : `loss ${lossText(lost, judged)} (${count(lost)} of ${plural(judged, "probe")})`;
  const incidents =
    report.problems.length > 0 && report.incidents.length === 0 ? "incidents not known" : plural(report.incidents.length, "incident") + grouped;
  const silent = report.peers.filter((peer) => peer.first_reply_at === null && peer.received === 0 && peer.sent > 0).length;
  return `${incidents}, ${plural(report.peers.length, "peer")}${silent === 0 ? "" : ` (${silent} never answered)`}, ${share}`;
}

function silentLine({ peer, agent_silent_since: since }: Report["peers"][number], zone: ZoneOffset): string[] {
  if (since === null) return [];
  return [`note: the agent of ${escapeForTerminal(peer)} has been silent since ${localTime(Date.parse(since), zone)}; its host answers`];
}

function staleLine(report: Report, zone: ZoneOffset): string[] {
  if (report.last_data_at === null) return [];
  const lastMs = Date.parse(report.last_data_at);
  const generatedMs = Date.parse(report.generated_at);
  if (Date.parse(report.until) < generatedMs || generatedMs - lastMs < STALE_MS) return [];
  return [`note: the newest data is of ${localTime(lastMs, zone)}; the agent may not be running`];
}

function emptyLines(report: Report): string[] {
  const silent = report.peers.every((peer) => peer.sent === 0 && peer.send_failed === 0);
  if (report.incidents.length > 0 || !silent || report.problems.length > 0) return [];
  if (report.last_data_at === null) return ["Nothing is stored yet: the agent writes its first figures ten to twenty seconds after its start.", ""];
  return ["Nothing was measured in this time. Try a longer --since, or see whether the agent was running.", ""];
}

function incidentPart(report: Report, options: TextOptions): string[] {
  const total = report.incidents.length;
  if (total === 0) return [];
  const list = ["INCIDENTS (newest last)", ...incidentListLines(report.incidents, options.zone), ""];
  if (total > MAX_DETAILED_INCIDENTS && !options.full)
    return [
      ...list,
      `  Paths and strips are shown for up to ${MAX_DETAILED_INCIDENTS} incidents: narrow --since, --until or --peer, or give --full.`,
      "",
    ];
  const node = report.node.name ?? "this node";
  return [
    ...list,
    ...report.incidents.flatMap((incident, index) => incidentLines(incident, { ...options, node, place: `${index + 1} of ${total}` })),
  ];
}

function blindPart(report: Report, { zone, full }: TextOptions): string[] {
  if (report.blind.length === 0) return [];
  const shown = full ? report.blind : report.blind.slice(-MAX_BLIND_LINES);
  const left = report.blind.length - shown.length;
  return [
    "BLIND (the agent itself could not judge: neither good nor lost)",
    ...(left > 0 ? [`  … ${count(left)} earlier, see --full`] : []),
    ...shown.map((blind) => {
      const startedMs = Date.parse(blind.started_at);
      const detail = blind.detail === null ? "" : `: ${escapeForTerminal(blind.detail)}`;
      return `  ${localTime(startedMs, zone)}  ${duration(Date.parse(blind.ended_at) - startedMs)}, ${escapeForTerminal(blind.cause)}${detail}`;
    }),
    "",
  ];
}

function evictedPart(report: Report, zone: ZoneOffset): string[] {
  if (report.evicted.length === 0) return [];
  return [
    "NO LONGER STORED",
    ...report.evicted.map(
      (eviction) =>
        `  ${escapeForTerminal(eviction.what)}, ${short(localTime(Date.parse(eviction.from), zone))} to ${short(localTime(Date.parse(eviction.to), zone))}: ` +
        (eviction.reason === "budget" ? "deleted to stay within store.max_bytes" : "older than is kept"),
    ),
    "",
  ];
}

/** Without milliseconds. */
function short(time: string): string {
  return time.slice(0, 19);
}
