/**
 * Faults that take (nearly) all peers at once: the gateway, our uplink, or something further out that all of them are behind.
 *
 * The line between `uplink` and `shared` is drawn by where the traces ended. Behind the gateway or behind the first router of the provider, TTL 2, it is our
 * uplink: nobody else's traffic needs to be affected, and the ticket goes to our own provider. Further out others share the fault: `shared`, with its hop.
 * Without traces "all peers" means the uplink only if their baselines part no later than there.
 *
 * The gateway is fine when its canary came through, or when it answered traces. One that does neither leaves no more than `possible`.
 */
import { commonDirection } from "./common-direction.ts";
import { commonEnd, commonTtl, endCounts, endsApart, gatewayAnswersTraces, hopOf } from "./common-end.ts";
import { canaryState, type EventView } from "./event-view.ts";
import type { Match, Rule } from "./rule.ts";
import type { Certainty } from "./verdict.ts";

/** The gateway and the first router of the provider. */
const UPLINK_TTL = 2;
/** Fewer peers being bad at once is a poor witness. */
const MANY_PEERS = 5;
/** With traces that agree. */
const SOME_PEERS = 3;
/** One ICMP error may be a neighbour that was just looked up again. */
const MIN_UNREACHABLE = 2;

export const nearFaults: readonly Rule[] = [peerNeighbourFailed, gatewayNeighbourFailed, gatewayUnreachable, gatewayLost];
export const allPeersFaults: readonly Rule[] = [allPeersLost];

/** Peers on our own link have no gateway: then the neighbour that does not answer ARP is the peer. */
function peerNeighbourFailed({ facts: { host }, incidents }: EventView): Match | null {
  const unreachable = host?.unreachableFromSelf ?? 0;
  if (unreachable < MIN_UNREACHABLE || host?.gatewayNeighbour === "failed") return null;
  if (incidents.length === 0 || !incidents.every(({ path }) => path?.length === 0)) return null;
  return { scope: "peer", direction: "unknown", hop: null, certainty: "likely", rule: "peer-neighbour-failed", counts: { unreachable } };
}

function gatewayNeighbourFailed(view: EventView): Match | null {
  const { host, gateway } = view.facts;
  if (host?.gatewayNeighbour !== "failed" || canaryState(gateway, view.loss) === "clean") return null;
  return gatewayMatch(view, { rule: "gateway-neighbour-failed", certainty: view.wide ? "certain" : "likely" });
}

/** The kernel tells itself that it cannot deliver: with the carrier fine, the next hop does not answer ARP. */
function gatewayUnreachable(view: EventView): Match | null {
  const { host, gateway } = view.facts;
  // Where no gateway is on the way none is to blame.
  if (gateway === null && host?.gateway === null) return null;
  if (host === null || host.unreachableFromSelf < MIN_UNREACHABLE || canaryState(gateway, view.loss) === "clean") return null;
  const proven = view.wide && host.carrierLost === false && host.gatewayNeighbour !== "reachable";
  return gatewayMatch(view, { rule: "gateway-unreachable", certainty: proven ? "certain" : "likely" });
}

/** A gateway that forwards while it leaves our echo unanswered is not the fault. */
function gatewayLost(view: EventView): Match | null {
  if (!view.most || canaryState(view.facts.gateway, view.loss) !== "bad") return null;
  if (view.total && gatewayAnswersTraces(view)) return null;
  return gatewayMatch(view, { rule: "gateway-lost", certainty: "likely" });
}

function gatewayMatch({ facts: { gateway, host }, peers, bad }: EventView, given: { readonly rule: string; readonly certainty: Certainty }): Match {
  const canary = gateway === null ? {} : { gatewaySent: gateway.sent, gatewayLost: gateway.lost };
  const counts = { peers, bad, ...canary, unreachable: host?.unreachableFromSelf ?? 0 };
  const before = gateway?.address ?? host?.gateway ?? null;
  return { scope: "gateway", direction: "unknown", hop: before === null ? null : { after: null, before }, ...given, counts };
}

function allPeersLost(view: EventView): Match | null {
  const { peers, bad, incidents, facts } = view;
  if (!view.most || bad < 2 || (view.lost === 0 && !view.brownout) || endsApart(view)) return null;
  const end = commonEnd(incidents);
  const far = end !== null && end.afterTtl > UPLINK_TTL;
  return {
    scope: far ? "shared" : "uplink",
    direction: commonDirection(view),
    hop: hopOf(end),
    certainty: allPeersCertainty(view),
    rule: far ? "all-peers-far" : "all-peers-near",
    counts: {
      peers,
      bad,
      ...(facts.gateway === null ? {} : { gatewaySent: facts.gateway.sent, gatewayLost: facts.gateway.lost }),
      ...endCounts(end),
    },
  };
}

function allPeersCertainty(view: EventView): Certainty {
  const { peers, incidents } = view;
  const end = commonEnd(incidents);
  const gatewayFine = canaryState(view.facts.gateway, view.loss) === "clean" || gatewayAnswersTraces(view);
  if (!gatewayFine) return "possible";
  if (end !== null) return peers >= MANY_PEERS || (peers >= SOME_PEERS && end.agreeing >= 2) ? "likely" : "possible";
  const baselines = incidents.filter(({ path }) => path !== null).length;
  return peers >= MANY_PEERS && baselines >= 2 && commonTtl(incidents) <= UPLINK_TTL ? "likely" : "possible";
}
