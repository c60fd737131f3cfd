/** `status --format json`, the contract that other programs read: `meshprobe.status/1`. Times are ISO 8601 UTC, not known is null, readers ignore unknown keys. */
import type { CollectorStatus } from "../sync/status.ts";

export const STATUS_SCHEMA = "meshprobe.status/1";

/** `burst`: packets are being lost now. `cooling`: they were a moment ago. `unresolved`: its name has no address yet. */
export type PeerState = "burst" | "cooling" | "unresolved" | "never-answered" | "well";

export interface StatusPeer {
  readonly peer: string;
  readonly address: string | null;
  readonly state: PeerState;
  readonly interval_ms: number;
  /** Of the last ten minutes. */
  readonly sent: number;
  readonly lost: number;
  readonly loss_pct: number | null;
  /** Median of the newest ten seconds, worst of the last ten minutes. */
  readonly rtt_ms: { readonly now: number | null; readonly worst: number | null };
  /** By ten seconds, oldest first; null where nothing was measured. */
  readonly rtt_history_ms: readonly (number | null)[];
  readonly loss_history_pct: readonly (number | null)[];
  readonly incident: string | null;
  readonly agent_silent_since: string | null;
}

export interface StatusIncident {
  readonly id: string;
  readonly peer: string;
  readonly address: string;
  readonly status: "open" | "cooling";
  readonly started_at: string;
  readonly sent: number;
  readonly lost: number;
  readonly loss_pct: number | null;
  /** The verdict's sentence so far. */
  readonly sentence: string | null;
}

export interface StatusBlind {
  readonly started_at: string;
  readonly ended_at: string;
  readonly cause: string;
  readonly detail: string | null;
}

export interface Status {
  readonly schema: typeof STATUS_SCHEMA;
  readonly generated_at: string;
  readonly node: { readonly name: string; readonly id: string; readonly address: string | null; readonly version: string };
  readonly agent: {
    readonly pid: number;
    readonly wire_pid: number | null;
    readonly started_at: string;
    readonly config: string;
    readonly data_dir: string;
  };
  readonly interval_ms: number;
  readonly timeout_ms: number;
  /** How many peers are in which state, of all of them. */
  readonly states: Readonly<Record<PeerState, number>>;
  /** The worst first; as many as were asked for. */
  readonly peers: readonly StatusPeer[];
  readonly incidents: readonly StatusIncident[];
  readonly disk: { readonly used_bytes: number; readonly max_bytes: number; readonly free_bytes: number | null };
  /** Since the agent started, with what was blind before it because none ran. */
  readonly blind: { readonly count: number; readonly seconds: number; readonly last: readonly StatusBlind[] };
  /** How deliveries stand; null where no collector is configured. */
  readonly collector: CollectorStatus | null;
  /** What is turned off or missing, and what the agent has learned to do without: one line each. */
  readonly notes: readonly string[];
}
