/**
 * The queue of a database file as the sender sees it (sync/outbox.ts), the same for both files: numbers, tombstones, acknowledgements. What waits, and what a record
 * says, is its source's.
 *
 * An acknowledgement is believed up to the end of the batch that it answers and no further: whatever else the collector has under these numbers, that much it
 * was sent just now. So a file restored from a copy, whose numbers the collector knows from another past, loses nothing.
 *
 * A new id of the file begins with nothing acknowledged. Numbers stay as they are: those that were told under the earlier id come first, as one tombstone.
 *
 * What this does not mend is two restored copies at once: a collector that has lost what it had acknowledged, and a node that is put back to a copy from before it
 * learned so. What lies between the two copies is then on the node alone.
 */
import { randomUUID } from "node:crypto";
import type { AckOutcome, Backlog, LaneBatch, Outbox, RefusedRecord } from "../sync/outbox.ts";
import { MAX_BODY_BYTES, type Lane, type RejectCode, type Tombstone } from "../sync/wire.ts";
import type { DatabaseIdentity } from "./database-identity.ts";
import { MAX_TOMBSTONES, OutboxGaps } from "./outbox-gaps.ts";
import type { StatementCache } from "./statement-cache.ts";

export interface Pending {
  readonly seq: number;
  readonly type: string;
  readonly id: string;
  /** False when it will be worth more after another call of `prepare`. */
  isReady(): boolean;
  /** As it is now; null when nothing is left that it could be about. */
  read(): { readonly version: number; readonly data: unknown } | null;
}

export interface OutboxSource {
  readonly lanes: readonly Lane[];
  /** Puts into the queue what is due, before a batch is read or what waits is counted. Up to `givenSeq` records may be under way: what is behind these numbers stays. */
  prepare(lane: Lane, givenSeq: number): void;
  /** The highest number that was ever given. */
  lastSeq(lane: Lane): number;
  /** By rising number, the first `limit` after `seq`. */
  after(lane: Lane, seq: number, limit: number): Pending[];
  /** Takes everything from `from` to `to` out of the queue. */
  remove(lane: Lane, from: number, to: number): void;
  backlog(lane: Lane, ackedSeq: number): Backlog;
  /** What a number stands for that has been free for no known reason. */
  readonly unknownGap: "evicted" | "replaced";
}

export interface OutboxFile {
  readonly sql: StatementCache;
  /** One commit, or part of the one around it. */
  readonly write: <T>(fn: () => T) => T;
  readonly wallMs: () => number;
}

/** What a request has around its records: envelope and tombstones. */
const AROUND_BYTES = 8 * 1024;
const MAX_RECORD_BYTES = MAX_BODY_BYTES - AROUND_BYTES;
const PAGE_ROWS = 64;
/** Telling everything again is not begun more often. */
const SEED_EVERY_MS = 3_600_000;

interface LaneState {
  readonly ackedSeq: number;
  readonly toldSeq: number;
}

export class StoreOutbox implements Outbox {
  readonly lanes: readonly Lane[];
  readonly #file: OutboxFile;
  readonly #source: OutboxSource;
  readonly #gaps: OutboxGaps;
  /** The highest number of any batch: up to there one may be under way. */
  readonly #given = new Map<Lane, number>();

  constructor(file: OutboxFile, source: OutboxSource) {
    this.#file = file;
    this.#source = source;
    this.#gaps = new OutboxGaps(file.sql);
    this.lanes = source.lanes;
  }

  get db(): string {
    return String(this.#file.sql.get("SELECT value FROM meta WHERE key = 'uuid'")?.["value"]);
  }

  next(lane: Lane, maxBytes: number): LaneBatch | null {
    this.#source.prepare(lane, this.#givenSeq(lane));
    const { ackedSeq } = this.#state(lane);
    const lastSeq = this.#source.lastSeq(lane);
    if (lastSeq <= ackedSeq) return null;
    const batch = this.#read(lane, { fromSeq: ackedSeq + 1, lastSeq, maxBytes });
    this.#given.set(lane, Math.max(this.#givenSeq(lane), batch.lastSeq));
    return batch;
  }

  acknowledge(lane: Lane, seq: number, batch: Pick<LaneBatch, "lastSeq"> | null): AckOutcome {
    const { ackedSeq, toldSeq } = this.#state(lane);
    if (seq > this.#source.lastSeq(lane)) {
      this.renew();
      return "ahead";
    }
    if (seq < ackedSeq) {
      this.#behind(lane, { seq, toldSeq: Math.max(toldSeq, ackedSeq) });
      return "behind";
    }
    const until = Math.min(seq, batch?.lastSeq ?? ackedSeq);
    if (until <= ackedSeq) return "same";
    this.#file.write(() => {
      this.#source.remove(lane, ackedSeq + 1, until);
      this.#gaps.forget(lane, until);
      this.#setState(lane, { ackedSeq: until, toldSeq: Math.max(toldSeq, until) });
    });
    return "progress";
  }

  refuse(lane: Lane, seq: number, code: RejectCode | "too-large-here"): void {
    const [row] = this.#source.after(lane, seq - 1, 1);
    if (row === undefined || row.seq !== seq) return;
    this.#file.write(() => {
      this.#source.remove(lane, seq, seq);
      this.#gaps.add(lane, seq, "refused");
      this.#file.sql.run(
        `INSERT INTO refused (type, id, lane, code, at_ms) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET lane = excluded.lane, code = excluded.code, at_ms = excluded.at_ms`,
        row.type,
        row.id,
        lane,
        code,
        Math.floor(this.#file.wallMs()),
      );
    });
  }

  /** Asked for with every request, those for heads too: what is due is only put into the queue where nothing waits and it would look done. */
  backlog(lane: Lane): Backlog {
    const waiting = this.#source.backlog(lane, this.#state(lane).ackedSeq);
    if (waiting.records > 0) return waiting;
    this.#source.prepare(lane, this.#givenSeq(lane));
    return this.#source.backlog(lane, this.#state(lane).ackedSeq);
  }

  refused(limit: number): { readonly records: readonly RefusedRecord[]; readonly count: number } {
    const rows = this.#file.sql.all("SELECT lane, type, id, code, at_ms FROM refused ORDER BY at_ms DESC, type, id LIMIT ?", limit);
    return {
      records: rows.map((cells) => ({
        lane: Number(cells["lane"]) as Lane,
        type: String(cells["type"]),
        id: String(cells["id"]),
        code: String(cells["code"]) as RefusedRecord["code"],
        atMs: Number(cells["at_ms"]),
      })),
      count: Number(this.#file.sql.get("SELECT count(*) AS count FROM refused")?.["count"]),
    };
  }

  /** The file is another one from now on: what it still has to tell is told under a new id. */
  renew(): void {
    this.#file.write(() => {
      this.#file.sql.run("UPDATE meta SET value = ? WHERE key = 'uuid'", randomUUID());
      this.#file.sql.run("UPDATE lanes SET told_seq = max(told_seq, acked_seq), acked_seq = 0");
    });
  }

  /** Another id unless the file was last used here; one that was never used is from here. What is not known tells nothing. */
  settleIn({ machine, directory }: DatabaseIdentity): void {
    const here: readonly (readonly [string, string | null])[] = [
      ["machine", machine],
      ["directory", directory],
    ];
    const { sql } = this.#file;
    const changed = here.filter(([key, value]) => value !== null && sql.get("SELECT value FROM meta WHERE key = ?", key)?.["value"] !== value);
    if (changed.length === 0) return;
    const isKnown = sql.get("SELECT 1 AS known FROM meta WHERE key IN (SELECT value FROM json_each(?))", JSON.stringify(changed.map(([key]) => key)));
    this.#file.write(() => {
      if (isKnown !== undefined) this.renew();
      for (const [key, value] of changed)
        sql.run("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", key, value);
    });
  }

  /** Where eviction leaves many single numbers free, as long as nothing is sent, they become ranges. */
  compact(): void {
    for (const lane of this.lanes) {
      if (this.#gaps.areMany(lane)) this.#file.write(() => this.#gaps.join(lane, (seq) => this.#source.after(lane, seq, 1)[0]?.seq ?? Infinity));
    }
  }

  #read(lane: Lane, { fromSeq, lastSeq, maxBytes }: { readonly fromSeq: number; readonly lastSeq: number; readonly maxBytes: number }): LaneBatch {
    const unknown = { toldSeq: this.#state(lane).toldSeq, otherwise: this.#source.unknownGap };
    const records: string[] = [];
    const tombstones: Tombstone[] = [];
    let bytes = 0;
    let covered = fromSeq - 1;
    const batch = (): LaneBatch => ({ lane, records, tombstones, lastSeq: covered, bytes });
    /** Everything after `covered` and before `seq` is free. Returns whether all of it found room. */
    const passGap = (seq: number): boolean => {
      while (covered < seq - 1) {
        for (const tombstone of this.#gaps.between(lane, { from: covered + 1, to: seq - 1 }, unknown)) {
          const last = tombstones.at(-1);
          if (last?.reason === tombstone.reason && last.to + 1 === tombstone.from) tombstones[tombstones.length - 1] = { ...last, to: tombstone.to };
          else if (tombstones.length < MAX_TOMBSTONES) tombstones.push(tombstone);
          else return false;
          covered = tombstone.to;
        }
      }
      return true;
    };
    for (let at = covered; ;) {
      const page = this.#source.after(lane, at, PAGE_ROWS);
      for (const row of page) {
        at = row.seq;
        const text = this.#textOf(lane, row);
        if (text === null) continue;
        const size = Buffer.byteLength(text);
        const isFull = records.length > 0 && (bytes + size > maxBytes || !row.isReady());
        if (!passGap(row.seq) || isFull) return batch();
        records.push(text);
        bytes += size;
        covered = row.seq;
      }
      if (page.length < PAGE_ROWS) break;
    }
    passGap(lastSeq + 1);
    return batch();
  }

  /** Null for a record that is not to be sent; its number is free then. */
  #textOf(lane: Lane, row: Pending): string | null {
    const now = row.read();
    if (now === null) {
      this.#file.write(() => {
        this.#source.remove(lane, row.seq, row.seq);
        this.#gaps.add(lane, row.seq, "evicted");
      });
      return null;
    }
    const text = JSON.stringify({ seq: row.seq, type: row.type, id: row.id, version: now.version, data: now.data });
    if (Buffer.byteLength(text) <= MAX_RECORD_BYTES) return text;
    this.refuse(lane, row.seq, "too-large-here");
    return null;
  }

  /** What it has lost is told again under new numbers; the old ones are free. */
  #behind(lane: Lane, { seq, toldSeq }: { readonly seq: number; readonly toldSeq: number }): void {
    const nowMs = Math.floor(this.#file.wallMs());
    this.#file.write(() => {
      this.#setState(lane, { ackedSeq: seq, toldSeq });
      this.#file.sql.run("UPDATE lanes SET seed_due = 1 WHERE lane = ?", lane);
      beginSeed(this.#file.sql, lane, nowMs);
    });
  }

  #givenSeq(lane: Lane): number {
    return this.#given.get(lane) ?? 0;
  }

  #state(lane: Lane): LaneState {
    const cells = this.#file.sql.get("SELECT acked_seq, told_seq FROM lanes WHERE lane = ?", lane);
    return { ackedSeq: Number(cells?.["acked_seq"] ?? 0), toldSeq: Number(cells?.["told_seq"] ?? 0) };
  }

  #setState(lane: Lane, { ackedSeq, toldSeq }: LaneState): void {
    this.#file.sql.run("UPDATE lanes SET acked_seq = ?, told_seq = ? WHERE lane = ?", ackedSeq, toldSeq, lane);
  }
}

/** Begins to tell everything again where that is due and was not begun lately. */
export function beginSeed(sql: StatementCache, lane: Lane, nowMs: number): void {
  sql.run(
    "UPDATE lanes SET seed = '{}', seed_ms = ?, seed_due = 0 WHERE lane = ? AND seed_due = 1 AND (seed_ms IS NULL OR abs(? - seed_ms) >= ?)",
    nowMs,
    lane,
    nowMs,
    SEED_EVERY_MS,
  );
}
