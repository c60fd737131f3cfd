/** A host reading → its row. The facts are what changed and the few absolute figures that explain it, in the words of the report's JSON. */
import type { CaptureRow, Phase, Trigger } from "../../store/rows.ts";
import type { ClockQuality } from "./clock-quality.ts";
import type { HostDelta } from "./host-delta.ts";
import type { HostReading, HostTrigger } from "./host-watch.ts";
import { routeTo } from "./routes.ts";

export interface SnapshotRowOptions {
  readonly id: string;
  /** Null for healthy ones. */
  readonly incidentId: string | null;
  readonly peer: string;
  /** Address of the peer, and the one whose route chose the interface. */
  readonly target: string;
  readonly source: string | null;
}

const LABELS: Readonly<Record<HostTrigger, { readonly phase: Phase; readonly trigger: Trigger }>> = {
  healthy: { phase: "before", trigger: "baseline" },
  suspect: { phase: "during", trigger: "suspect" },
  burst: { phase: "during", trigger: "burst" },
  during: { phase: "during", trigger: "recapture" },
  end: { phase: "after", trigger: "after" },
};

export function snapshotRow(reading: HostReading, { id, incidentId, peer, target, source }: SnapshotRowOptions): CaptureRow {
  const { atMs } = reading.snapshot;
  return {
    id,
    incidentId,
    peer,
    kind: "snapshot",
    ...LABELS[reading.trigger],
    tool: "meshprobe host",
    status: "complete",
    reason: null,
    flow: null,
    source,
    target,
    reached: null,
    askedBy: null,
    startedMs: atMs,
    firstHopMs: null,
    finishedMs: atMs,
    facts: snapshotFacts(reading, target),
    hops: [],
  };
}

export function snapshotFacts(reading: HostReading, target: string | null = null): Readonly<Record<string, unknown>> {
  const { snapshot, sinceHealthy, sincePrevious } = reading;
  const known = sinceHealthy ?? sincePrevious;
  const route = routeTo(snapshot.routes, target);
  const name = known?.host.interface ?? route?.interface ?? null;
  const link = name === null ? undefined : snapshot.links.get(name);
  return {
    interface: name,
    gateway: known?.host.gateway ?? route?.gateway ?? null,
    // Where packets leave now: null once the route is gone, another one after a failover.
    routed_by: route?.interface ?? null,
    carrier: link?.carrier ?? null,
    carrier_changes_total: link?.carrierChanges ?? null,
    operstate: link?.operstate ?? null,
    speed_mbit: link?.speedMbit ?? null,
    mtu: link?.mtu ?? null,
    conntrack_count: snapshot.conntrackCount,
    conntrack_max: snapshot.conntrackMax,
    clock: clockFacts(snapshot.children?.clock ?? null),
    since_healthy: deltaFacts(sinceHealthy),
    since_previous: deltaFacts(sincePrevious),
    over_event: deltaFacts(reading.overEvent),
  };
}

function clockFacts(clock: ClockQuality | null): Readonly<Record<string, unknown>> | null {
  return clock === null ? null : { source: clock.source, offset_ms: clock.offsetMs, max_error_ms: clock.maxErrorMs };
}

function deltaFacts(delta: HostDelta | null): Readonly<Record<string, unknown>> | null {
  if (delta === null) return null;
  const { elapsedMs, host, agent, more } = delta;
  return {
    elapsed_ms: Math.round(elapsedMs),
    carrier_lost: host.carrierLost,
    carrier_changes: host.carrierChanges,
    nic_errors: host.nicErrors,
    nic_drops: host.nicDrops,
    rx_errors: more.rxErrors,
    rx_drops: more.rxDrops,
    tx_errors: more.txErrors,
    tx_drops: more.txDrops,
    softnet_drops: host.softnetDrops,
    softnet_squeezed: more.softnetSqueezed,
    queue_drops: host.queueDrops,
    raw_socket_drops: more.rawDrops,
    gateway_neighbour: host.gatewayNeighbour,
    conntrack_full: host.conntrackFull,
    tcp_retransmits: host.tcpRetransmits,
    tcp_timeouts: more.tcpTimeouts,
    tcp_lost_retransmits: more.tcpLostRetransmits,
    ip_out_discards: more.ipOutDiscards,
    ip_out_no_routes: more.ipOutNoRoutes,
    icmp_unreachable_in: more.icmpUnreachableIn,
    link_use: rounded(host.linkUse),
    cpu_pressure: rounded(agent.cpuPressure),
    steal: rounded(agent.steal),
    run_delay_ms: rounded(more.runDelayMs),
  };
}

/** Nobody reads more than four digits of a share. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1e4) / 1e4;
}
