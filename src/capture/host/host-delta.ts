/**
 * What changed on this host between two snapshots, in the terms of a verdict. Pure. What either snapshot does not know is null, and so is a carrier or a gateway
 * that was missing in both: it is no finding of the time between them, and no alibi either.
 */
import type { AgentFacts, HostFacts } from "../../verdict/facts.ts";
import { grew, sum } from "./counter.ts";
import type { HostSnapshot } from "./host-snapshot.ts";
import type { LinkCounters } from "./net-dev.ts";
import { routeTo, type Route } from "./routes.ts";

export interface HostDelta {
  readonly elapsedMs: number;
  /** All of the host's part that the wire does not know better. */
  readonly host: Omit<HostFacts, "sendErrors" | "unreachableFromSelf">;
  readonly agent: Pick<AgentFacts, "cpuPressure" | "steal">;
  /** No rule of a verdict, but what an engineer looks at next. */
  readonly more: HostDetails;
}

export interface HostDetails {
  readonly rxErrors: number | null;
  readonly rxDrops: number | null;
  readonly txErrors: number | null;
  readonly txDrops: number | null;
  readonly softnetSqueezed: number | null;
  readonly rawDrops: number | null;
  readonly ipOutDiscards: number | null;
  readonly ipOutNoRoutes: number | null;
  readonly icmpUnreachableIn: number | null;
  readonly tcpTimeouts: number | null;
  readonly tcpLostRetransmits: number | null;
  /** Time the agent waited for a processor, ms. */
  readonly runDelayMs: number | null;
}

/** At the limit the kernel throws entries out and refuses packets by turns, so that the count is seldom exactly there. */
const CONNTRACK_FULL = 0.99;
/** Some drivers update their byte counters once a second; over less than that, a share of the link's speed may be anything. */
const MIN_RATE_WINDOW_MS = 1_000;
/** What `ip neigh` said longer ago does not tell of this snapshot. */
const NEIGHBOUR_FRESH_MS = 2_000;
const BITS_PER_MBIT = 1_000_000;

/** `target` chooses the interface by the route to it; without one it is that of the default route. The route *before* counts: with its interface it is gone. */
export function hostDelta(before: HostSnapshot, after: HostSnapshot, target: string | null = null): HostDelta {
  const elapsedMs = after.monotonicMs - before.monotonicMs;
  const route = routeTo(before.routes, target) ?? routeTo(after.routes, target);
  const name = route?.interface ?? null;
  const [was, is] = [before, after].map((snapshot) => (name === null ? undefined : snapshot.counters?.get(name)));
  const carrierChanges = name === null ? null : grew(before.links.get(name)?.carrierChanges, after.links.get(name)?.carrierChanges);
  const [rxErrors, rxDrops] = [grew(was?.rxErrors, is?.rxErrors), grew(was?.rxDrops, is?.rxDrops)];
  const [txErrors, txDrops] = [grew(was?.txErrors, is?.txErrors), grew(was?.txDrops, is?.txDrops)];
  const runDelayNs = grew(before.runDelayNs, after.runDelayNs);
  return {
    elapsedMs,
    host: {
      interface: name,
      gateway: route?.gateway ?? null,
      carrierLost: name === null ? null : carrierLost(name, before, after, carrierChanges),
      carrierChanges,
      nicErrors: sum([rxErrors, txErrors]),
      nicDrops: sum([rxDrops, txDrops]),
      softnetDrops: grew(before.softnet?.dropped, after.softnet?.dropped),
      queueDrops: name === null ? null : queueDrops(name, before, after),
      gatewayNeighbour: neighbourChange(gatewayNeighbour(route, before), gatewayNeighbour(route, after)),
      conntrackFull: isConntrackFull(after),
      tcpRetransmits: isOwnTcp(before, after) ? null : grew(before.tcp.RetransSegs, after.tcp.RetransSegs),
      linkUse: linkUse({ was, is, speedMbit: name === null ? null : (after.links.get(name)?.speedMbit ?? null), elapsedMs }),
    },
    agent: {
      cpuPressure: share(grew(before.pressureUs, after.pressureUs), elapsedMs * 1_000),
      steal: share(grew(before.ticks?.steal, after.ticks?.steal), grew(before.ticks?.total, after.ticks?.total)),
    },
    more: {
      rxErrors,
      rxDrops,
      txErrors,
      txDrops,
      softnetSqueezed: grew(before.softnet?.squeezed, after.softnet?.squeezed),
      rawDrops: grew(before.rawDrops, after.rawDrops),
      ipOutDiscards: grew(before.ip.OutDiscards, after.ip.OutDiscards),
      ipOutNoRoutes: grew(before.ip.OutNoRoutes, after.ip.OutNoRoutes),
      icmpUnreachableIn: grew(before.icmp.InDestUnreachs, after.icmp.InDestUnreachs),
      tcpTimeouts: grew(before.tcpExt.TCPTimeouts, after.tcpExt.TCPTimeouts),
      tcpLostRetransmits: grew(before.tcpExt.TCPLostRetransmit, after.tcpExt.TCPLostRetransmit),
      runDelayMs: runDelayNs === null ? null : runDelayNs / 1e6,
    },
  };
}

/** Whether what TCP sent again may be the agent's own deliveries: then it says nothing about anybody else's. */
function isOwnTcp({ own: was }: HostSnapshot, { own: is }: HostSnapshot): boolean {
  return was.underWay || is.underWay || is.suspect > was.suspect;
}

function carrierLost(name: string, before: HostSnapshot, after: HostSnapshot, changes: number | null): boolean | null {
  if (before.counters?.has(name) === true && after.counters?.has(name) === false) return true;
  if (changes !== null && changes > 0) return true;
  const [had, has] = [before, after].map((snapshot) => hasCarrier(snapshot, name));
  return has == null ? null : has ? false : had === false ? null : true;
}

function hasCarrier(snapshot: HostSnapshot, name: string): boolean | null {
  const link = snapshot.links.get(name);
  // The kernel tells the carrier only of an interface that is up.
  return link?.carrier === null && link.operstate === "down" ? false : (link?.carrier ?? null);
}

/** Null when tc was not asked in between. A queue that was put in meanwhile counts from zero. */
function queueDrops(name: string, before: HostSnapshot, after: HostSnapshot): number | null {
  if (before.children === null || before.children === after.children) return null;
  return grew(before.children.queueDrops?.get(name), after.children?.queueDrops?.get(name));
}

function neighbourChange(had: HostFacts["gatewayNeighbour"], has: HostFacts["gatewayNeighbour"]): HostFacts["gatewayNeighbour"] {
  return had === "failed" && has === "failed" ? null : has;
}

function gatewayNeighbour(route: Route | null, { neighbours, children, monotonicMs }: HostSnapshot): HostFacts["gatewayNeighbour"] {
  if (route === null || route.gateway === null) return null;
  const ofRoute = (list: typeof neighbours): HostFacts["gatewayNeighbour"] | undefined =>
    list?.find((neighbour) => neighbour.address === route.gateway && neighbour.interface === route.interface)?.state;
  const inFile = ofRoute(neighbours);
  const isFresh = children !== null && Math.abs(monotonicMs - children.monotonicMs) <= NEIGHBOUR_FRESH_MS;
  const told = isFresh ? ofRoute(children.neighbours) : undefined;
  return inFile === "failed" ? "failed" : ((told === undefined ? inFile : told) ?? null);
}

function isConntrackFull({ conntrackCount, conntrackMax }: HostSnapshot): boolean | null {
  if (conntrackCount === null || conntrackMax === null || conntrackMax === 0) return null;
  return conntrackCount >= conntrackMax * CONNTRACK_FULL;
}

interface Traffic {
  readonly was: LinkCounters | undefined;
  readonly is: LinkCounters | undefined;
  readonly speedMbit: number | null;
  readonly elapsedMs: number;
}

/** The busier direction. */
function linkUse({ was, is, speedMbit, elapsedMs }: Traffic): number | null {
  const [rx, tx] = [grew(was?.rxBytes, is?.rxBytes), grew(was?.txBytes, is?.txBytes)];
  if (rx === null || tx === null || speedMbit === null || elapsedMs < MIN_RATE_WINDOW_MS) return null;
  return share(Math.max(rx, tx) * 8, speedMbit * BITS_PER_MBIT * (elapsedMs / 1_000));
}

function share(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole <= 0 ? null : Math.min(1, part / whole);
}
