/**
 * The report of a collector: `meshprobe.report/1` over all nodes. The contract is that of one node with `node` in each part; what stands at the top of a node's report
 * is null. `events` are what the nodes saw together: one for each fault, whose sides are the events of the nodes.
 */
import type { ClockDifference, ReceiptFacts } from "../page/ticket.ts";
import type { IsoTime, Report, ReportBlind, ReportEvent, ReportIncident, ReportPeer } from "../report.ts";

export interface FleetReport extends Omit<Report, "peers" | "blind" | "events" | "incidents"> {
  readonly nodes: readonly FleetNode[];
  readonly peers: readonly FleetPeer[];
  /** Sums of peers are made for one node or one peer; `peers` is empty because nobody asked. */
  readonly peers_omitted: boolean;
  readonly blind: readonly FleetBlind[];
  readonly events: readonly FleetEvent[];
  readonly incidents: readonly FleetIncident[];
}

export interface FleetNode {
  readonly node: string;
  readonly version: string | null;
  readonly address: string | null;
  readonly first_heard_at: IsoTime;
  readonly last_heard_at: IsoTime;
  /** Its clock against that of the collector. */
  readonly clock: ClockDifference | null;
  /** What it had not sent when it was heard last, by lane: 0 heads, 1 evidence, 2 rollups, 3 samples. */
  readonly backlog: readonly { readonly lane: number; readonly records: number; readonly oldest_at: IsoTime | null }[];
  readonly blind_since: IsoTime | null;
}

export type FleetPeer = ReportPeer & { readonly node: string };
export type FleetBlind = ReportBlind & { readonly node: string };
export type FleetIncident = ReportIncident & { readonly node: string; readonly receipt: ReceiptFacts };

/** `node` saw it first by the clock of the collector; `id`, `incidents` and `verdict` are those of that node. */
export interface FleetEvent extends ReportEvent {
  readonly node: string;
  /** Of all nodes, the first among them. */
  readonly sides: readonly FleetSide[];
}

export interface FleetSide {
  readonly node: string;
  readonly id: string;
  readonly incidents: readonly string[];
  /** Of its clock against that of the first side; null where it is not known. */
  readonly clock: ClockDifference | null;
}
