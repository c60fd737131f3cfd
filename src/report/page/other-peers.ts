/** How all other peers stood while the incident lasted: the comparison that tells one path from all of them. */
import type { ReportIncident, ReportPeer } from "../report.ts";
import type { OtherPeer, OtherPeers, TicketSource } from "./ticket.ts";

/** Good peers beyond this are counted and not listed. */
const MAX_GOOD = 24;
/** With more loss a peer is no witness of a healthy network. */
const GOOD_LOSS_PCT = 1;

export function otherPeers({ report, others }: TicketSource): OtherPeers {
  const ours = new Set(report.incidents.map(({ peer }) => peer));
  const all = others.peers
    .filter(({ peer }) => !ours.has(peer))
    .map((peer): OtherPeer => {
      const own = others.incidents.filter((incident) => incident.peer === peer.peer);
      const meanwhile = own.find((incident) => overlaps(incident, report.incidents)) ?? null;
      const elsewhere = own.filter((incident) => incident !== meanwhile && isWithin(incident, others));
      return {
        peer: peer.peer,
        address: peer.address,
        sent: peer.sent,
        lost: peer.lost,
        loss_pct: peer.loss_pct,
        p50_ms: peer.rtt_ms.p50,
        state: meanwhile === null ? stateOf(peer, elsewhere) : "bad",
        incident: meanwhile?.id ?? null,
        elsewhere: elsewhere[0]?.id ?? null,
      };
    });
  const telling = all.filter(({ state }) => state !== "good");
  const good = all.filter(({ state }) => state === "good");
  const listed = [...telling.sort(worstFirst), ...good.slice(0, MAX_GOOD)];
  return { since: others.since, until: others.until, period_ms: others.period_ms, peers: listed, more_good: Math.max(0, good.length - MAX_GOOD) };
}

function overlaps(other: ReportIncident, incidents: readonly ReportIncident[]): boolean {
  const before = (a: ReportIncident, b: ReportIncident): boolean => a.ended_at !== null && a.ended_at < b.started_at;
  return incidents.some((incident) => !before(other, incident) && !before(incident, other));
}

function isWithin(incident: ReportIncident, { since, until }: TicketSource["others"]): boolean {
  return incident.started_at < until && (incident.ended_at === null || incident.ended_at > since);
}

/** By what it lost outside of those incidents. One that answered nothing, and never has, is not known to be there. */
function stateOf(peer: ReportPeer, elsewhere: readonly ReportIncident[]): OtherPeer["state"] {
  if (peer.loss_pct === null || (peer.received === 0 && peer.first_reply_at === null)) return "unknown";
  const then = (of: (incident: ReportIncident) => number): number => elsewhere.reduce((total, incident) => total + of(incident), 0);
  const judged = peer.sent - peer.blind - then(({ sent }) => sent);
  const lost = Math.max(0, peer.lost - then((incident) => incident.lost));
  if (judged <= 0) return "unknown";
  return (100 * lost) / judged <= GOOD_LOSS_PCT ? "good" : "bad";
}

function worstFirst(a: OtherPeer, b: OtherPeer): number {
  return (b.loss_pct ?? -1) - (a.loss_pct ?? -1) || (a.peer < b.peer ? -1 : 1);
}
