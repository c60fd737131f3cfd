/** One line a peer: what was sent, what came of it, how fast. */
import { escapeForTerminal } from "./escape.ts";
import { fill } from "../verdict/words.ts";
import { count, lossText } from "./figures.ts";
import type { ListLabels } from "./list-labels.ts";
import { counted } from "./page/wording.ts";
import type { ReportPeer } from "./report.ts";
import { tableLines, type Column } from "./table.ts";

/** Above this many peers, those with nothing to say are only counted. */
const MAX_QUIET_PEERS = 40;

export function peersLines(peers: readonly ReportPeer[], { full, labels }: { readonly full: boolean; readonly labels: ListLabels }): string[] {
  const telling = peers.filter(hasNews);
  const shown = full || peers.length <= MAX_QUIET_PEERS ? peers : telling;
  const worstFirst = [...shown].sort((a, b) => share(b) - share(a) || (a.peer < b.peer ? -1 : 1));
  const lines = tableLines(worstFirst, full ? [...columns(labels), ...fullColumns(labels)] : columns(labels)).map((line) => `  ${line}`);
  const left = peers.length - shown.length;
  if (left > 0) lines.push(`  ${counted(left, labels.peers.quiet)}`);
  for (const peer of peers) {
    if (peer.first_reply_at === null && peer.received === 0 && peer.sent > 0)
      lines.push(`  ${fill(labels.peers.never, { peer: escapeForTerminal(peer.peer) })}`);
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

function columns({ peers: words }: ListLabels): Column<ReportPeer>[] {
  return [
    { title: words.peer, align: "left", cell: (peer) => escapeForTerminal(peer.peer) },
    { title: words.address, align: "left", cell: (peer) => escapeForTerminal(peer.address ?? "-") },
    right(words.sent, (peer) => count(peer.sent)),
    right(words.lost, (peer) => count(peer.lost)),
    right(words.loss, (peer) => lossText(peer.lost, peer.sent - peer.blind)),
    right(words.late, (peer) => count(peer.late)),
    right(words.blind, (peer) => count(peer.blind)),
    right(words.min, (peer) => ms(peer.rtt_ms.min)),
    right(words.p50, (peer) => ms(peer.rtt_ms.p50)),
    right(words.p99, (peer) => ms(peer.rtt_ms.p99)),
    right(words.max, (peer) => ms(peer.rtt_ms.max)),
    right(words.incidents, (peer) => count(peer.incidents)),
  ];
}

function fullColumns({ peers: words }: ListLabels): Column<ReportPeer>[] {
  return [
    right(words.p95, (peer) => ms(peer.rtt_ms.p95)),
    right(words.error, (peer) => ms(peer.rtt_ms.error_max)),
    right(words.doubtful, (peer) => count(peer.rtt_ms.doubtful)),
    right(words.duplicate, (peer) => count(peer.duplicate)),
    right(words.foreign, (peer) => count(peer.foreign)),
    right(words.notSent, (peer) => count(peer.send_failed)),
    right(words.skipped, (peer) => count(peer.skipped)),
  ];
}
