/**
 * The status on one screen: what is wrong first, then the peers, the worst first, as many as fit. A peer's row: state, loss of the last ten minutes, median of
 * the newest ten seconds, the worst, and the medians of the last minutes as a line of characters.
 */
import { localClock, type ZoneOffset } from "../report/clock.ts";
import { escapeForTerminal } from "../report/escape.ts";
import { count, duration, lossText } from "../report/figures.ts";
import { counted } from "../report/page/wording.ts";
import { tableLines, type Column } from "../report/table.ts";
import { clip, textWidth } from "../report/width.ts";
import { wrap } from "../report/wrap.ts";
import { fill } from "../verdict/words.ts";
import type { ControlLabels } from "./labels.ts";
import { sparkline } from "./sparkline.ts";
import type { PeerState, Status, StatusIncident, StatusPeer } from "./status.ts";

export interface StatusTextOptions {
  readonly columns: number;
  /** Lines that fit; null for no limit. */
  readonly rows: number | null;
  readonly unicode: boolean;
  readonly zone: ZoneOffset;
  readonly labels: ControlLabels;
}

const MIN_SPARK = 6;
const MAX_SPARK = 60;
/** Longest name and address shown whole: a name may have 253 characters. */
const MAX_CELL = 32;
const MAX_INCIDENTS = 5;
/** The peers get at least this many lines; what else there is to say gives way. */
const MIN_PEER_LINES = 3;
const MAX_REFUSED = 3;
const HANG = 2;

export function statusLines(status: Status, options: StatusTextOptions): string[] {
  const { columns, labels } = options;
  const head = [
    ...[...headLines(status, labels), ...incidentPart(status, options), ...blindPart(status, options), ...collectorPart(status, options)].flatMap(
      (line) => wrapped(line, columns),
    ),
    ...status.notes.flatMap((note) => wrap(`- ${escapeForTerminal(labels.said(note))}`, columns, HANG)),
  ];
  const room = options.rows === null ? null : Math.max(MIN_PEER_LINES, options.rows - head.length - 1);
  const shownHead = options.rows === null ? head : head.slice(0, Math.max(1, options.rows - 1 - (room ?? 0)));
  return [...shownHead, "", ...peerPart(status, { ...options, rows: room })].map((line) => clip(line, columns));
}

/** A line that is indented stays so. */
function wrapped(line: string, columns: number): string[] {
  const indent = line.startsWith(" ") ? " ".repeat(HANG) : "";
  return wrap(line.slice(indent.length), columns - indent.length, indent === "" ? HANG : 0).map((text) => indent + text);
}

function headLines(status: Status, { status: words, list: { unit } }: ControlLabels): string[] {
  const { node, agent, states, peers, disk, generated_at: at, interval_ms: intervalMs } = status;
  const total = totalOf(status);
  const some = (Object.keys(states) as PeerState[]).filter((state) => states[state] > 0);
  const list = some.map((state) => fill(words.state, { n: count(states[state]), word: words.words[state] })).join(words.joint);
  const rate = Math.round(peers.reduce((sum, peer) => sum + 1000 / peer.interval_ms, 0));
  const of = {
    node: escapeForTerminal(node.name),
    address: node.address === null ? "" : fill(words.address, { address: escapeForTerminal(node.address) }),
    version: escapeForTerminal(node.version),
    up: duration(Math.max(0, Date.parse(at) - Date.parse(agent.started_at)), unit),
    interval: duration(intervalMs, unit),
    rate: peers.length < total ? "" : fill(words.rate, { n: rate }),
  };
  const held = {
    peers: counted(total, words.peers),
    states: some.length === 0 ? "" : fill(words.states, { list }),
    used: bytes(disk.used_bytes),
    max: bytes(disk.max_bytes),
    free: disk.free_bytes === null ? "" : fill(words.free, { free: bytes(disk.free_bytes) }),
  };
  return [fill(words.node, of), fill(words.used, held)];
}

function totalOf({ states }: Status): number {
  return Object.values(states).reduce((sum, number) => sum + number, 0);
}

function incidentPart(status: Status, options: StatusTextOptions): string[] {
  const shown = status.incidents.slice(0, MAX_INCIDENTS);
  const left = status.incidents.length - shown.length;
  return [
    ...shown.flatMap((incident) => [
      incidentLine(incident, { ...options, atMs: Date.parse(status.generated_at) }),
      ...(incident.sentence === null ? [] : [`  ${escapeForTerminal(incident.sentence)}`]),
    ]),
    ...(left > 0 ? [counted(left, options.labels.status.moreIncidents)] : []),
  ];
}

function incidentLine(incident: StatusIncident, { atMs, zone, labels }: StatusTextOptions & { readonly atMs: number }): string {
  const { status: words, list } = labels;
  const startedMs = Date.parse(incident.started_at);
  const since = { at: localClock(startedMs, zone), duration: duration(Math.max(0, atMs - startedMs), list.unit) };
  return fill(words.incident, {
    peer: escapeForTerminal(incident.peer),
    address: escapeForTerminal(incident.address),
    lasts: incident.status === "open" ? fill(words.since, since) : words.over,
    loss: lossText(incident.lost, incident.sent),
    lost: count(incident.lost),
    sent: count(incident.sent),
    id: escapeForTerminal(incident.id),
  });
}

function blindPart({ blind }: Status, { zone, labels }: StatusTextOptions): string[] {
  const { status: words, list, said } = labels;
  const last = blind.last.at(-1);
  if (last === undefined) return [];
  const startedMs = Date.parse(last.started_at);
  const line = {
    total: duration(blind.seconds * 1000, list.unit),
    at: localClock(startedMs, zone),
    lasted: duration(Math.max(0, Date.parse(last.ended_at) - startedMs), list.unit),
    why: last.detail === null ? (list.blind.cause[last.cause] ?? escapeForTerminal(last.cause)) : escapeForTerminal(said(last.detail)),
  };
  return [fill(counted(blind.count, words.blind), line)];
}

function collectorPart({ collector }: Status, { zone, labels }: StatusTextOptions): string[] {
  if (collector === null) return [];
  const words = labels.status.collector;
  const { url, lanes, refused, last_error: error, last_success_at: success, paused } = collector;
  const fails = error !== null && !error.over;
  const at = success === null ? "" : localClock(Date.parse(success), zone);
  const answered = fails ? words.fails : words.works;
  const unanswered = fails ? words.failsYet : words.notYet;
  const waiting = lanes.reduce((sum, { records }) => sum + records, 0);
  const line = fill(words.line, {
    url: escapeForTerminal(url),
    state: fill(success === null ? unanswered : answered, { at }),
    waiting: waiting === 0 ? words.empty : counted(waiting, words.waiting),
    refused: refused.count === 0 ? "" : counted(refused.count, words.refused),
  });
  const why = [...(fails ? [error.text] : []), ...(paused === null ? [] : [paused])];
  const named = refused.records.slice(0, MAX_REFUSED);
  return [
    line,
    ...why.map((text) => `  ${escapeForTerminal(labels.said(text))}`),
    ...named.map(({ type, id, code }) => `  ${fill(words.refusedOne, { type: escapeForTerminal(type), id: escapeForTerminal(id), code })}`),
    ...(refused.count > named.length ? [`  ${counted(refused.count - named.length, words.moreRefused)}`] : []),
  ];
}

function peerPart(status: Status, { columns, rows, unicode, labels }: StatusTextOptions): string[] {
  const { status: words, list } = labels;
  const total = totalOf(status);
  const fits = rows === null ? total : rows - 1;
  const shown = total <= fits ? status.peers : status.peers.slice(0, Math.max(0, fits - 1));
  const titled = columnsOf(words);
  const plain = tableLines(shown, titled);
  const taken = Math.max(...plain.map(textWidth)) + 2;
  const width = Math.min(MAX_SPARK, columns - taken);
  const title = fill(words.columns.last, { duration: duration(width * 10_000, list.unit) });
  const lines =
    width < Math.max(MIN_SPARK, textWidth(title))
      ? plain
      : tableLines(shown, [...titled, { title, align: "left", cell: (peer) => spark(peer, { width, unicode }) }]);
  const left = total - shown.length;
  return [...lines, ...(left > 0 ? [counted(left, words.morePeers)] : [])];
}

function columnsOf({ columns, words, silent }: ControlLabels["status"]): readonly Column<StatusPeer>[] {
  const state = (peer: StatusPeer): string => (peer.agent_silent_since === null ? words[peer.state] : fill(silent, { word: words[peer.state] }));
  return [
    { title: columns.peer, align: "left", cell: (peer) => clip(escapeForTerminal(peer.peer), MAX_CELL) },
    { title: columns.address, align: "left", cell: (peer) => clip(escapeForTerminal(peer.address ?? "-"), MAX_CELL) },
    { title: columns.state, align: "left", cell: state },
    { title: columns.loss, align: "right", cell: (peer) => (peer.loss_pct === null ? "-" : lossText(peer.lost, peer.sent)) },
    { title: columns.rtt, align: "right", cell: (peer) => rtt(peer.rtt_ms.now) },
    { title: columns.worst, align: "right", cell: (peer) => rtt(peer.rtt_ms.worst) },
  ];
}

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
