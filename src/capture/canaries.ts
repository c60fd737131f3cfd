/**
 * The canaries: loopback and the gateway of the peers, probed like peers to tell whether a loss is our own. Without a peer behind a gateway none is asked, so a
 * node that probes nothing but itself, or its neighbours on the link, sends nothing to anybody else.
 */
import type { WirePeer } from "../wire/messages.ts";

/** No node can be called so: no name starts with a space. */
export const LOOPBACK = " loopback";
export const GATEWAY = " gateway";
const LOOPBACK_ADDRESS = "127.0.0.1";
/** They are probed as often as the fastest peer, but no router is asked more often than this. */
const MIN_INTERVAL_MS = 100;

/** The wire's canaries for these peers; none without any. The limit of the configuration leaves ICMP ids for them. */
export function canariesFor(peers: readonly WirePeer[], gateway: string | null): WirePeer[] {
  if (peers.length === 0) return [];
  const intervalMs = Math.max(MIN_INTERVAL_MS, Math.min(...peers.map((peer) => peer.intervalMs)));
  const canary = (name: string, address: string | null): WirePeer => ({ name, canary: true, agentId: 0, address, intervalMs, everReplied: false });
  return [canary(LOOPBACK, LOOPBACK_ADDRESS), canary(GATEWAY, gateway)];
}
