/** What the sender asks of a database file: what is to be sent next, and what has become of it. Implemented by the store, and by a list in tests. */
import type { Lane, RejectCode, Tombstone } from "./wire.ts";

export interface LaneBatch {
  readonly lane: Lane;
  /** Each record as JSON text, by rising number. */
  readonly records: readonly string[];
  readonly tombstones: readonly Tombstone[];
  /** The last number that it covers. */
  readonly lastSeq: number;
  /** UTF-8 bytes of the records. */
  readonly bytes: number;
}

/** What an acknowledgement says beside progress. `ahead`: the collector has more than was ever sent: this file is an old copy. `behind`: it has lost what it had. */
export type AckOutcome = "progress" | "same" | "ahead" | "behind";

export interface Backlog {
  readonly records: number;
  /** When the oldest was written, ms; null for none or where it is not known. */
  readonly oldestMs: number | null;
}

export interface RefusedRecord {
  readonly lane: Lane;
  readonly type: string;
  readonly id: string;
  readonly code: RejectCode | "too-large-here";
  readonly atMs: number;
}

/** Any call may throw, because the disk is full or broken: the sender says so and tries again later, and nothing is lost by it. */
export interface Outbox {
  /** Id of the database file; another one after `renew`. */
  readonly db: string;
  readonly lanes: readonly Lane[];
  /**
   * What comes after the last acknowledged number; null when there is nothing. A record alone may be larger than `maxBytes`, never than a body with its envelope.
   * Several batches of a lane may be under way, and be answered in any order.
   */
  next(lane: Lane, maxBytes: number): LaneBatch | null;
  /**
   * Everything up to `seq` is with the collector: its answer to this batch, or (null) to a question without records. It is believed up to the end of the batch and no
   * further, so `same` may also mean that the collector knows more than was sent just now. After `ahead`, where other answers of that request are void, the file has a new id and all that it still has to tell is numbered anew; after `behind` everything
   * that is stored is to be told again.
   */
  acknowledge(lane: Lane, seq: number, batch: Pick<LaneBatch, "lastSeq"> | null): AckOutcome;
  /** Sets a record aside: it is kept, counted and named, and a tombstone takes its place. */
  refuse(lane: Lane, seq: number, code: RejectCode): void;
  backlog(lane: Lane): Backlog;
  /** The newest first, at most `limit`, and how many there are. */
  refused(limit: number): { readonly records: readonly RefusedRecord[]; readonly count: number };
}
