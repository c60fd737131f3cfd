/**
 * What evidence.db has to tell: heads and verdicts in lane 0, rows in lane 1, samples in lane 3. The queue is filled by triggers (outbox-schema.ts). What is not in it
 * though it is stored, because it was there before there were queues or because the collector has lost it, is put into it bit by bit, as fast as it is sent.
 */
import { LANE_OF, type EvidenceTable, type RecordType } from "../sync/record-types.ts";
import type { Backlog } from "../sync/outbox.ts";
import type { Lane } from "../sync/wire.ts";
import type { Database } from "./database.ts";
import { idsAfter, RecordReader } from "./record-data.ts";
import { Settler } from "./settle.ts";
import { StoreError } from "./store-error.ts";
import { beginSeed, type OutboxFile, type OutboxSource, type Pending } from "./store-outbox.ts";

/** A call is over after so long, and what one step does takes a few milliseconds at most. */
const WORK_MS = 20;
const SEED_ROWS = 200;
/** More is only put into the queue when less than this waits. */
const SEED_BELOW = 500;
/** Digests that one call makes, if time allows. */
const SETTLE_AT_ONCE = 100;

/** What is told again, and the rows that say which records there are. A verdict is one for all its versions. */
const SEEDS: Readonly<Partial<Record<RecordType, EvidenceTable>>> = {
  incident: "incidents",
  verdict: "verdicts",
  "row.node": "node",
  "row.peers": "peers",
  "row.incidents": "incidents",
  "row.captures": "captures",
  "row.lines": "lines",
  "row.verdicts": "verdicts",
  "row.blind": "blind",
  "row.hop_names": "hop_names",
  "row.samples": "samples",
};
const SEED_TYPES = Object.keys(SEEDS) as RecordType[];

/** Where it has got to: everything of the types before this one, and of this one up to that id. */
interface SeedCursor {
  readonly type?: RecordType;
  readonly after?: string;
}

export class EvidenceOutboxSource implements OutboxSource {
  readonly lanes: readonly Lane[] = [0, 1, 3];
  readonly unknownGap = "replaced";
  readonly #file: OutboxFile;
  readonly #settler: Settler;
  readonly #reader: RecordReader;
  #hasRetried = false;

  constructor(file: OutboxFile, db: Database) {
    this.#file = file;
    this.#settler = new Settler(db, file.sql);
    this.#reader = new RecordReader(file.sql, this.#settler);
  }

  prepare(lane: Lane, givenSeq: number): void {
    unlessFull(() => {
      this.#retryUnknown();
      this.#seed(lane);
      if (lane === 0) this.#settleDue(givenSeq);
    });
  }

  lastSeq(lane: Lane): number {
    return Number(this.#file.sql.get("SELECT last_seq FROM lanes WHERE lane = ?", lane)?.["last_seq"] ?? 0);
  }

  after(lane: Lane, seq: number, limit: number): Pending[] {
    return this.#file.sql
      .all("SELECT seq, type, id, version FROM outbox WHERE lane = ? AND seq > ? ORDER BY seq LIMIT ?", lane, seq, limit)
      .map((cells) => ({ seq: Number(cells["seq"]), type: String(cells["type"]), id: String(cells["id"]), version: Number(cells["version"]) }))
      .map(({ version, ...row }) => ({
        ...row,
        isReady: () => row.type !== "incident" || !this.#settler.isDue(row.id, this.#file.wallMs()),
        read: () => {
          const data = this.#reader.read(row.type, row.id);
          return data === null ? null : { version, data };
        },
      }));
  }

  remove(lane: Lane, from: number, to: number): void {
    this.#file.sql.run("DELETE FROM outbox WHERE lane = ? AND seq BETWEEN ? AND ?", lane, from, to);
  }

  backlog(lane: Lane): Backlog {
    const { sql } = this.#file;
    const records = Number(sql.get("SELECT count(*) AS count FROM outbox WHERE lane = ?", lane)?.["count"]);
    // A version is the time of the change.
    const first = sql.get("SELECT version FROM outbox WHERE lane = ? ORDER BY seq LIMIT 1", lane);
    return { records, oldestMs: first === undefined ? null : Number(first["version"]) };
  }

  /** What a collector did not know may be known to it by the next start. */
  #retryUnknown(): void {
    if (this.#hasRetried) return;
    this.#hasRetried = true;
    const { sql, write } = this.#file;
    const rows = sql.all("SELECT lane, type, id FROM refused WHERE code = 'unknown-type'");
    if (rows.length === 0) return;
    write(() => {
      for (const { lane, type, id } of rows) sql.run("INSERT INTO enqueue (lane, type, id) VALUES (?, ?, ?)", lane ?? null, type ?? null, id ?? null);
    });
  }

  /**
   * Incidents that are settled get their digest, and are told again. A head that waits and is in no batch yet need not be: it is told with it, and as a newer version, for
   * it may have been told without in an earlier life. One that is under way without it gets another number, which the answer to that does not take away.
   */
  #settleDue(givenSeq: number): void {
    const nowMs = this.#file.wallMs();
    const untilMs = performance.now() + WORK_MS;
    const { sql } = this.#file;
    const due = this.#settler.due(nowMs, SETTLE_AT_ONCE);
    if (due.length === 0) return;
    this.#file.write(() => {
      for (const id of due) {
        this.#settler.settle(id);
        if (sql.get("SELECT 1 AS waits FROM outbox WHERE type = 'incident' AND id = ? AND seq > ?", id, givenSeq) !== undefined) {
          sql.run("UPDATE lanes SET version = max(version + 1, ?) WHERE lane = 0", Math.floor(nowMs));
          sql.run("UPDATE outbox SET version = (SELECT version FROM lanes WHERE lane = 0) WHERE type = 'incident' AND id = ?", id);
        } else sql.run("INSERT INTO enqueue (lane, type, id) VALUES (0, 'incident', ?)", id);
        if (performance.now() > untilMs) return;
      }
    });
  }

  #seed(lane: Lane): void {
    const untilMs = performance.now() + WORK_MS;
    const { sql } = this.#file;
    if (sql.get("SELECT 1 AS due FROM lanes WHERE lane = ? AND seed_due = 1", lane) !== undefined)
      this.#file.write(() => beginSeed(sql, lane, Math.floor(this.#file.wallMs())));
    if (!this.#isSeeding(lane) || this.#waits(lane) >= SEED_BELOW) return;
    // Something at least, for what is empty looks done.
    this.#file.write(() => {
      do this.#seedRows(lane);
      while (this.#isSeeding(lane) && (this.#waits(lane) === 0 || (this.#waits(lane) < SEED_BELOW && performance.now() < untilMs)));
    });
  }

  #isSeeding(lane: Lane): boolean {
    return this.#file.sql.get("SELECT 1 AS seeding FROM lanes WHERE lane = ? AND seed IS NOT NULL", lane) !== undefined;
  }

  #waits(lane: Lane): number {
    return Number(this.#file.sql.get("SELECT count(*) AS count FROM (SELECT 1 FROM outbox WHERE lane = ? LIMIT ?)", lane, SEED_BELOW)?.["count"]);
  }

  #seedRows(lane: Lane): void {
    const { sql } = this.#file;
    const { type: at, after } = JSON.parse(String(sql.get("SELECT seed FROM lanes WHERE lane = ?", lane)?.["seed"])) as SeedCursor;
    const types = SEED_TYPES.filter((type) => LANE_OF[type] === lane);
    const type = at ?? types[0];
    if (type === undefined) return;
    const table = SEEDS[type] as EvidenceTable;
    const ids = idsAfter(sql, table, { after: after ?? null, limit: SEED_ROWS });
    for (const id of ids) this.#seedOne(lane, type, id);
    const next = types[types.indexOf(type) + 1];
    const cursor: SeedCursor | null = ids.length > 0 ? { type, after: ids.at(-1) as string } : next === undefined ? null : { type: next };
    sql.run("UPDATE lanes SET seed = ? WHERE lane = ?", cursor === null ? null : JSON.stringify(cursor), lane);
  }

  #seedOne(lane: Lane, type: RecordType, rowId: string): void {
    const { sql } = this.#file;
    // The verdicts of an event are next to each other: the first stands for all.
    const [event, version] = type === "verdict" ? [rowId.slice(0, rowId.lastIndexOf(" ")), rowId.slice(rowId.lastIndexOf(" ") + 1)] : [rowId, "1"];
    if (version !== "1") return;
    if (type === "incident") this.#settler.watch(event);
    if (sql.get("SELECT 1 AS waits FROM outbox WHERE type = ? AND id = ?", type, event) !== undefined) return;
    sql.run("INSERT INTO enqueue (lane, type, id) VALUES (?, ?, ?)", lane, type, event);
  }
}

/** What can wait, waits while the disk is full: what is in the queue can be sent all the same. */
function unlessFull<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof StoreError && error.code === "full") return null;
    throw error;
  }
}
