/**
 * What the collector asks of a database: SQLite for one machine, PostgreSQL for several collectors on one database. Six calls, plain rows. Everything that
 * understands records (parsing, reports, digests) lies above and is the same for both.
 */
import type { Lane, LaneBacklog, Tombstone, TombstoneReason } from "../../sync/wire.ts";

/**
 * A record that has been read and found good, with what the database can be asked for. Here and below: strings are well-formed and without U+0000 (PostgreSQL
 * stores neither), numbers that are not times are safe integers ≥ 0, times are finite.
 */
export interface ParsedRecord {
  readonly seq: number;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  /** How far it has come, see rank.ts: of two copies the higher (rank, version) counts. */
  readonly rank: number;
  /** What it belongs to: the event of a verdict, the incident of a capture or a sample, the capture of lines. Null for none. */
  readonly parent: string | null;
  readonly peer: string | null;
  /** The time that it is about, ms; from and to (null: lasts). */
  readonly atMs: number;
  readonly untilMs: number | null;
  /** SHA-256 of the evidence that the head of an incident carries; null before it is final, and for other records. */
  readonly digest: string | null;
  /** JSON. */
  readonly data: string;
}

/** One minute of one directed pair, from lane 2. In the order of ROLLUP_COLUMNS behind `at` and `peer`; the histogram as bytes. */
export interface ParsedRollup {
  readonly seq: number;
  readonly version: number;
  /** Seconds. */
  readonly at: number;
  readonly peer: string;
  readonly counts: readonly number[];
  readonly histogram: Uint8Array;
}

export interface ParsedLane {
  readonly lane: Lane;
  /** By rising number. Lane 2 has rollups only, the others records only. */
  readonly records: readonly ParsedRecord[];
  readonly rollups: readonly ParsedRollup[];
  readonly tombstones: readonly Tombstone[];
  /** Numbers that were rejected: not present. */
  readonly rejected: readonly number[];
}

export interface Delivery {
  readonly node: string;
  readonly version: string | null;
  readonly address: string | null;
  readonly sentMs: number;
  readonly receivedMs: number;
  readonly clock: { readonly offsetMs: number; readonly errorMs: number } | null;
  readonly backlog: readonly LaneBacklog[];
  readonly blindSinceMs: number | null;
  readonly files: readonly { readonly db: string; readonly lanes: readonly ParsedLane[] }[];
}

/** `foreign`: a file that another node brought first; nothing was written. */
export type DeliveryResult =
  | { readonly kind: "stored"; readonly acks: readonly { readonly db: string; readonly lane: Lane; readonly seq: number }[] }
  | { readonly kind: "foreign"; readonly db: string };

export interface StoredRecord extends Omit<ParsedRecord, "seq" | "rank"> {
  readonly node: string;
  /** When this version came. */
  readonly receivedMs: number;
  /** When the digest came first, and the node's clock against ours then. The first digest is kept whatever comes later. */
  readonly digestMs: number | null;
  readonly clockOffsetMs: number | null;
  readonly clockErrorMs: number | null;
  /** A later head carried another digest: the evidence was changed on the node after it was final. */
  readonly changedDigest: string | null;
  readonly changedDigestMs: number | null;
}

/** All that are given must hold. Records in order of time. */
export interface RecordQuery {
  readonly types: readonly string[];
  readonly node?: string;
  readonly peer?: string;
  readonly ids?: readonly string[];
  /** The id begins with this. */
  readonly idPrefix?: string;
  readonly parents?: readonly string[];
  /** Not over before sinceMs, and begun before untilMs. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** The newest of more. */
  readonly limit: number;
}

export interface RollupQuery {
  readonly node?: string;
  readonly peer?: string;
  /** Seconds, [from, to). */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
}

export interface StoredRollup extends Omit<ParsedRollup, "seq"> {
  readonly node: string;
}

export interface StoredNode {
  readonly node: string;
  readonly version: string | null;
  readonly address: string | null;
  readonly firstHeardMs: number;
  readonly lastHeardMs: number;
  readonly clock: { readonly offsetMs: number; readonly errorMs: number } | null;
  readonly backlog: readonly LaneBacklog[];
  readonly blindSinceMs: number | null;
  /** Numbers that stood for nothing, over all files and lanes of the node: those that were evicted or refused are records that never came. */
  readonly tombstones: readonly TombstoneCount[];
}

export interface TombstoneCount {
  readonly lane: Lane;
  readonly reason: TombstoneReason;
  readonly numbers: number;
  /** When the first and the last of them came. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/**
 * Older than these goes; times in ms. A record is as old as its end or as its coming, whichever is later: a clock that was wrong, or a node that was away for long,
 * loses nothing by it. What lasts stays as long as its node is heard.
 */
export interface Eviction {
  readonly recordsBeforeMs: number;
  readonly samplesBeforeMs: number;
  readonly rollupsBeforeMs: number;
}

export interface CollectorStore {
  /** All of it in one transaction, on disk when it resolves. Rejects with StoreUnavailable when the database is away, full or too busy: try again later. */
  deliver(delivery: Delivery): Promise<DeliveryResult>;
  records(query: RecordQuery): Promise<StoredRecord[]>;
  rollups(query: RollupQuery): Promise<StoredRollup[]>;
  /** Also tells whether the database is there. */
  nodes(): Promise<StoredNode[]>;
  /** Deletes one batch; true while more is left. */
  evict(eviction: Eviction): Promise<boolean>;
  close(): Promise<void>;
}

/** The database cannot take or give anything now: 503 for whoever asked. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}

/** The database cannot be used as it is, or as it is named: somebody has to mend that first. */
export class StoreRefused extends Error {
  override readonly name = "StoreRefused";
}
