/** Facts of events as they are in a small world: node – r1 (gateway) – r2 – r3 – access routers – peers, all healthy until a test says otherwise. */
import type { CanaryFacts, Count, EventFacts, HearingFacts, HostFacts, IncidentFacts, MeshMember, SegmentFacts } from "../../../src/verdict/facts.ts";

export const GATEWAY = "10.20.1.1";
export const R2 = "10.20.12.2";
export const R3 = "10.20.23.2";
const STARTED_MS = Date.parse("2026-11-20T04:12:03.240Z");
const EVENT_MS = 8_900;

/** The access router of a peer, ten peers behind each. */
export function access(number: number): string {
  return `10.20.30.${Math.ceil(number / 10)}`;
}

export function pathTo(number: number): string[] {
  return [GATEWAY, R2, R3, access(number)];
}

export function member(number: number): MeshMember {
  return { peer: `p${number}`, address: `10.${100 + number}.0.2`, labels: { site: `s${Math.ceil(number / 10)}` }, path: pathTo(number) };
}

export const calmHost: HostFacts = {
  interface: "eth0",
  sendErrors: {},
  unreachableFromSelf: 0,
  carrierLost: false,
  carrierChanges: 0,
  nicErrors: 0,
  nicDrops: 0,
  softnetDrops: 0,
  queueDrops: 0,
  gatewayNeighbour: "reachable",
  conntrackFull: false,
  tcpRetransmits: 0,
  linkUse: 0.02,
};

export const nothingHeard: HearingFacts = { state: "none", authentic: false, in: null, out: null, saysBad: null };

export function heard(given: Partial<HearingFacts>): HearingFacts {
  return { state: "calibrated", authentic: true, in: null, out: null, saysBad: null, ...given };
}

export function count(lost: number, sent: number): Count {
  return { sent, lost };
}

export function canary(lost: number, sent: number, given: Partial<CanaryFacts> = {}): CanaryFacts {
  return { address: GATEWAY, answers: true, sent, lost, ...given };
}

/** A segment behind TTL `ttl` of the path to a peer. */
export function behind(ttl: number, number: number, given: Partial<SegmentFacts> = {}): SegmentFacts {
  const path = pathTo(number);
  const isLast = ttl === path.length;
  return {
    after: path[ttl - 1] ?? null,
    afterTtl: ttl,
    before: path[ttl] ?? member(number).address,
    beforeSilent: false,
    isLast,
    links: 1,
    near: ttl === 0 ? null : count(0, 12),
    far: count(12, 12),
    votes: 3,
    of: 3,
    refusals: 0,
    ...given,
  };
}

/** 89 probes, all lost unless `lost` is given. */
export function incident(number: number, given: Partial<IncidentFacts> = {}): IncidentFacts {
  const lost = given.lost ?? 89;
  return {
    ...member(number),
    id: `i${number}`,
    startedMs: STARTED_MS,
    endedMs: STARTED_MS + EVENT_MS,
    bursts: 1,
    brownout: false,
    sent: 89,
    lost,
    late: 0,
    slow: 0,
    pending: 0,
    sendFailed: 0,
    blind: 0,
    flows: [],
    hearing: nothingHeard,
    segment: null,
    pathChanged: null,
    replyTtlChanged: null,
    freshId: null,
    ...given,
  };
}

/** The others of `peers` peers are clean. */
export function event(incidents: readonly IncidentFacts[], given: Partial<EventFacts> & { readonly peers?: number } = {}): EventFacts {
  const { peers = 12, ...rest } = given;
  const bad = new Set(incidents.map(({ peer }) => peer));
  const addresses = new Set(incidents.map(({ address }) => address));
  const members = Array.from({ length: peers }, (_, index) => member(index + 1)).filter(({ address }) => !addresses.has(address));
  return {
    node: "sh-a1",
    startedMs: STARTED_MS,
    endedMs: STARTED_MS + EVENT_MS,
    mesh: { peers, bad: bad.size, members },
    loopback: canary(0, 89, { address: "127.0.0.1" }),
    gateway: canary(0, 89),
    host: calmHost,
    agent: { blindMs: 0, eventMs: EVENT_MS, cpuPressure: 0, steal: 0 },
    incidents,
    ...rest,
  };
}

/** All of `peers` peers, each as `make` says. */
export function everybody(peers: number, make: (number: number) => Partial<IncidentFacts>): IncidentFacts[] {
  return Array.from({ length: peers }, (_, index) => incident(index + 1, make(index + 1)));
}
