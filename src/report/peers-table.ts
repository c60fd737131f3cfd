/** One line a peer: what was sent, what came of it, how fast. */
import { escapeForTerminal } from "./escape.ts";
import { count, lossText, plural } from "./figures.ts";
import type { ReportPeer } from "./report.ts";
import { tableLines, type Column } from "./table.ts";

/** Above this many peers, those with nothing to say are only counted. */
const MAX_QUIET_PEERS = 40;

export function peersLines(peers: readonly ReportPeer[], full: boolean): string[] {
  const telling = peers.filter(hasNews);
  const shown = full || peers.length <= MAX_QUIET_PEERS ? peers : telling;
  const worstFirst = [...shown].sort((a, b) => share(b) - share(a) || (a.peer < b.peer ? -1 : 1));
  const lines = tableLines(worstFirst, full ? [...COLUMNS, ...FULL_COLUMNS] : COLUMNS).map((line) => `  ${line}`);
  const left = peers.length - shown.length;
  if (left > 0) lines.push(`  and ${plural(left, "peer")} without loss, late replies or incidents (--full shows them)`);
  for (const peer of peers) {
    if (peer.first_reply_at === null && peer.received === 0 && peer.sent > 0) lines.push(`  ${escapeForTerminal(peer.peer)} has never answered`);
  }
  return lines;
}

function share(peer: ReportPeer): number {
  return peer.sent > peer.blind ? peer.lost / (peer.sent - peer.blind) : -1;
}

function hasNews(peer: ReportPeer): boolean {
  return peer.lost + peer.late + peer.blind + peer.send_failed + peer.incidents > 0 || peer.received === 0;
}

function ms(value: number | null): string {
  return value === null ? "-" : value < 100 ? value.toFixed(1) : value.toFixed(0);
}

function right(title: string, cell: (peer: ReportPeer) => string): Column<ReportPeer> {
  return { title, align: "right", cell };
}

const COLUMNS: readonly Column<ReportPeer>[] = [
  { title: "peer", align: "left", cell: (peer) => escapeForTerminal(peer.peer) },
  { title: "address", align: "left", cell: (peer) => escapeForTerminal(peer.address ?? "-") },
  right("sent", (peer) => count(peer.sent)),
  right("lost", (peer) => count(peer.lost)),
  right("loss", (peer) => lossText(peer.lost, peer.sent - peer.blind)),
  right("late", (peer) => count(peer.late)),
  right("blind", (peer) => count(peer.blind)),
  right("min", (peer) => ms(peer.rtt_ms.min)),
  right("p50", (peer) => ms(peer.rtt_ms.p50)),
  right("p99", (peer) => ms(peer.rtt_ms.p99)),
  right("max ms", (peer) => ms(peer.rtt_ms.max)),
  right("incidents", (peer) => count(peer.incidents)),
];

const FULL_COLUMNS: readonly Column<ReportPeer>[] = [
  right("p95", (peer) => ms(peer.rtt_ms.p95)),
  right("error", (peer) => ms(peer.rtt_ms.error_max)),
  right("doubtful", (peer) => count(peer.rtt_ms.doubtful)),
  right("duplicate", (peer) => count(peer.duplicate)),
  right("foreign", (peer) => count(peer.foreign)),
  right("not sent", (peer) => count(peer.send_failed)),
  right("skipped", (peer) => count(peer.skipped)),
];
