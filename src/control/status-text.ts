/**
 * The status on one screen: what is wrong first, then the peers, the worst first, as many as fit. A peer's row: state, loss of the last ten minutes, median of
 * the newest ten seconds, the worst, and the medians of the last minutes as a line of characters.
 */
import { localClock, type ZoneOffset } from "../report/clock.ts";
import { escapeForTerminal } from "../report/escape.ts";
import { count, duration, lossText, plural } from "../report/figures.ts";
import { tableLines, type Column } from "../report/table.ts";
import { wrap } from "../report/wrap.ts";
import { sparkline } from "./sparkline.ts";
import type { PeerState, Status, StatusPeer } from "./status.ts";

export interface StatusTextOptions {
  readonly columns: number;
  /** Lines that fit; null for no limit. */
  readonly rows: number | null;
  readonly unicode: boolean;
  readonly zone: ZoneOffset;
}

const WORDS: Readonly<Record<PeerState, string>> = {
  burst: "LOSING",
  cooling: "lost lately",
  unresolved: "no address",
  "never-answered": "no answer yet",
  well: "well",
};
const MIN_SPARK = 6;
const MAX_SPARK = 60;
/** Longest name and address shown whole: a name may have 253 characters. */
const MAX_CELL = 32;
const MAX_INCIDENTS = 5;
/** The peers get at least this many lines; what else there is to say gives way. */
const MIN_PEER_LINES = 3;

export function statusLines(status: Status, options: StatusTextOptions): string[] {
  const head = [
    ...headLines(status),
    ...incidentPart(status, options),
    ...blindPart(status, options),
    ...status.notes.flatMap((note) => wrap(`- ${escapeForTerminal(note)}`, options.columns, 2)),
  ];
  const room = options.rows === null ? null : Math.max(MIN_PEER_LINES, options.rows - head.length - 1);
  const shownHead = options.rows === null ? head : head.slice(0, Math.max(1, options.rows - 1 - (room ?? 0)));
  return [...shownHead, "", ...peerPart(status, { ...options, rows: room })].map((line) => clip(line, options.columns));
}

function headLines({ node, agent, states, peers, disk, generated_at: at, interval_ms: intervalMs }: Status): string[] {
  const address = node.address === null ? "" : ` (${escapeForTerminal(node.address)})`;
  const up = duration(Math.max(0, Date.parse(at) - Date.parse(agent.started_at)));
  const total = Object.values(states).reduce((sum, number) => sum + number, 0);
  const some = (Object.keys(states) as PeerState[]).filter((state) => states[state] > 0).map((state) => `${count(states[state])} ${WORDS[state]}`);
  const free = disk.free_bytes === null ? "" : `, ${bytes(disk.free_bytes)} free on the disk`;
  const probes = peers.length < total ? "" : `, ${Math.round(peers.reduce((sum, peer) => sum + 1000 / peer.interval_ms, 0))} probes/s`;
  return [
    `${escapeForTerminal(node.name)}${address}, meshprobe ${escapeForTerminal(node.version)}, up ${up}, a probe every ${duration(intervalMs)}${probes}`,
    `${plural(total, "peer")}${some.length === 0 ? "" : `: ${some.join(", ")}`}; ${bytes(disk.used_bytes)} of ${bytes(disk.max_bytes)} used${free}`,
  ];
}

function incidentPart({ incidents, generated_at: at }: Status, { zone, columns }: StatusTextOptions): string[] {
  const shown = incidents.slice(0, MAX_INCIDENTS);
  const left = incidents.length - shown.length;
  return [
    ...shown.flatMap((incident) => {
      const startedMs = Date.parse(incident.started_at);
      const lasts =
        incident.status === "open" ? `since ${localClock(startedMs, zone)}, ${duration(Math.max(0, Date.parse(at) - startedMs))}` : "over, watched";
      const loss = `${lossText(incident.lost, incident.sent)} lost (${count(incident.lost)} of ${count(incident.sent)})`;
      const first = `INCIDENT ${escapeForTerminal(incident.peer)} (${escapeForTerminal(incident.address)}) ${lasts}, ${loss}, ${escapeForTerminal(incident.id)}`;
      return [first, ...(incident.sentence === null ? [] : wrap(escapeForTerminal(incident.sentence), columns - 2).map((line) => `  ${line}`))];
    }),
    ...(left > 0 ? [`… and ${plural(left, "incident")} more`] : []),
  ];
}

function blindPart({ blind }: Status, { zone }: StatusTextOptions): string[] {
  const last = blind.last.at(-1);
  if (last === undefined) return [];
  const startedMs = Date.parse(last.started_at);
  const lasted = duration(Math.max(0, Date.parse(last.ended_at) - startedMs));
  return [
    `blind ${plural(blind.count, "time")}, ${duration(blind.seconds * 1000)} in all; last at ${localClock(startedMs, zone)} for ${lasted}: ${escapeForTerminal(last.detail ?? last.cause)}`,
  ];
}

function peerPart(status: Status, { columns, rows, unicode }: StatusTextOptions): string[] {
  const total = Object.values(status.states).reduce((sum, number) => sum + number, 0);
  const fits = rows === null ? total : rows - 1;
  const shown = total <= fits ? status.peers : status.peers.slice(0, Math.max(0, fits - 1));
  const plain = tableLines(shown, COLUMNS);
  const taken = Math.max(...plain.map((line) => [...line].length)) + 2;
  const width = Math.min(MAX_SPARK, columns - taken);
  const lines =
    width < MIN_SPARK
      ? plain
      : tableLines(shown, [
          ...COLUMNS,
          { title: `last ${duration(width * 10_000)}`, align: "left", cell: (peer) => spark(peer, { width, unicode }) },
        ]);
  const left = total - shown.length;
  return [...lines, ...(left > 0 ? [`… and ${plural(left, "peer")} more, none of them worse`] : [])];
}

const COLUMNS: readonly Column<StatusPeer>[] = [
  { title: "PEER", align: "left", cell: (peer) => cut(escapeForTerminal(peer.peer)) },
  { title: "ADDRESS", align: "left", cell: (peer) => cut(escapeForTerminal(peer.address ?? "-")) },
  { title: "STATE", align: "left", cell: (peer) => (peer.agent_silent_since === null ? WORDS[peer.state] : `${WORDS[peer.state]}, agent silent`) },
  { title: "LOSS 10min", align: "right", cell: (peer) => (peer.loss_pct === null ? "-" : lossText(peer.lost, peer.sent)) },
  { title: "RTT", align: "right", cell: (peer) => rtt(peer.rtt_ms.now) },
  { title: "WORST", align: "right", cell: (peer) => rtt(peer.rtt_ms.worst) },
];

function spark(peer: StatusPeer, options: { readonly width: number; readonly unicode: boolean }): string {
  const bad = peer.loss_history_pct.map((loss) => loss !== null && loss > 0);
  return sparkline(peer.rtt_history_ms, bad, options);
}

function rtt(value: number | null): string {
  return value === null ? "-" : `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}

function bytes(value: number): string {
  const [factor, unit] = (
    [
      [1e12, "TB"],
      [1e9, "GB"],
      [1e6, "MB"],
    ] as const
  ).find(([power]) => value >= power) ?? [1e3, "kB"];
  return `${(value / factor).toFixed(value / factor < 10 && factor > 1e3 ? 1 : 0)} ${unit}`;
}

function cut(text: string): string {
  return clip(text, MAX_CELL);
}

function clip(text: string, columns: number): string {
  const characters = [...text];
  return characters.length <= columns ? text : `${characters.slice(0, Math.max(0, columns - 1)).join("")}…`;
}
