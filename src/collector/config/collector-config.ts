/** The collector's configuration as the rest of the program sees it: parsed once, frozen, units in the names. */
import type { LogLevel } from "../../config/config.ts";

export const DEFAULT_COLLECTOR_CONFIG = "/etc/meshprobe/collector.yaml";

export interface ListenConfig {
  /** IPv4 or IPv6 literal. */
  readonly address: string;
  readonly port: number;
}

export interface TlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  /** Who signed the certificates that clients must show; null: none is asked for. */
  readonly clientCaFile: string | null;
}

export interface RetentionConfig {
  /** Incidents, verdicts, captures and what belongs to them. */
  readonly evidenceMs: number;
  readonly samplesMs: number;
  readonly rollupsMs: number;
}

export interface CollectorSettings {
  /** The file it was read from. */
  readonly file: string;
  readonly listen: readonly ListenConfig[];
  /** Null: plain http. */
  readonly tls: TlsConfig | null;
  /** `sqlite:/absolute/path` or `postgres://…`. */
  readonly store: string;
  readonly tokensFile: string;
  readonly retention: RetentionConfig;
  readonly log: { readonly level: LogLevel };
}
