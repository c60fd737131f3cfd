/**
 * What a node and a collector say to each other, version 1: the one contract that both sides are built on. JSON over HTTP, `POST /api/v1/sync`, gzip or plain.
 *
 * Each database file of a node has an id and numbers what it has to tell, lane by lane: 1, 2, 3, … A record is one row of the node as it was when it was read; it
 * goes by (type, id), and the highest version of it counts, so that a record may come twice, late or in another order and is there once. What cannot be sent any
 * more (evicted, refused, replaced by a newer version of the same record) is a tombstone: a range of numbers that counts as present. The answer says for every
 * lane up to which number everything is present and on disk; only then may the node forget its queue.
 *
 * At least once plus upserts, not exactly-once by sequence: a number alone says nothing after a database was restored from a copy.
 */
import type { IsoTime } from "../report/report.ts";

export const SYNC_API = 1;
export const SYNC_PATH = "/api/v1/sync";

/** 0: heads of incidents and verdicts, also while an incident lasts. 1: evidence. 2: rollups. 3: raw samples. */
export type Lane = 0 | 1 | 2 | 3;
export const LANES: readonly Lane[] = [0, 1, 2, 3];

/** A head with its verdict is told while the link is bad: it must fit into two packets. UTF-8 bytes of one record as JSON. */
export const MAX_HEAD_BYTES = 2_048;
/** Uncompressed bytes of one request body, and so of one record. Larger ones delay probes on slow links. */
export const MAX_BODY_BYTES: number = 256 * 1024;
export const MAX_ID_CHARACTERS = 600;

/** Row of the node, see record-types.ts. `version` grows with every change of the record, over all databases of the node: milliseconds since the epoch, or one more than the last. */
export interface WireRecord {
  readonly seq: number;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly data: unknown;
}

/** Why numbers stand for nothing. `evicted`: deleted on the node before it could be sent. `refused`: set aside, kept on the node. `replaced`: sent with a higher number. */
export type TombstoneReason = "evicted" | "refused" | "replaced";

export interface Tombstone {
  readonly from: number;
  /** Included. */
  readonly to: number;
  readonly reason: TombstoneReason;
}

export interface WireLane {
  readonly lane: Lane;
  /** By rising number. Both lists empty: only asks how far the collector is. */
  readonly records: readonly WireRecord[];
  readonly tombstones: readonly Tombstone[];
}

export interface WireFile {
  /** Id of the database file. */
  readonly db: string;
  readonly lanes: readonly WireLane[];
}

export interface LaneBacklog {
  readonly lane: Lane;
  readonly records: number;
  readonly oldest_at: IsoTime | null;
}

export interface SyncRequest {
  readonly api: typeof SYNC_API;
  /** `node.name`; the token must be this node's. */
  readonly node: string;
  readonly sent_at: IsoTime;
  /** Monotonic clock of the node when it was sent, ms. */
  readonly mono: number;
  readonly files: readonly WireFile[];
  // What follows may be missing.
  readonly version?: string;
  readonly address?: string | null;
  /** The node's wall clock plus this is the collector's, as measured by earlier exchanges (RFC 5905 section 8, the exchange with the least delay). */
  readonly clock?: { readonly offset_ms: number; readonly error_ms: number } | null;
  readonly backlog?: readonly LaneBacklog[];
  /** Since when the node cannot judge; null while it can. */
  readonly blind_since?: IsoTime | null;
}

export interface Ack {
  readonly db: string;
  readonly lane: Lane;
  /** Everything up to here is present and on disk. 0: nothing. */
  readonly seq: number;
}

/** `too-large`: of one record. `unknown-type`: a newer node; it may be sent again after the collector was updated. */
export type RejectCode = "malformed" | "too-large" | "unknown-type" | "wrong-lane";

export interface Rejection {
  readonly db: string;
  readonly lane: Lane;
  readonly seq: number;
  readonly code: RejectCode;
}

export interface SyncAnswer {
  readonly api: typeof SYNC_API;
  /** One for each lane of the request. A record that was rejected holds its lane up until the node sends a tombstone for it. */
  readonly acks: readonly Ack[];
  readonly rejected: readonly Rejection[];
  /** The collector's wall clock when the request had arrived and when this was written. */
  readonly received_at: IsoTime;
  readonly answered_at: IsoTime;
  readonly version: string;
}

/** Body of every answer that is not 200. */
export interface ErrorAnswer {
  readonly error: { readonly code: string; readonly message: string };
}
