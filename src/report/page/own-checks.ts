/**
 * The question that every desk asks first: is it your own side? Each thing of ours that can lose packets is named, with what was measured of it. What was not
 * measured is named too: an acquittal that is silent about what nobody looked at is worth nothing.
 */
import type { CanaryFacts, EventFacts } from "../../verdict/facts.ts";
import type { OtherPeers, OwnCheck, OwnCheckName } from "./ticket.ts";

/** Fewer answers of a canary say little. */
const MIN_CANARY_PROBES = 5;
/** Above it a link is busy enough to drop by itself. */
const BUSY_LINK = 0.9;
/** Of the event. */
const BLIND_SHARE = 0.1;
const STOLEN_SHARE = 0.1;

export function ownChecks(facts: EventFacts | null, others: OtherPeers): OwnCheck[] {
  const host = facts?.host ?? null;
  return [
    canary("loopback", facts?.loopback ?? null),
    canary("gateway", facts?.gateway ?? null),
    neighbour(host?.gatewayNeighbour ?? null),
    carrier(host?.carrierLost ?? null, host?.carrierChanges ?? null),
    counted("nic", { errors: host?.nicErrors ?? null, drops: host?.nicDrops ?? null }),
    counted("receive_queue", { drops: host?.softnetDrops ?? null }),
    counted("send_queue", { drops: host?.queueDrops ?? null }),
    sendErrors(host?.sendErrors ?? null),
    counted("own_unreachables", { count: host?.unreachableFromSelf ?? null }),
    flag("conntrack", host?.conntrackFull ?? null),
    share("link_use", host?.linkUse ?? null, BUSY_LINK),
    blind(facts),
    processor(facts),
    otherPeers(others),
    tcp(host?.tcpRetransmits ?? null),
    unmeasured("tcp_probe"),
    unmeasured("cabling"),
  ];
}

function unmeasured(name: OwnCheckName): OwnCheck {
  return { name, state: "unmeasured", values: {} };
}

function check(name: OwnCheckName, isClean: boolean, values: OwnCheck["values"]): OwnCheck {
  return { name, state: isClean ? "clean" : "suspect", values };
}

/** One that never answers, as gateways may, says nothing by its silence. */
function canary(name: "loopback" | "gateway", facts: CanaryFacts | null): OwnCheck {
  if (facts === null || !facts.answers || facts.sent < MIN_CANARY_PROBES) return unmeasured(name);
  return check(name, facts.lost === 0, { address: facts.address, sent: facts.sent, lost: facts.lost });
}

function neighbour(state: "reachable" | "failed" | null): OwnCheck {
  return state === null ? unmeasured("gateway_neighbour") : check("gateway_neighbour", state === "reachable", {});
}

function carrier(lost: boolean | null, changes: number | null): OwnCheck {
  if (lost === null && changes === null) return unmeasured("carrier");
  return check("carrier", lost !== true && (changes ?? 0) === 0, { changes: changes ?? 0 });
}

/** Clean only when each of them was counted. */
function counted(name: OwnCheckName, counts: Readonly<Record<string, number | null>>): OwnCheck {
  const known = Object.entries(counts).flatMap(([key, value]) => (value === null ? [] : [[key, value] as const]));
  const moved = known.some(([, value]) => value > 0);
  if (known.length === 0 || (!moved && known.length < Object.keys(counts).length)) return unmeasured(name);
  return check(name, !moved, Object.fromEntries(known));
}

function sendErrors(errors: Readonly<Record<string, number>> | null): OwnCheck {
  if (errors === null) return unmeasured("send_errors");
  const total = Object.values(errors).reduce((sum, count) => sum + count, 0);
  return check("send_errors", total === 0, { count: total, codes: Object.keys(errors).sort().join(", ") });
}

function flag(name: OwnCheckName, isBad: boolean | null): OwnCheck {
  return isBad === null ? unmeasured(name) : check(name, !isBad, {});
}

function share(name: OwnCheckName, value: number | null, limit: number): OwnCheck {
  return value === null ? unmeasured(name) : check(name, value < limit, { percent: tenths(value * 100) });
}

function blind(facts: EventFacts | null): OwnCheck {
  if (facts === null || facts.agent.eventMs <= 0) return unmeasured("agent_blind");
  const { blindMs, eventMs } = facts.agent;
  return check("agent_blind", blindMs < BLIND_SHARE * eventMs, { blind_ms: Math.round(blindMs), event_ms: Math.round(eventMs) });
}

/** Waiting for a processor delays answers and loses none: the agent's blind time tells whether it mattered. What the hypervisor takes does. */
function processor(facts: EventFacts | null): OwnCheck {
  const { cpuPressure = null, steal = null } = facts?.agent ?? {};
  if (cpuPressure === null && steal === null) return unmeasured("cpu");
  const values = { pressure: tenths((cpuPressure ?? 0) * 100), steal: tenths((steal ?? 0) * 100) };
  return steal !== null && steal >= STOLEN_SHARE ? { name: "cpu", state: "suspect", values } : { name: "cpu", state: "info", values };
}

/** From the same interface at the same time: where some were good, that much of ours works. Where none was, that is no proof of anything. */
function otherPeers({ peers, more_good: more }: OtherPeers): OwnCheck {
  const known = peers.filter(({ state }) => state !== "unknown");
  const good = known.filter(({ state }) => state === "good").length + more;
  const total = known.length + more;
  if (total === 0) return unmeasured("other_peers");
  return { name: "other_peers", state: good > 0 ? "clean" : "info", values: { good, total } };
}

/** Retransmissions of real traffic do not acquit; they show that it was not only ICMP. */
function tcp(retransmits: number | null): OwnCheck {
  return retransmits === null ? unmeasured("tcp") : { name: "tcp", state: "info", values: { count: retransmits } };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
