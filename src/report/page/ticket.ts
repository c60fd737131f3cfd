/**
 * The page for a ticket as typed data: what the report says of one incident or event, and what a carrier's desk asks beside it. `report INCIDENT --format json` is
 * the report with this under `ticket`; every other format is made from the same two and nothing else. No words of a language and no markup in it.
 */
import type { EventFacts } from "../../verdict/facts.ts";
import type { Phase } from "../../store/rows.ts";
import type { IsoTime, Report, ReportCapture, ReportIncident, ReportPeer } from "../report.ts";
import type { HopRow } from "./mtr-table.ts";

/** What the store has for a page. */
export interface TicketSource {
  readonly kind: "incident" | "event";
  readonly id: string;
  /** The incidents of the ticket alone, with every round trip of their traces. */
  readonly report: Report;
  /** All peers over the periods that hold the incident, and what else was bad then. */
  readonly others: {
    readonly since: IsoTime;
    readonly until: IsoTime;
    /** The sums are of whole periods of this length. */
    readonly period_ms: number;
    readonly peers: readonly ReportPeer[];
    readonly incidents: readonly ReportIncident[];
  };
  /** What the newest verdict rests on; null while there is none. */
  readonly facts: EventFacts | null;
  readonly evidence: Evidence;
  /** Whether nothing will be added to it. */
  readonly isFinal: boolean;
  /** Of its incidents and of those of the other side, at a collector; absent on the node itself. */
  readonly receipts?: readonly Receipt[];
}

/** Over the stored rows, see `src/store/evidence-lines.ts`. */
export interface Evidence {
  readonly format: string;
  readonly sha256: string;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * What a collector can say of the evidence of one incident. `unsealed`: the node has told no sum yet. `partial`: rows have not arrived. `complete`: those that are here
 * give the sum that came first. `differs`: as many are here as the node had, and they give another one.
 */
export interface Receipt extends ReceiptFacts {
  readonly node: string;
  readonly state: "unsealed" | "partial" | "complete" | "differs";
  /** That the node counted, and how many of them are not here. */
  readonly rows: number;
  readonly missing: number;
}

/** When the sum over the evidence of an incident came to a collector. */
export interface ReceiptFacts {
  readonly incident: string;
  /** The one that came first; null while none has. */
  readonly sha256: string | null;
  /** By the clock of the collector, and that of the node against it then. */
  readonly received_at: IsoTime | null;
  readonly clock: ClockDifference | null;
  /** The node has sent another sum later. */
  readonly changed: { readonly sha256: string; readonly at: IsoTime } | null;
}

/** That clock plus `offset_ms` is the one that it is held against, as it was measured: of a node the collector's (sync/wire.ts), of another node ours. */
export interface ClockDifference {
  readonly offset_ms: number;
  readonly error_ms: number;
}

/** What another node has of the same time, by its export or at a collector. */
export interface FarEnd {
  readonly node: { readonly name: string | null; readonly address: string | null; readonly version: string | null };
  readonly incidents: readonly ReportIncident[];
  readonly remote_captures: readonly ReportCapture[];
  /** From a collector. `clock` of that node against ours: its times are on ours already; null where it is not known. */
  readonly collected?: { readonly clock: ClockDifference | null };
}

export interface Ticket {
  readonly kind: "incident" | "event";
  readonly id: string;
  readonly started_at: IsoTime;
  /** Null while one of its incidents lasts. */
  readonly ended_at: IsoTime | null;
  readonly clock: ClockQuality;
  /** This node first, then the peers. */
  readonly ends: readonly End[];
  readonly incidents: readonly TicketIncident[];
  readonly others: OtherPeers;
  readonly own: readonly OwnCheck[];
  readonly evidence: Evidence;
  /** False while samples and traces are still added: the sum will be another one. */
  readonly final: boolean;
  /** None on the node itself. */
  readonly receipts: readonly Receipt[];
}

export interface ClockQuality {
  readonly source: string | null;
  readonly offset_ms: number | null;
  readonly max_error_ms: number | null;
}

/** Null is what this node does not know of an end. */
export interface End {
  readonly role: "here" | "there";
  readonly name: string | null;
  readonly address: string | null;
  readonly interface: string | null;
  readonly gateway: string | null;
  readonly speed_mbit: number | null;
  readonly mtu: number | null;
  readonly version: string | null;
}

export interface TicketIncident {
  readonly id: string;
  readonly tables: readonly PhaseRows[];
  readonly paths: PathComparison;
  readonly reverse: Reverse;
}

/** One table in mtr's layout. */
export interface PhaseRows {
  readonly phase: Phase;
  readonly sweeps: number;
  readonly mtr_runs: number;
  readonly started_at: IsoTime | null;
  readonly ended_at: IsoTime | null;
  readonly hops: readonly HopRow[];
}

export interface PathComparison {
  /** Between before and after, or before and during where there is no trace after; null where one of them is missing. */
  readonly changed: boolean | null;
  readonly lines: readonly PathLine[];
}

/** Who answered with a TTL, by phase. `silent`: asked and nothing came. Null: not asked, or the path had ended. */
export interface PathLine {
  readonly ttl: number;
  readonly before: string | null;
  readonly during: string | null;
  readonly after: string | null;
  readonly differs: boolean;
}

/**
 * The way back. `held`: the peer was asked and keeps it. `unasked`: without authentic requests nobody was asked; an incident of its own may hold one. `none`: it
 * runs no agent. `merged`: what it has is on this page.
 */
export interface Reverse {
  readonly peer: string;
  readonly state: "held" | "unasked" | "none" | "merged";
  /** What to ask there for, as `export` takes it. */
  readonly since: IsoTime;
  readonly until: IsoTime;
  readonly node: string | null;
  readonly version: string | null;
  /** Where that came from; null where there is none. */
  readonly via: "export" | "collector" | null;
  /** Of that node against ours; the times below are on ours. Null where it is not known. */
  readonly clock: ClockDifference | null;
  readonly incidents: readonly ReverseIncident[];
  /** Of its incidents with us. */
  readonly tables: readonly PhaseRows[];
  /** What it traced only because we asked. */
  readonly asked: PhaseRows | null;
}

export interface ReverseIncident {
  readonly id: string;
  readonly started_at: IsoTime;
  readonly ended_at: IsoTime | null;
  readonly sent: number;
  readonly lost: number;
  readonly loss_pct: number | null;
  readonly sentence: string | null;
}

export interface OtherPeers {
  readonly since: IsoTime;
  readonly until: IsoTime;
  readonly period_ms: number;
  readonly peers: readonly OtherPeer[];
  /** Good ones beyond those that are listed. */
  readonly more_good: number;
}

export interface OtherPeer {
  readonly peer: string;
  readonly address: string | null;
  readonly sent: number;
  readonly lost: number;
  readonly loss_pct: number | null;
  readonly p50_ms: number | null;
  readonly state: "good" | "bad" | "unknown";
  /** Overlapping in time. */
  readonly incident: string | null;
  /** One that lies in the same period but at another time: what it lost then is in the sums, and does not count against it. */
  readonly elsewhere: string | null;
}

/** Whether something of ours was to blame: measured and clean, measured and not, or not measured. `info` is neither. */
export interface OwnCheck {
  readonly name: OwnCheckName;
  readonly state: "clean" | "suspect" | "unmeasured" | "info";
  /** The figures behind it, by name; empty when not measured. */
  readonly values: Readonly<Record<string, string | number>>;
}

export type OwnCheckName =
  | "loopback"
  | "gateway"
  | "gateway_neighbour"
  | "carrier"
  | "nic"
  | "receive_queue"
  | "send_queue"
  | "send_errors"
  | "own_unreachables"
  | "conntrack"
  | "link_use"
  | "agent_blind"
  | "cpu"
  | "other_peers"
  | "tcp"
  | "tcp_probe"
  | "cabling";
