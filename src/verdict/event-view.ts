/**
 * The sums that the rules share. Loss is of what was judged: blind probes are neither good nor lost. While a burst lasts its overdue probes count as lost: for a
 * whole hard timeout nothing else would, and the first verdict is wanted sooner. A peer counts once, with its worst incident.
 */
import type { CanaryFacts, Count, EventFacts, IncidentFacts } from "./facts.ts";

/** "Nearly all peers": what they have in common is close to us. */
const MOST = 0.9;
/** "Half of the peers": fewer cannot be bad by a fault of our own interface. */
const WIDE = 0.5;
/** Nothing gets through in time; the rest is what was answered before and after. */
const TOTAL = 0.9;
/** A direction or canary shares the loss from this part of it on; below, it is clean if chance does not explain so few. */
export const SHARE_OF_LOSS = 0.25;
/** One lost probe is nothing. */
const MIN_LOST = 2;
/** Fewer prove no cleanness. */
const MIN_CLEAN_SENT = 3;
/** Chance of seeing so little loss if it were the same loss: below it, the alibi holds. */
const ALIBI = 0.05;

export interface EventView {
  readonly facts: EventFacts;
  /** One per peer. */
  readonly incidents: readonly IncidentFacts[];
  readonly peers: number;
  readonly bad: number;
  readonly sent: number;
  /** With those overdue. */
  readonly lost: number;
  readonly overdue: number;
  readonly judged: number;
  readonly blind: number;
  readonly sendFailed: number;
  /** Of the judged, 0 to 1. */
  readonly loss: number;
  readonly brownout: boolean;
  readonly most: boolean;
  readonly wide: boolean;
  readonly total: boolean;
}

export function viewOf(facts: EventFacts): EventView {
  const worst = new Map<string, IncidentFacts>();
  for (const incident of facts.incidents) {
    const other = worst.get(incident.peer);
    if (other === undefined || unanswered(incident) > unanswered(other)) worst.set(incident.peer, incident);
  }
  const incidents = [...worst.values()];
  const bad = Math.max(incidents.length, facts.mesh.bad);
  const peers = Math.max(facts.mesh.peers, bad);
  const [sent, overdue, blind] = [sum(incidents, "sent"), sum(incidents, "pending"), sum(incidents, "blind")];
  const lost = sum(incidents, "lost") + overdue;
  // What a router held back while it asked for an address did not get through either.
  const held = sum(incidents, "slow") + sum(incidents, "late");
  const judged = Math.max(0, sent - blind);
  const loss = judged === 0 ? 0 : Math.min(1, lost / judged);
  return {
    facts,
    incidents,
    peers,
    bad,
    sent,
    lost,
    overdue,
    judged,
    blind,
    sendFailed: sum(incidents, "sendFailed"),
    loss,
    brownout: incidents.length > 0 && incidents.every((incident) => incident.brownout),
    most: bad > 0 && bad >= MOST * peers,
    wide: bad > 0 && bad >= WIDE * peers,
    total: lost > 0 && lost + held >= TOTAL * judged,
  };
}

function unanswered({ lost, pending }: IncidentFacts): number {
  return lost + pending;
}

function sum(incidents: readonly IncidentFacts[], field: "sent" | "lost" | "late" | "slow" | "pending" | "blind" | "sendFailed"): number {
  return incidents.reduce((total, incident) => total + incident[field], 0);
}

export function ratio({ sent, lost }: Count): number {
  return sent === 0 ? 0 : lost / sent;
}

/** It lost too much to have nothing to do with a loss of `loss`. */
export function lossy(count: Count, loss: number): boolean {
  return count.lost >= MIN_LOST && count.lost >= SHARE_OF_LOSS * loss * count.sent;
}

/** It lost little, and so little in so many that it cannot have had that loss. */
export function acquitted(count: Count, loss: number): boolean {
  if (count.sent < MIN_CLEAN_SENT || ratio(count) >= SHARE_OF_LOSS * loss || lossy(count, loss)) return false;
  return (1 - loss) ** count.sent < ALIBI;
}

export type CanaryState = "clean" | "bad" | "unknown";

/** A canary that is silent also while healthy says nothing, and slow replies lose nothing that it could show. */
export function canaryState(canary: CanaryFacts | null, loss: number): CanaryState {
  if (canary === null || !canary.answers || loss === 0) return "unknown";
  if (lossy(canary, loss)) return "bad";
  return acquitted(canary, loss) ? "clean" : "unknown";
}
