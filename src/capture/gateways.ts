/**
 * Which gateway the peers are behind, from the routing table: the next hop that most of them share. Not simply that of the default route, for peers may be
 * reached over a tunnel or a line of their own, and a mesh of IPv6 has nothing to do with the gateway of IPv4. Peers on our own link have none.
 *
 * The table is that of the last time any peer had a gateway: when an interface goes down its routes go too, and that is when it is asked which they were.
 * What the files do not show is not known here: other routing tables and rules, the other ways of a multipath route. Blackholes are passed over as if they were
 * not there.
 */
import { isLinkLocal, isLoopback } from "../packet/address.ts";
import { routeTo, type Route } from "./host/routes.ts";

/** Peers that are asked for; their routes need a walk through the table each, and more would hardly vote otherwise. */
const MAX_VOTES = 256;

export class Gateways {
  #routes: readonly Route[] | null = null;

  /** The gateway that most of these addresses are behind now (the first such, when two have as many); null when none is behind any. */
  choose(addresses: readonly (string | null)[], routes: readonly Route[] | null): string | null {
    const gateway = commonGateway(addresses, routes);
    if (gateway !== null) this.#routes = routes;
    return gateway;
  }

  /** The gateway on the way to an address; null where it is on our own link, is ourselves, or has no route. */
  of(address: string): string | null {
    return gatewayOf(address, this.#routes);
  }
}

function commonGateway(addresses: readonly (string | null)[], routes: readonly Route[] | null): string | null {
  const votes = new Map<string, number>();
  for (const address of addresses.filter((known) => known !== null && known !== "").slice(0, MAX_VOTES)) {
    const gateway = address === null ? null : gatewayOf(address, routes);
    if (gateway !== null) votes.set(gateway, (votes.get(gateway) ?? 0) + 1);
  }
  const most = Math.max(0, ...votes.values());
  return [...votes].find(([, count]) => count === most)?.[0] ?? null;
}

/** With its zone where it is link-local, as most gateways of IPv6 are. */
function gatewayOf(address: string, routes: readonly Route[] | null): string | null {
  // The files have no routes to ourselves, and the default route is not the way there.
  if (isLoopback(address) || address.includes("%")) return null;
  const route = routeTo(routes, address);
  if (route === null || route.gateway === null) return null;
  return isLinkLocal(route.gateway) ? `${route.gateway}%${route.interface}` : route.gateway;
}
