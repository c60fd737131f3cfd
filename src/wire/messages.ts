/**
 * What the agent and the wire say to each other over IPC (structured clone). Everything is a statement of state that may be repeated, so a message that
 * comes twice or after a restart does no harm. Times that label rows are wall milliseconds; intervals were measured on the monotonic clock.
 */
import type { RollupRow } from "../store/rows.ts";
import type { BurstState } from "../detect/incident.ts";
import type { SweepHop } from "../path/hop.ts";

export interface WirePeer {
  readonly name: string;
  /** A target of our own that tells whether it is us. */
  readonly canary: boolean;
  readonly agentId: number;
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
  /** Mesh keys, hexadecimal; the first signs. Empty without a key file. */
  readonly meshKeys: readonly string[];
  /** Newest boot epochs seen of peers whose requests were authentic: [agent id, epoch]. */
  readonly peerEpochs: readonly (readonly [number, number])[];
  readonly peers: readonly WirePeer[];
}

export type SweepTrigger = "baseline" | "suspect" | "burst" | "recapture" | "after" | "request" | "remote";

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
  /** Of a trace after a burst: the how manieth sweep of how many. */
  readonly cycle?: { readonly number: number; readonly of: number };
  readonly hops: readonly SweepHop[];
}

/** The whole of one burst as it is now. */
export interface BurstReport extends Omit<BurstState, "key"> {
  readonly peer: string;
  readonly address: string;
  /** Counted by the wire since its boot, per peer. */
  readonly number: number;
  readonly rule: "window" | "cusum";
}

export interface SampleBlockReport {
  readonly startSlot: number;
  readonly startedMs: number;
  readonly samples: Uint8Array;
}

/** Probes of a canary in the last second: `bad` were lost or overdue. What the kernel refused to send is among the send errors. */
export interface CanaryStanding {
  readonly name: string;
  readonly address: string;
  /** It has answered some time. */
  readonly answers: boolean;
  readonly sent: number;
  readonly bad: number;
  /** Wall ms at which the first of them and the last were sent; equal when there are none. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** The monotonic clock of a peer's boot minus ours, and how wrong that may be. */
export interface PeerClock {
  readonly peer: string;
  readonly epoch: number;
  readonly offsetUs: number;
  readonly errorUs: number;
}

/** Requests that were refused, since the wire's boot, and the peer of which the last of them said to come. */
export interface Refusals {
  readonly count: number;
  readonly peer: string | null;
}

/** By reason: a tag made without our mesh key, or the boot of a peer that is over. Those of strangers are not among them. */
export interface RefusedRequests {
  readonly wrongTag: Refusals;
  readonly oldBoot: Refusals;
}

export type BlindCause = "stall" | "suspend" | "overflow" | "socket-error";

export interface FirstReply {
  readonly peer: string;
  readonly address: string;
  readonly atMs: number;
}

export type WireMessage =
  | { readonly kind: "ready"; readonly receiveBuffer: number; readonly wantedBuffer: number }
  | { readonly kind: "failed"; readonly reason: string; readonly exitCode: 2 | 3 }
  | {
      readonly kind: "alive";
      readonly atMs: number;
      readonly foreign: number;
      readonly sendErrors: Readonly<Record<string, number>>;
      readonly dropped: number;
      readonly refused: RefusedRequests;
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
  /** While something is wrong, once a second: peers that are in a burst or well, those in a burst, and counters since this wire's boot. */
  | {
      readonly kind: "standing";
      readonly atMs: number;
      readonly peers: readonly string[];
      readonly bad: readonly string[];
      readonly canaries: readonly CanaryStanding[];
      readonly sendErrors: Readonly<Record<string, number>>;
      /** ICMP unreachable that quoted probes to peers and canaries that were bad, by source address. */
      readonly unreachable: Readonly<Record<string, number>>;
    }
  /** At most once a second: some peers with a probe that has turned overdue since the last word of it. Whoever loads the link wants to know. */
  | { readonly kind: "overdue"; readonly peers: readonly string[] }
  /** Replies of a peer arrive with another TTL than before: its way back has changed (IPv4). */
  | { readonly kind: "reply-ttl"; readonly peer: string; readonly atMs: number; readonly before: number; readonly now: number }
  /** A peer has an incident with us and asks for a trace back. */
  | { readonly kind: "asked"; readonly peer: string; readonly incident: number; readonly epoch: number }
  /** The agent of a peer sends nothing since then, though its host answers; null when it is heard again. */
  | { readonly kind: "agent-silent"; readonly peer: string; readonly sinceMs: number | null }
  /** Once a minute. `zeroMs` is the wall label that our own clock gives to its zero. */
  | { readonly kind: "peer-clocks"; readonly zeroMs: number; readonly clocks: readonly PeerClock[] }
  /** A peer's agent started anew; only authentic ones are told. */
  | { readonly kind: "peer-epoch"; readonly peer: string; readonly epoch: number }
  /** The peers have changed, as the agent has ordered: what was said before is of the old ones, what is said from now on of the new ones. */
  | { readonly kind: "peers" }
  | { readonly kind: "clock-step"; readonly atMs: number; readonly stepMs: number };

export type AgentCommand =
  | { readonly kind: "start"; readonly settings: WireSettings }
  /** Who is probed from now on, canaries too: peers that are as they were are left in peace, the others go or come. */
  | { readonly kind: "peers"; readonly peers: readonly WirePeer[] }
  | { readonly kind: "address"; readonly peer: string; readonly address: string }
  /** Hosts that are no peers and may be swept now, each by its address, which is its name here; those of before that are not among them are forgotten. */
  | { readonly kind: "guests"; readonly addresses: readonly string[] }
  | { readonly kind: "sweep"; readonly peer: string; readonly trigger: Exclude<SweepTrigger, "after"> }
  /** A trace after a burst: so many sweeps, one a second. */
  | { readonly kind: "trace-after"; readonly peer: string; readonly cycles: number }
  /** Ends the burst of a peer that has lasted as long as an incident may; it opens again at once. */
  | { readonly kind: "cut"; readonly peer: string }
  /** A running mtr asks the hops towards a peer, from this TTL on, once a second: no sweep may add to that. `pid` is killed if the agent dies. */
  | { readonly kind: "mtr"; readonly pid: number; readonly peer: string; readonly firstTtl: number }
  | { readonly kind: "mtr-ended"; readonly pid: number }
  /** Our open incident with a peer, which our probes tell it; 0 when there is none any more. */
  | { readonly kind: "incident"; readonly peer: string; readonly number: number }
  | { readonly kind: "stop" };
