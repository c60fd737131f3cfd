/**
 * The canaries: loopback and the default gateway, probed like peers to tell whether a loss is our own. The gateway is asked only when a peer may be behind it,
 * so a node that probes nothing but itself sends nothing to anybody.
 */
import { MAX_PEERS } from "../config/peers.ts";
import { addressBytes } from "../packet/address.ts";
import type { WirePeer } from "../wire/messages.ts";
import { routeTo, type Route } from "./host/routes.ts";

/** No node can be called so: no name starts with a space. */
export const LOOPBACK = " loopback";
export const GATEWAY = " gateway";
const LOOPBACK_ADDRESS = "127.0.0.1";
/** They are probed as often as the fastest peer, but no router is asked more often than this. */
const MIN_INTERVAL_MS = 100;

/** The wire's canaries for these peers; none without any, or with so many that no ICMP ids are left. */
export function canariesFor(peers: readonly WirePeer[], gateway: string | null): WirePeer[] {
  if (peers.length === 0 || peers.length > MAX_PEERS - 2) return [];
  const intervalMs = Math.max(MIN_INTERVAL_MS, Math.min(...peers.map((peer) => peer.intervalMs)));
  const canary = (name: string, address: string | null): WirePeer => ({ name, canary: true, agentId: 0, address, intervalMs, everReplied: false });
  return [canary(LOOPBACK, LOOPBACK_ADDRESS), canary(GATEWAY, gateway)];
}

/** The gateway of the default route; null without one, or while all peers are this machine itself. */
export function gatewayFor(addresses: readonly (string | null)[], routes: readonly Route[] | null): string | null {
  if (addresses.every((address) => address === null || isLoopback(address))) return null;
  const route = routeTo(routes, null);
  if (route === null || route.gateway === null) return null;
  return route.gateway.startsWith("fe80:") ? `${route.gateway}%${route.interface}` : route.gateway;
}

function isLoopback(address: string): boolean {
  const bytes = addressBytes(address);
  if (bytes === null) return false;
  return bytes.length === 4 ? bytes[0] === 127 : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
}
