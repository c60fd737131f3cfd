/**
 * What the agent and the wire say to each other over IPC (structured clone). Everything is a statement of state that may be repeated, so a message that
 * comes twice or after a restart does no harm. Times that label rows are wall milliseconds; intervals were measured on the monotonic clock.
 */
import type { RollupRow } from "../store/rows.ts";
import type { BurstCount } from "../detect/burst-count.ts";
import type { SweepHop } from "../path/hop.ts";

export interface WirePeer {
  readonly name: string;
  /** IP literal, with zone where link-local; null while its name has not been resolved yet. */
  readonly address: string | null;
  readonly intervalMs: number;
  /** Answered some time before (from the store): its silence is an incident from the start. */
  readonly everReplied: boolean;
}

export interface WireSettings {
  readonly agentId: number;
  readonly epoch: number;
  readonly timeoutMs: number;
  readonly dscp: number;
  readonly window: number;
  readonly lost: number;
  readonly clear: number;
  readonly baselineMs: number;
  /** Flight recorder slices reach this far before and after a burst. */
  readonly recordMs: number;
  readonly peers: readonly WirePeer[];
}

export type SweepTrigger = "baseline" | "suspect" | "burst" | "recapture" | "after" | "request";

export interface SweepReport {
  readonly id: number;
  readonly peer: string;
  readonly target: string;
  readonly trigger: SweepTrigger;
  readonly flow: number;
  readonly startedMs: number;
  readonly firstHopMs: number | null;
  /** Null while answers may still come. */
  readonly finishedMs: number | null;
  /** Why nothing was sent, null when it was. */
  readonly skipped: string | null;
  readonly hops: readonly SweepHop[];
}

export interface BurstReport {
  readonly peer: string;
  readonly address: string;
  /** Counted by the wire since its boot, per peer. */
  readonly number: number;
  readonly rule: "window" | "cusum";
  readonly startedMs: number;
  readonly detectedMs: number;
  readonly endedMs: number | null;
  readonly count: BurstCount;
  /** No outcome inside it can change any more. */
  readonly final: boolean;
  /** It was cut at the length limit of an incident and goes on in the next. */
  readonly cut: boolean;
}

export interface SampleBlockReport {
  readonly startSlot: number;
  readonly startedMs: number;
  readonly samples: Uint8Array;
}

export type BlindCause = "stall" | "suspend" | "overflow" | "socket-error";

export interface FirstReply {
  readonly peer: string;
  readonly address: string;
  readonly atMs: number;
}

export type WireMessage =
  | { readonly kind: "ready"; readonly receiveBuffer: number; readonly wantedBuffer: number; readonly families: readonly number[] }
  | { readonly kind: "failed"; readonly reason: string; readonly exitCode: 2 | 3 }
  | {
      readonly kind: "alive";
      readonly atMs: number;
      readonly foreign: number;
      readonly sendErrors: Readonly<Record<string, number>>;
      readonly dropped: number;
    }
  | { readonly kind: "rollups"; readonly rows: readonly RollupRow[] }
  /** Peers that answered for the first time. */
  | { readonly kind: "first-reply"; readonly replies: readonly FirstReply[] }
  | { readonly kind: "never-answered"; readonly peer: string; readonly sinceMs: number }
  | { readonly kind: "burst"; readonly burst: BurstReport }
  | { readonly kind: "sweep"; readonly sweep: SweepReport }
  | {
      readonly kind: "samples";
      readonly peer: string;
      readonly intervalMs: number;
      readonly blocks: readonly SampleBlockReport[];
      readonly last: boolean;
    }
  | { readonly kind: "blind"; readonly startedMs: number; readonly endedMs: number; readonly cause: BlindCause; readonly detail: string | null }
  | { readonly kind: "clock-step"; readonly atMs: number; readonly stepMs: number };

export type AgentCommand =
  | { readonly kind: "start"; readonly settings: WireSettings }
  | { readonly kind: "address"; readonly peer: string; readonly address: string }
  | { readonly kind: "sweep"; readonly peer: string; readonly trigger: SweepTrigger }
  /** Ends the burst of a peer that has lasted as long as an incident may; it opens again at once. */
  | { readonly kind: "cut"; readonly peer: string }
  /** A running mtr asks the hops towards a peer, from this TTL on, once a second: no sweep may add to that. `pid` is killed if the agent dies. */
  | { readonly kind: "mtr"; readonly pid: number; readonly peer: string; readonly firstTtl: number }
  | { readonly kind: "mtr-ended"; readonly pid: number }
  | { readonly kind: "stop" };
