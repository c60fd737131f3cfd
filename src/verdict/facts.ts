/**
 * What a verdict rests on: everything known of one event, as plain values that are stored with it. The same facts give the same sentence on any machine.
 * What could not be observed is null, which is not zero.
 */

export interface Count {
  readonly sent: number;
  readonly lost: number;
}

/** A target of our own, probed like a peer and never an incident: is it me? */
export interface CanaryFacts extends Count {
  readonly address: string;
  /** It answered while healthy; a gateway that never does says nothing by its silence. */
  readonly answers: boolean;
}

/** How peers stood when most of them were bad, among those probed and not blind. */
export interface MeshFacts {
  readonly peers: number;
  readonly bad: number;
  /** Those that stood well: what they have in common with the bad ones is not to be blamed. */
  readonly members: readonly MeshMember[];
}

export interface MeshMember {
  readonly peer: string;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Routers of the baseline path, in order, silent ones as null; null without a baseline. */
  readonly path: readonly (string | null)[] | null;
}

/** Deltas of this host's own counters over the event. */
export interface HostFacts {
  /** Interface that the default route (or the route to the peer) uses. */
  readonly interface: string | null;
  /** On the way to the first peer of the event, null for one on our own link; absent in facts that were stored before it was known. */
  readonly gateway?: string | null;
  /** Sends that the kernel refused, by errno name. */
  readonly sendErrors: Readonly<Record<string, number>>;
  /** ICMP destination unreachable from one of our own addresses. */
  readonly unreachableFromSelf: number;
  /** The carrier was missing in a snapshot, or its change counter moved. */
  readonly carrierLost: boolean | null;
  readonly carrierChanges: number | null;
  readonly nicErrors: number | null;
  readonly nicDrops: number | null;
  readonly softnetDrops: number | null;
  /** Packets dropped by the queue of the interface (tc). */
  readonly queueDrops: number | null;
  readonly gatewayNeighbour: "reachable" | "failed" | null;
  readonly conntrackFull: boolean | null;
  /** Segments that real TCP connections sent again during the event. */
  readonly tcpRetransmits: number | null;
  /** Largest share of the link's speed that this host sent or received, 0 to 1. */
  readonly linkUse: number | null;
}

/** What the agent itself missed meanwhile. */
export interface AgentFacts {
  /** Blind time inside the event, ms. */
  readonly blindMs: number;
  readonly eventMs: number;
  /** Share of the event in which tasks of this host waited for a processor (PSI "some"), 0 to 1. */
  readonly cpuPressure: number | null;
  /** Share of processor time that the hypervisor took away, 0 to 1. */
  readonly steal: number | null;
}

/**
 * What hearing the peer's own requests tells. `off`: they never arrive here, also while healthy (a security group). `none`: it has no agent, or an older one.
 */
export interface HearingFacts {
  readonly state: "calibrated" | "off" | "none";
  /** Requests carried a valid tag of the mesh key. */
  readonly authentic: boolean;
  /** Its requests during the bursts: `sent` by its numbers, `lost` never arrived here. */
  readonly in: Count | null;
  /** Our probes during the bursts of which its bitmap tells: `lost` it did not hear. */
  readonly out: Count | null;
  /**
   * Its requests said that it has an incident with us too. False only when enough of them arrived for it to have noticed: then its own probes were answered, so
   * packets of ours do reach it. Null when not known.
   */
  readonly saysBad: boolean | null;
}

/** Where the traces of the bursts show the fault, in terms of the path before. */
export interface SegmentFacts {
  /** The last hop that answered as while healthy, null when not even the first did. */
  readonly after: string | null;
  readonly afterTtl: number;
  /** The one behind the fault on the baseline path; null when unknown or silent. */
  readonly before: string | null;
  /** It is silent also while healthy, or no baseline knows it. */
  readonly beforeSilent: boolean;
  /** It is the peer itself: the segment is, or may be, the last one, and not to be blamed. */
  readonly isLast: boolean;
  /** 1: the link is known. 2: it is one of the two between `after` and `before`. */
  readonly links: 1 | 2;
  /** Trace packets to `after` (null where there is none) and to the first hop behind the fault that answers while healthy, or to the peer. */
  readonly near: Count | null;
  readonly far: Count;
  /** Sweeps and mtr cycles whose answers go missing there, of those that missed any. */
  readonly votes: number;
  readonly of: number;
  /** Of these, the sweeps in which a router reported the peer unreachable. */
  readonly refusals: number;
}

export interface IncidentFacts extends Count {
  readonly id: string;
  readonly peer: string;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly startedMs: number;
  /** Null while it lasts. */
  readonly endedMs: number | null;
  /** What is counted below is of these; good times between them are not in it. */
  readonly bursts: number;
  /** Nothing was lost for good: replies were slow. */
  readonly brownout: boolean;
  readonly late: number;
  /** Answered, but after the soft timeout. */
  readonly slow: number;
  /** Of a burst that lasts: overdue, and not lost yet. Those that were answered in time are none of these. */
  readonly pending: number;
  readonly sendFailed: number;
  readonly blind: number;
  /** By flow, in order. */
  readonly flows: readonly Count[];
  readonly hearing: HearingFacts;
  readonly segment: SegmentFacts | null;
  /** Routers of the baseline path, in order, silent ones as null; null without a baseline. */
  readonly path: readonly (string | null)[] | null;
  /** The path that was seen during or after, where it differs. */
  readonly pathChanged: { readonly before: readonly (string | null)[]; readonly now: readonly (string | null)[] } | null;
  /** TTL with which its replies arrive, where it changed (IPv4). */
  readonly replyTtlChanged: { readonly before: number; readonly now: number } | null;
  /** Probes with a fresh ICMP id after ten seconds of total loss: `lost` of them were not answered. */
  readonly freshId: Count | null;
}

export interface EventFacts {
  readonly node: string;
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly mesh: MeshFacts;
  readonly loopback: CanaryFacts | null;
  /** Null when no peer of the event is behind it. */
  readonly gateway: CanaryFacts | null;
  readonly host: HostFacts | null;
  readonly agent: AgentFacts;
  readonly incidents: readonly IncidentFacts[];
}
