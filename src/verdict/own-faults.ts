/**
 * Is it me? What the kernel refused to send it refuses to the canaries too, so that comes first; then the agent, then this host. A counter that moved proves that something happened here, not that it caused this loss: unless at least half of the
 * peers are bad, and as long as the gateway's canary, which shares our interface and its queue, came through clean, it is no more than a finding or `likely`.
 * Only the kernel's own refusal to send needs no such check.
 */
import { canaryState, lossy, type EventView } from "./event-view.ts";
import type { IncidentFacts } from "./facts.ts";
import { heardOf } from "./hearing.ts";
import type { Match, Rule } from "./rule.ts";

/** Of the event: above it, what was judged is not representative. */
const BLIND_SHARE = 0.3;
/** Of the event: above it there is nothing else to say. */
const MOSTLY_BLIND = 0.5;
/** Probes judged all the same speak for themselves, from this many on: a busy host judges few and those rightly. */
const ENOUGH_JUDGED = 8;
/** A canary on loopback may lose one packet to a full buffer. */
const LOOPBACK_LOST = 2;
const LOOPBACK_SHARE = 0.1;
/** Of the probes that should have been sent. */
const REFUSED_SHARE = 0.2;
/** Drops per lost probe from which a counter explains the loss, and from which it has to do with it. */
const EXPLAINS = 0.5;
const CONTRIBUTES = 0.1;

const REFUSALS: Readonly<Record<string, { readonly rule: string; readonly direction: Match["direction"] }>> = {
  ENETUNREACH: { rule: "send-interface-down", direction: "both" },
  ENETDOWN: { rule: "send-interface-down", direction: "both" },
  EPERM: { rule: "send-firewall", direction: "out" },
  ENOBUFS: { rule: "send-queue-full", direction: "out" },
};

export const ownFaults: readonly Rule[] = [sendRefused, loopbackLost, agentBlind, carrierLost, queueDropped, nicDropped, conntrackFull];

function loopbackLost({ facts: { loopback } }: EventView): Match | null {
  if (loopback === null || loopback.lost < LOOPBACK_LOST || loopback.lost < LOOPBACK_SHARE * loopback.sent) return null;
  return own("agent", { rule: "loopback-lost", certainty: "certain", counts: { loopbackSent: loopback.sent, loopbackLost: loopback.lost } });
}

function agentBlind({ facts, incidents, blind, sent }: EventView): Match | null {
  const { blindMs, eventMs } = facts.agent;
  const share = eventMs > 0 ? blindMs / eventMs : 0;
  const unjudged = ({ sent, blind }: IncidentFacts): boolean => blind > MOSTLY_BLIND * sent && sent - blind < ENOUGH_JUDGED;
  const blinded = incidents.filter(unjudged).length;
  const mostBlinded = blinded > MOSTLY_BLIND * incidents.length;
  if (share <= BLIND_SHARE && !mostBlinded) return null;
  const certainty = share > MOSTLY_BLIND ? "certain" : "likely";
  return own("agent", { rule: "agent-blind", certainty, counts: { blindMs, eventMs, blind, sent } });
}

function sendRefused({ facts, sent, sendFailed }: EventView): Match | null {
  const attempted = sent + sendFailed;
  if (sendFailed === 0 || sendFailed <= REFUSED_SHARE * attempted) return null;
  const { rule, direction } = REFUSALS[mainErrno(facts.host?.sendErrors) ?? ""] ?? { rule: "send-refused", direction: "out" };
  return own("local", { rule, certainty: "certain", direction, counts: { failed: sendFailed, attempted } });
}

/** The error code that most sends failed with. */
export function mainErrno(errors: Readonly<Record<string, number>> | undefined): string | null {
  return Object.entries(errors ?? {}).sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

function carrierLost({ facts: { host, gateway }, loss, wide }: EventView): Match | null {
  const carrierChanges = host?.carrierChanges ?? 0;
  if (host === null || (host.carrierLost !== true && carrierChanges === 0) || canaryState(gateway, loss) === "clean") return null;
  return own("local", { rule: "carrier-lost", certainty: wide ? "certain" : "likely", direction: "both", counts: { carrierChanges } });
}

/** A queue drops what we send: packets that the peers' requests lost on their way here are not its doing. */
function queueDropped({ facts: { host, gateway }, incidents, loss, lost, wide }: EventView): Match | null {
  const queueDrops = host?.queueDrops ?? 0;
  if (!wide || lost === 0 || queueDrops < CONTRIBUTES * lost || canaryState(gateway, loss) === "clean") return null;
  const inbound = heardOf(incidents).in;
  const elsewhere = inbound !== null && lossy(inbound, loss);
  const certainty = queueDrops >= EXPLAINS * lost && !elsewhere ? "certain" : "likely";
  return own("local", { rule: "queue-drops", certainty, direction: "out", counts: { queueDrops, lost } });
}

function nicDropped({ facts: { host, gateway }, loss, lost, wide }: EventView): Match | null {
  const nicDrops = (host?.nicDrops ?? 0) + (host?.nicErrors ?? 0);
  const softnetDrops = host?.softnetDrops ?? 0;
  const drops = nicDrops + softnetDrops;
  if (!wide || lost === 0 || drops < CONTRIBUTES * lost || canaryState(gateway, loss) === "clean") return null;
  return own("local", {
    rule: "interface-drops",
    certainty: drops >= EXPLAINS * lost ? "likely" : "possible",
    counts: { nicDrops, softnetDrops, lost },
  });
}

/** A full table refuses new flows only: with old ones lost it is no more than likely. */
function conntrackFull({ facts: { host }, wide, lost }: EventView): Match | null {
  if (!wide || lost === 0 || host?.conntrackFull !== true) return null;
  return own("local", { rule: "conntrack-full", certainty: "likely", counts: { lost } });
}

function own(
  scope: "agent" | "local",
  given: { readonly rule: string; readonly certainty: Match["certainty"]; readonly counts: Match["counts"]; readonly direction?: Match["direction"] },
): Match {
  return { direction: "unknown", ...given, scope, hop: null };
}
