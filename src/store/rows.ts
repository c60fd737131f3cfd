/**
 * What the agent writes and the report reads, in domain words. Times are wall-clock milliseconds since the epoch (UTC); they only label rows.
 * SQL and column names stay in `migrations.ts`, `evidence.ts` and `metrics.ts`.
 */
import type { Hop } from "../path/hop.ts";
import type { EventFacts } from "../verdict/facts.ts";
import type { Verdict } from "../verdict/verdict.ts";

export type IncidentKind = "loss" | "brownout" | "local";
export type IncidentStatus = "open" | "cooling" | "closed" | "interrupted";
export type CaptureKind = "sweep" | "mtr" | "snapshot" | "samples";
export type Phase = "before" | "during" | "after";
export type Trigger = "baseline" | "suspect" | "burst" | "recapture" | "after" | "request" | "remote";
export type CaptureStatus = "running" | "complete" | "partial" | "failed" | "skipped";

export interface FlowCount {
  readonly flow: number;
  readonly sent: number;
  readonly lost: number;
}

export interface PacketCount {
  readonly sent: number;
  readonly lost: number;
}

export interface BurstRow {
  /** 1, 2, … within the incident. */
  readonly number: number;
  readonly startedMs: number;
  /** Send time of the first good probe after the last bad one; null while it lasts. */
  readonly endedMs: number | null;
  readonly sent: number;
  readonly lost: number;
  readonly late: number;
  readonly sendFailed: number;
  readonly blind: number;
  /** Longest run of consecutive lost probes. */
  readonly longestRun: number;
  readonly flows: readonly FlowCount[];
  /** Our probes whose way out is known, and the requests of the peer; absent where hearing says nothing. */
  readonly out?: PacketCount;
  readonly in?: PacketCount;
}

export interface IncidentRow {
  readonly id: string;
  readonly eventId: string;
  readonly continues: string | null;
  readonly peer: string;
  readonly address: string;
  readonly kind: IncidentKind | null;
  readonly status: IncidentStatus;
  readonly startedMs: number;
  readonly detectedMs: number;
  readonly endedMs: number | null;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly bursts: readonly BurstRow[];
  /** The baseline sweep that shows the path before, null when there was none. */
  readonly baselineCaptureId: string | null;
}

export interface CaptureRow {
  readonly id: string;
  /** Null for baselines, and for what only another node asked for. */
  readonly incidentId: string | null;
  readonly peer: string;
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
  readonly askedBy: string | null;
  readonly startedMs: number;
  readonly firstHopMs: number | null;
  readonly finishedMs: number | null;
  readonly facts: Readonly<Record<string, unknown>>;
  /** Sweeps store their hops; the hops of an mtr run are read from its lines. */
  readonly hops: readonly Hop[];
}

/** Lines of one mtr run that arrived within a quarter of a second: one chunk, one commit. */
export interface LineChunk {
  readonly captureId: string;
  readonly number: number;
  readonly lines: readonly { readonly atMs: number; readonly text: string }[];
}

/** A stretch of per-probe outcomes from the flight recorder. Rewritten while its probes may still change, by (incident, startSlot). */
export interface SampleBlock {
  readonly incidentId: string;
  /** Slot number of the first sample, counted by the wire since its boot; with `epoch` it orders blocks. */
  readonly startSlot: number;
  readonly epoch: number;
  readonly startedMs: number;
  readonly intervalMs: number;
  /** One little-endian uint32 a slot, see `src/detect/sample.ts`. */
  readonly samples: Uint8Array;
}

export interface BlindRow {
  readonly startedMs: number;
  readonly endedMs: number;
  /** stall | suspend | overflow | wire-restart | agent-restart | socket-error */
  readonly cause: string;
  readonly detail: string | null;
}

/**
 * What is counted of one peer in a while. sent = received + lost + late + blind; failures and skips were never sent. Probes count in the period that they were
 * due in; duplicates, foreign answers and requests of the peer in the one that they arrived in.
 */
export interface RollupCounts {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly late: number;
  readonly duplicate: number;
  readonly foreign: number;
  readonly sendFailed: number;
  readonly skipped: number;
  readonly blind: number;
  readonly doubtful: number;
  /** Requests of the peer: those that its numbers tell of, and those that arrived. One that is missing counts when a later one arrives. */
  readonly heardExpected: number;
  readonly heardReceived: number;
}

/** Ten seconds of one peer. Adding two rows of one period is exact. */
export interface RollupRow extends RollupCounts {
  readonly peer: string;
  /** Start of the period. */
  readonly atMs: number;
  /** Microseconds; min and max are 0 when nothing was received. */
  readonly rttMinUs: number;
  readonly rttMaxUs: number;
  readonly errorMaxUs: number;
  /** Encoded by `src/stats/histogram.ts`. */
  readonly histogram: Uint8Array;
}

export interface PeerRow {
  readonly name: string;
  readonly address: string;
  readonly intervalMs: number;
  readonly firstReplyMs: number | null;
  /** Newest boot epoch of the agent there whose requests were authentic, 0 for none. */
  readonly agentEpoch: number;
  /** Since when its agent sends nothing, though its host answers; null while it is heard, or has no agent. */
  readonly agentSilentMs: number | null;
  /** False once the peer is no longer in the configuration. */
  readonly active: boolean;
}

/** What reverse DNS called an address, from then until the next row of it. */
export interface HopNameRow {
  readonly address: string;
  readonly sinceMs: number;
  /** Null: it has none. */
  readonly name: string | null;
  /** When DNS said so last. */
  readonly askedMs: number;
  /** When a trace met it last, to the day. */
  readonly usedMs: number;
}

/** A verdict with the facts it rests on, which give it again anywhere. Versions of one event count from 1. */
export interface VerdictRow {
  readonly eventId: string;
  readonly version: number;
  readonly atMs: number;
  readonly verdict: Verdict;
  /** In English; made from the facts, as in any other language. */
  readonly sentence: string;
  readonly facts: EventFacts;
}

/** What the store says of the node in every report. */
export interface NodeRow {
  readonly name: string;
  readonly id: string;
  readonly address: string | null;
  readonly version: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** E.g. "interval of 40 peers stretched from 100 ms to 200 ms (probe.max_rate 2000/s)". */
  readonly notes: readonly string[];
}
