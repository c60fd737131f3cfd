/**
 * The report as other programs read it: `meshprobe.report/1`. Keys and meanings are the contract. Times are ISO 8601 UTC with milliseconds, what is
 * not known is null, readers ignore keys and words they do not know. The text report is made from this and nothing else.
 */
import type { CaptureKind, CaptureStatus, FlowCount, IncidentKind, IncidentStatus, Phase, Trigger } from "../store/rows.ts";

import type { Certainty, Direction, Scope } from "../verdict/verdict.ts";

export const REPORT_SCHEMA = "meshprobe.report/1";

/** E.g. "2026-11-20T04:12:03.120Z". */
export type IsoTime = string;

export interface Report {
  readonly schema: typeof REPORT_SCHEMA;
  readonly generated_at: IsoTime;
  readonly since: IsoTime;
  readonly until: IsoTime;
  readonly node: ReportNode;
  /** The newest rollup in the whole store: when the agent last wrote. */
  readonly last_data_at: IsoTime | null;
  readonly peers: readonly ReportPeer[];
  readonly blind: readonly ReportBlind[];
  readonly events: readonly ReportEvent[];
  readonly incidents: readonly ReportIncident[];
  /** Traces made here because another node asked. */
  readonly remote_captures: readonly ReportCapture[];
  /** Traces made here because a person asked (`meshprobe trace`) while no incident was open to which they belong. */
  readonly requested_captures: readonly ReportCapture[];
  /** What had to be deleted for `store.max_bytes` or its age and lies in the range. */
  readonly evicted: readonly ReportEviction[];
  /** Files that could not be read: what they hold is missing here, not zero. */
  readonly problems: readonly string[];
}

export interface ReportNode {
  readonly name: string | null;
  readonly id: string | null;
  readonly address: string | null;
  readonly version: string | null;
  readonly interval_ms: number | null;
  readonly timeout_ms: number | null;
  readonly clock: { readonly source: string | null; readonly offset_ms: number | null; readonly max_error_ms: number | null };
  /** What a reader must know of the set-up, e.g. a stretched interval. */
  readonly notes: readonly string[];
}

export interface ReportPeer {
  readonly peer: string;
  readonly address: string | null;
  /** sent = received + lost + late + blind; what could not be sent, or was not, is counted beside it. */
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly late: number;
  readonly duplicate: number;
  readonly foreign: number;
  readonly send_failed: number;
  readonly skipped: number;
  readonly blind: number;
  readonly loss_pct: number | null;
  readonly rtt_ms: {
    readonly min: number | null;
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
    readonly max: number | null;
    readonly error_max: number | null;
    readonly doubtful: number;
  };
  readonly first_reply_at: IsoTime | null;
  readonly policed_at: IsoTime | null;
  readonly heard: { readonly expected: number | null; readonly received: number | null };
  /** Since when its agent sends nothing, though its host answers. Null while it is heard, and of a peer without an agent. */
  readonly agent_silent_since: IsoTime | null;
  readonly incidents: number;
}

export interface ReportBlind {
  readonly started_at: IsoTime;
  readonly ended_at: IsoTime;
  readonly cause: string;
  readonly detail: string | null;
}

export interface ReportEvent {
  readonly id: string;
  readonly started_at: IsoTime;
  readonly ended_at: IsoTime | null;
  readonly incidents: readonly string[];
  /** Null while the event was not judged yet. */
  readonly verdict: ReportVerdict | null;
}

/** What failed, in which direction, behind which hop, and how sure. That of an event and of its incidents is one. */
export interface ReportVerdict {
  readonly scope: Scope;
  readonly direction: Direction;
  readonly hop: { readonly after: string | null; readonly before: string | null } | null;
  readonly certainty: Certainty;
  readonly at: IsoTime;
  readonly version: number;
  /** What it rests on. */
  readonly counts: Readonly<Record<string, number>>;
  readonly sentence: string;
  /** Name of the rule that matched. */
  readonly rule: string;
  /** Whole sentences beside it: a changed path, one flow of four, TCP that retransmitted too. */
  readonly findings: readonly string[];
}

export interface ReportBurst {
  readonly started_at: IsoTime;
  readonly ended_at: IsoTime | null;
  readonly sent: number;
  readonly lost: number;
  readonly late: number;
  readonly send_failed: number;
  readonly blind: number;
  readonly longest_run: number;
}

export interface ReportIncident {
  readonly id: string;
  readonly event_id: string;
  readonly continues: string | null;
  readonly peer: string;
  readonly address: string;
  readonly kind: IncidentKind | null;
  readonly status: IncidentStatus;
  readonly started_at: IsoTime;
  readonly detected_at: IsoTime;
  readonly ended_at: IsoTime | null;
  /** What was in force then. */
  readonly interval_ms: number;
  readonly timeout_ms: number;
  /** Sums over the bursts. `lost` does not hold the probes that were answered late. */
  readonly sent: number;
  readonly lost: number;
  readonly late: number;
  readonly loss_pct: number | null;
  readonly out: { readonly sent: number | null; readonly lost: number | null };
  readonly in: { readonly sent: number | null; readonly lost: number | null };
  readonly flows: readonly FlowCount[];
  readonly bursts: readonly ReportBurst[];
  /** One character a probe: . good, o late or slow, x lost, - blind, ! send failure, space not sent or not judged. Null when not asked for or no longer stored. */
  readonly strip: string | null;
  readonly strip_started_at: IsoTime | null;
  /** Null while the event was not judged yet. */
  readonly verdict: ReportVerdict | null;
  readonly captures: readonly ReportCapture[];
}

export interface ReportCapture {
  readonly id: string;
  readonly kind: CaptureKind;
  readonly phase: Phase;
  readonly trigger: Trigger;
  readonly tool: string;
  readonly status: CaptureStatus;
  readonly reason: string | null;
  readonly flow: number | null;
  readonly source: string | null;
  readonly target: string;
  readonly reached: boolean | null;
  readonly asked_by: string | null;
  readonly started_at: IsoTime;
  readonly first_hop_at: IsoTime | null;
  readonly finished_at: IsoTime | null;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly hops: readonly ReportHop[];
  /** The hops of a running trace count what was sent before this: later packets would dilute the fault. Null when all of it counts. */
  readonly hops_until: IsoTime | null;
}

export interface ReportHop {
  readonly ttl: number;
  readonly address: string | null;
  /** What reverse DNS called the address then, or first called it later; null for none, and while not known. Whoever has the reverse zone wrote it. */
  readonly name: string | null;
  readonly addresses: readonly string[];
  readonly sent: number;
  readonly received: number;
  readonly loss_pct: number | null;
  /** `last` and `stdev` where many answers were summed up; else they follow from `rtts_us`. */
  readonly rtt_ms: {
    readonly best: number;
    readonly avg: number;
    readonly worst: number;
    readonly last?: number;
    readonly stdev?: number;
  } | null;
  readonly mpls: readonly string[];
  /** As stored; the formats add what a loss means (`phase-tables.ts`). */
  readonly note: string | null;
  /** Of every answer, µs, as they came; only in the page of one incident, and absent where single round trips were not kept. */
  readonly rtts_us?: readonly number[];
}

export interface ReportEviction {
  readonly what: string;
  readonly reason: string;
  readonly from: IsoTime;
  readonly to: IsoTime;
  readonly rows: number;
}
