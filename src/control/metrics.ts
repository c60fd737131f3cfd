/** What the agent offers to a Prometheus: counters since its start, by peer where they are a peer's. Labels of a peer stand once, in `meshprobe_peer_info`. */
import { exposition, type Family, type Labels, type Sample } from "./exposition.ts";
import { BUCKETS_S, type Counter, type PeerFigures } from "./live-figures.ts";
import type { PeerState, Status } from "./status.ts";

export interface MetricsPeer {
  readonly name: string;
  readonly address: string;
  readonly labels: Labels;
  readonly inBurst: boolean;
  /** Null while nothing has been told of it. */
  readonly figures: PeerFigures | null;
}

export interface MetricsFacts {
  readonly version: string;
  readonly node: { readonly name: string; readonly id: string; readonly labels: Labels };
  readonly startedMs: number;
  /** Of both processes' agent half. */
  readonly process: { readonly cpuSeconds: number; readonly residentBytes: number };
  readonly peers: readonly MetricsPeer[];
  readonly states: Readonly<Record<PeerState, number>>;
  readonly incidents: { readonly opened: number; readonly open: number; readonly closed: Readonly<Record<"loss" | "brownout" | "local", number>> };
  readonly blind: { readonly count: number; readonly seconds: number };
  readonly disk: Status["disk"];
  readonly collector: Status["collector"];
  readonly sendErrors: Readonly<Record<string, number>>;
}

const PER_PEER: readonly (readonly [Counter, string, string])[] = [
  ["sent", "meshprobe_probe_sent_total", "Probes sent."],
  ["received", "meshprobe_probe_received_total", "Probes answered within the hard timeout."],
  ["lost", "meshprobe_probe_lost_total", "Probes not answered within the hard timeout."],
  ["late", "meshprobe_probe_late_total", "Probes answered after the hard timeout."],
  ["duplicate", "meshprobe_probe_duplicate_total", "Answers that came again."],
  ["foreign", "meshprobe_probe_foreign_total", "Answers that match none of our probes."],
  ["sendFailed", "meshprobe_probe_send_failed_total", "Probes that the kernel refused to send: a fault of this node, no loss."],
  ["skipped", "meshprobe_probe_skipped_total", "Probes that were due and not sent, because this node was too slow."],
  ["blind", "meshprobe_probe_blind_total", "Probes that could not be judged, because this node did not run or lost packets itself."],
  ["doubtful", "meshprobe_probe_doubtful_total", "Round-trip times left out, because this node was too busy to measure them."],
  ["heardExpected", "meshprobe_heard_expected_total", "Probes of the peer's own agent that its numbers tell of."],
  ["heardReceived", "meshprobe_heard_received_total", "Probes of the peer's own agent that arrived here."],
];

export function renderMetrics(facts: MetricsFacts): string {
  const { version, node, startedMs, process, peers, states, incidents, blind, disk, collector, sendErrors } = facts;
  const measured = peers.flatMap(({ name, figures }) => (figures === null ? [] : [{ labels: { peer: name }, figures }]));
  return exposition([
    gauge("meshprobe_build_info", "The program.", [{ labels: { version }, value: 1 }]),
    gauge("meshprobe_node_info", "This node.", [{ labels: { node: node.name, id: node.id, ...prefixed(node.labels) }, value: 1 }]),
    gauge("process_start_time_seconds", "When the agent started, seconds since 1970.", [{ value: startedMs / 1000 }]),
    counter("process_cpu_seconds_total", "Processor time of the agent, without the process that probes.", [{ value: process.cpuSeconds }]),
    gauge("process_resident_memory_bytes", "Memory of the agent, without the process that probes.", [{ value: process.residentBytes }]),
    gauge("meshprobe_peers", "Peers by state.", byKey(states, "state")),
    gauge(
      "meshprobe_peer_info",
      "A peer, with its labels.",
      peers.map(({ name, address, labels }) => ({ labels: { peer: name, address, ...prefixed(labels) }, value: 1 })),
    ),
    gauge(
      "meshprobe_peer_in_burst",
      "1 while packets to the peer are being lost.",
      peers.map(({ name, inBurst }) => ({ labels: { peer: name }, value: inBurst ? 1 : 0 })),
    ),
    ...PER_PEER.map(([key, name, help]) =>
      counter(
        name,
        help,
        measured.map(({ labels, figures }) => ({ labels, value: figures.totals[key] })),
      ),
    ),
    {
      name: "meshprobe_probe_rtt_seconds",
      help: "Round-trip times of the probes that were answered within the hard timeout.",
      type: "histogram",
      samples: measured.flatMap(({ labels, figures }) => histogram(labels, figures)),
    },
    counter("meshprobe_incidents_opened_total", "Incidents opened since the agent started.", [{ value: incidents.opened }]),
    counter("meshprobe_incidents_closed_total", "Incidents closed since the agent started, by kind.", byKey(incidents.closed, "kind")),
    gauge("meshprobe_incidents_open", "Incidents that are not closed.", [{ value: incidents.open }]),
    counter("meshprobe_blind_seconds_total", "Time about which this node can say nothing.", [{ value: blind.seconds }]),
    counter("meshprobe_blind_intervals_total", "Such times.", [{ value: blind.count }]),
    counter(
      "meshprobe_send_errors_total",
      "Probes and traces that the kernel refused to send, by errno, since the probing process started.",
      byKey(sendErrors, "errno"),
    ),
    gauge("meshprobe_disk_used_bytes", "What the evidence and the measurements take.", [{ value: disk.used_bytes }]),
    gauge("meshprobe_disk_limit_bytes", "store.max_bytes.", [{ value: disk.max_bytes }]),
    gauge("meshprobe_disk_free_bytes", "What their file system has left.", disk.free_bytes === null ? [] : [{ value: disk.free_bytes }]),
    ...(collector === null ? [] : collectorFamilies(collector)),
  ]);
}

function collectorFamilies({ lanes, refused, reachable, last_success_at: success }: NonNullable<Status["collector"]>): Family[] {
  const backlog = lanes.map(({ lane, records }): Sample => ({ labels: { lane: String(lane) }, value: records }));
  return [
    gauge("meshprobe_collector_backlog_records", "Records that wait to be delivered to the collector, by lane (0: heads of incidents).", backlog),
    gauge("meshprobe_collector_reachable", "1 when the collector answered the last time.", reachable === null ? [] : [{ value: reachable ? 1 : 0 }]),
    gauge(
      "meshprobe_collector_last_success_timestamp_seconds",
      "When the collector last acknowledged something, seconds since 1970.",
      success === null ? [] : [{ value: Date.parse(success) / 1000 }],
    ),
    gauge("meshprobe_collector_refused_records", "Records that the collector does not take; they are kept here.", [{ value: refused.count }]),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: "gauge", samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: "counter", samples };
}

function byKey(values: Readonly<Record<string, number>>, label: string): Sample[] {
  return Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value }));
}

/** A label of the configuration may be called like one of ours. */
function prefixed(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [`label_${name}`, value]));
}

/** Cumulative, as the format wants it. */
function histogram(labels: Labels, { buckets, rttSumS, rttCount }: PeerFigures): Sample[] {
  let sum = 0;
  const upTo = BUCKETS_S.map((le, index): Sample => {
    sum += buckets[index] as number;
    return { suffix: "_bucket", labels: { ...labels, le: String(le) }, value: sum };
  });
  return [
    ...upTo,
    { suffix: "_bucket", labels: { ...labels, le: "+Inf" }, value: rttCount },
    { suffix: "_sum", labels, value: rttSumS },
    { suffix: "_count", labels, value: rttCount },
  ];
}
