/** What the host says of itself at one moment. Counters run since boot; only their growth between two snapshots means something. */
import type { ClockQuality } from "./clock-quality.ts";
import type { LinkState } from "./link-state.ts";
import type { ProcessorTicks, Softnet } from "./kernel-counters.ts";
import type { Neighbour } from "./neighbours.ts";
import type { LinkCounters } from "./net-dev.ts";
import type { Route } from "./routes.ts";

/** What only other programs can tell. */
export interface HostChildren {
  /** When they answered, monotonic. */
  readonly monotonicMs: number;
  /** By interface; null when tc is missing or failed. */
  readonly queueDrops: ReadonlyMap<string, number> | null;
  /** Null when ip is missing or failed. */
  readonly neighbours: readonly Neighbour[] | null;
  /** Null when nobody is known to keep the wall clock. */
  readonly clock: ClockQuality | null;
}

/** What the agent itself may have sent again. */
export interface OwnTcp {
  /** Only grows. */
  readonly suspect: number;
  readonly underWay: boolean;
}

export interface HostSnapshot {
  /** Wall clock, ms since the epoch: a label. */
  readonly atMs: number;
  readonly monotonicMs: number;
  readonly routes: readonly Route[] | null;
  /** IPv4. */
  readonly neighbours: readonly Neighbour[] | null;
  /** All interfaces of this network namespace. */
  readonly counters: ReadonlyMap<string, LinkCounters> | null;
  /** The interfaces that routes leave by, or left by lately. */
  readonly links: ReadonlyMap<string, LinkState>;
  readonly ip: Readonly<Record<"OutDiscards" | "OutNoRoutes", number | null>>;
  readonly icmp: Readonly<Record<"InDestUnreachs", number | null>>;
  readonly tcp: Readonly<Record<"RetransSegs", number | null>>;
  /** Requests of the agent itself, which are part of the counters of TCP. */
  readonly own: OwnTcp;
  readonly tcpExt: Readonly<Record<"TCPTimeouts" | "TCPLostRetransmit", number | null>>;
  readonly softnet: Softnet | null;
  readonly rawDrops: number | null;
  readonly conntrackCount: number | null;
  readonly conntrackMax: number | null;
  readonly pressureUs: number | null;
  readonly ticks: ProcessorTicks | null;
  readonly runDelayNs: number | null;
  /** The last answer there was, which may be older than this snapshot. */
  readonly children: HostChildren | null;
}
