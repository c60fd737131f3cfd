/**
 * The configuration as the rest of the program sees it: parsed once, frozen, units in the names.
 * `parse.ts` makes it from peers.yaml; nothing else reads the file.
 */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

export interface PeerConfig {
  /** The `node.name` of the agent there; unique in the file. */
  readonly name: string;
  /** As written: an IPv4 or IPv6 literal (with zone for link-local) or a DNS name. */
  readonly host: string;
  readonly intervalMs: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface CollectorConfig {
  readonly urls: readonly string[];
  readonly tokenFile: string | null;
  readonly caFile: string | null;
  /** Our certificate and its private key: both, or neither. */
  readonly certFile: string | null;
  readonly keyFile: string | null;
  /** Bits per second. */
  readonly rate: number;
}

/** Where metrics are served. */
export interface MetricsConfig {
  /** IPv4 or IPv6 literal. */
  readonly address: string;
  readonly port: number;
}

export interface Config {
  /** The file it was read from. */
  readonly file: string;
  readonly node: { readonly name: string; readonly address: string | null; readonly labels: Readonly<Record<string, string>> };
  readonly dataDir: string;
  readonly probe: {
    readonly intervalMs: number;
    /** Hard timeout: no reply by then is lost. */
    readonly timeoutMs: number;
    /** Probes per second for the whole node; above it intervals are stretched. */
    readonly maxRate: number;
    readonly dscp: number;
  };
  readonly detect: {
    readonly window: number;
    readonly lost: number;
    readonly clear: number;
    /** From the end of a burst until the running mtr stops. */
    readonly coolingMs: number;
    /** Without a burst for this long an incident is closed. */
    readonly mergeMs: number;
  };
  readonly mesh: { readonly keyFile: string | null };
  readonly capture: {
    readonly mtr: boolean;
    /** Look up the names of hops and peers in the DNS. */
    readonly names: boolean;
    /** Full captures per peer and hour, and per day. */
    readonly hourly: number;
    readonly daily: number;
    /** Time between baseline sweeps of one peer. */
    readonly baselineMs: number;
    /** From the end of a burst until the trace after it. */
    readonly afterMs: number;
    /** Most sweeps of that, one a second. */
    readonly afterCycles: number;
  };
  readonly store: {
    readonly maxBytes: number;
    readonly evidenceMs: number;
    readonly rollups: { readonly tenSecondsMs: number; readonly minuteMs: number; readonly hourMs: number };
  };
  readonly log: { readonly level: LogLevel };
  /** Null while metrics are not served. */
  readonly metrics: MetricsConfig | null;
  /** `incident`: a program and its arguments, run for each incident; null for none. */
  readonly hooks: { readonly incident: readonly string[] | null };
  /** Who may be traced on request: the peers of the configuration, or any address. */
  readonly trace: { readonly allow: "peers" | "any" };
  /** Without this node's own entry (matched by name here, by address when the agent starts). */
  readonly peers: readonly PeerConfig[];
  readonly collector: CollectorConfig | null;
  /** Things worth one log line at start: own entry skipped, interval stretched. */
  readonly notes: readonly string[];
}
