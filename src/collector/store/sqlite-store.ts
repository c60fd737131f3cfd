/**
 * The collector's database in one file: SQLite, WAL, `synchronous=FULL`. SQLite works in the thread that calls (sqlite-thread.ts gives it one of its own), and what a
 * commit costs is the disk. So deliveries that wait at the same time share one commit: two thousand nodes that come back at once are not two thousand waits for the disk.
 */
import type Sqlite from "better-sqlite3";
import type { Lane } from "../../sync/wire.ts";
import { contiguous } from "../contiguous.ts";
import { LONG_LIVED, recordConditions, rollupConditions, SAMPLES, type Words } from "./conditions.ts";
import type {
  CollectorStore,
  Delivery,
  DeliveryResult,
  Eviction,
  ParsedLane,
  RecordQuery,
  RollupQuery,
  StoredNode,
  StoredRecord,
  StoredRollup,
} from "./port.ts";
import { openSqlite } from "./sqlite-file.ts";
import { unavailable } from "./sqlite-errors.ts";
import {
  EVICT_ROWS,
  LANE_COLUMNS,
  LANE_CONFLICT,
  NODE_COLUMNS,
  NODE_CONFLICT,
  RECORD_COLUMNS,
  RECORD_CONFLICT,
  ROLLUP_COLUMNS_SQL,
  ROLLUP_CONFLICT,
  STORED_RECORD_COLUMNS,
  TOMBSTONE_COLUMNS,
  TOMBSTONE_CONFLICT,
  TOMBSTONE_SUMS,
} from "./statements.ts";
import {
  byMinute,
  byTime,
  storedNodes,
  storedRecord,
  storedRollup,
  type NodeRow,
  type RecordRow,
  type RollupRow,
  type TombstoneRow,
} from "./stored-rows.ts";

/** Rows that share one commit: some tens of milliseconds, in which nobody else is served. */
const COMMIT_ROWS = 1_000;

type Statement = Sqlite.Statement<unknown[]>;
type Cell = string | number | Uint8Array | null;

interface Waiting {
  readonly delivery: Delivery;
  readonly resolve: (result: DeliveryResult) => void;
  readonly reject: (reason: unknown) => void;
}

export class SqliteStore implements CollectorStore {
  readonly #db: Sqlite.Database;
  readonly #file: string;
  readonly #nodeOf: Statement;
  readonly #ackedOf: Statement;
  readonly #putFile: Statement;
  readonly #putNode: Statement;
  readonly #putLane: Statement;
  readonly #putTombstones: Statement;
  readonly #putRecord: Statement;
  readonly #putRollup: Statement;
  #waiting: Waiting[] = [];

  /** Throws StoreRefused or StoreUnavailable. */
  constructor(file: string) {
    const db = openSqlite(file);
    this.#db = db;
    this.#file = file;
    this.#nodeOf = db.prepare("SELECT node FROM files WHERE db = ?").pluck();
    this.#ackedOf = db.prepare("SELECT acked_seq FROM lanes WHERE node = ? AND db = ? AND lane = ?").pluck();
    this.#putFile = db.prepare("INSERT INTO files (db, node) VALUES (?, ?) ON CONFLICT (db) DO NOTHING");
    this.#putNode = db.prepare(insert("nodes", NODE_COLUMNS, NODE_CONFLICT));
    this.#putLane = db.prepare(insert("lanes", LANE_COLUMNS, LANE_CONFLICT));
    this.#putTombstones = db.prepare(insert("tombstones", TOMBSTONE_COLUMNS, TOMBSTONE_CONFLICT));
    this.#putRecord = db.prepare(insert("records", RECORD_COLUMNS, RECORD_CONFLICT));
    this.#putRollup = db.prepare(insert("rollups", ROLLUP_COLUMNS_SQL, ROLLUP_CONFLICT));
  }

  deliver(delivery: Delivery): Promise<DeliveryResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ delivery, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.#commitSome());
    });
  }

  async records(query: RecordQuery): Promise<StoredRecord[]> {
    const cells: Cell[] = [];
    const where = recordConditions(query, wordsInto(cells));
    if (where === null) return [];
    // The inner query sorts keys, not data.
    const sql = `SELECT ${STORED_RECORD_COLUMNS} FROM records WHERE rowid IN (
  SELECT rowid FROM records WHERE ${where} ORDER BY at_ms DESC, node DESC, type DESC, id DESC LIMIT ?)`;
    return (this.#read(sql, [...cells, query.limit]) as RecordRow[]).map(storedRecord).sort(byTime);
  }

  async rollups(query: RollupQuery): Promise<StoredRollup[]> {
    const cells: Cell[] = [];
    const nodes = query.node === undefined ? (this.#read("SELECT node FROM nodes", []) as NodeRow[]).map(({ node }) => node) : [];
    const where = rollupConditions(query, nodes, wordsInto(cells));
    const sql = `SELECT ${ROLLUP_COLUMNS_SQL} FROM rollups WHERE ${where} ORDER BY at DESC, node DESC, peer DESC LIMIT ?`;
    return (this.#read(sql, [...cells, query.limit]) as RollupRow[]).map(storedRollup).sort(byMinute);
  }

  async nodes(): Promise<StoredNode[]> {
    return storedNodes(this.#read(`SELECT ${NODE_COLUMNS} FROM nodes`, []) as NodeRow[], this.#read(TOMBSTONE_SUMS, []) as TombstoneRow[]);
  }

  async evict(eviction: Eviction): Promise<boolean> {
    return this.#guarded("write", () => this.#db.transaction(() => this.#evict(eviction)).immediate());
  }

  async close(): Promise<void> {
    while (this.#waiting.length > 0) this.#commitSome();
    this.#db.close();
  }

  #commitSome(): void {
    let count = 0;
    for (let rows = 0; count < this.#waiting.length && rows < COMMIT_ROWS; count++) rows += rowsIn(this.#waiting[count]!.delivery);
    const some = this.#waiting.splice(0, count);
    if (some.length === 0) return;
    if (this.#waiting.length > 0) setImmediate(() => this.#commitSome());
    try {
      const results = this.#commit(some);
      for (const [index, { resolve }] of some.entries()) resolve(results[index]!);
    } catch (error) {
      if (some.length === 1) some[0]!.reject(error);
      else for (const each of some) this.#commitAlone(each);
    }
  }

  /** After a failure in company: what one delivery cannot have must not keep the others from theirs. */
  #commitAlone(waiting: Waiting): void {
    try {
      waiting.resolve(this.#commit([waiting])[0]!);
    } catch (error) {
      waiting.reject(error);
    }
  }

  #commit(some: readonly Waiting[]): DeliveryResult[] {
    return this.#guarded("write", () => this.#db.transaction(() => some.map(({ delivery }) => this.#put(delivery))).immediate());
  }

  #put(delivery: Delivery): DeliveryResult {
    const { node, receivedMs } = delivery;
    for (const { db } of delivery.files) {
      const owner = this.#nodeOf.get(db);
      if (owner !== undefined && owner !== node) return { kind: "foreign", db };
    }
    this.#putNode.run(
      node,
      delivery.version,
      delivery.address,
      receivedMs,
      receivedMs,
      delivery.clock?.offsetMs ?? null,
      delivery.clock?.errorMs ?? null,
      JSON.stringify(delivery.backlog),
      delivery.blindSinceMs,
    );
    const acks: { readonly db: string; readonly lane: Lane; readonly seq: number }[] = [];
    for (const file of delivery.files) {
      this.#putFile.run(file.db, node);
      for (const lane of file.lanes) {
        this.#putRows(delivery, lane);
        acks.push({ db: file.db, lane: lane.lane, seq: this.#advance(delivery, file.db, lane) });
      }
    }
    return { kind: "stored", acks };
  }

  #putRows(delivery: Delivery, lane: ParsedLane): void {
    const { node, receivedMs } = delivery;
    const offsetMs = delivery.clock?.offsetMs ?? null;
    const errorMs = delivery.clock?.errorMs ?? null;
    for (const record of lane.records) {
      const final = record.digest !== null;
      this.#putRecord.run(
        node,
        record.type,
        record.id,
        record.version,
        record.rank,
        record.parent,
        record.peer,
        record.atMs,
        record.untilMs ?? Infinity,
        receivedMs,
        record.digest,
        final ? receivedMs : null,
        final ? offsetMs : null,
        final ? errorMs : null,
        record.data,
      );
    }
    for (const rollup of lane.rollups) this.#putRollup.run(node, rollup.at, rollup.peer, rollup.version, ...rollup.counts, rollup.histogram);
  }

  #advance(delivery: Delivery, db: string, lane: ParsedLane): number {
    const before = Number(this.#ackedOf.get(delivery.node, db, lane.lane) ?? 0);
    const { acked, passed } = contiguous(before, lane);
    if (acked > before) this.#putLane.run(delivery.node, db, lane.lane, acked);
    for (const { reason, numbers } of passed)
      this.#putTombstones.run(delivery.node, db, lane.lane, reason, numbers, delivery.receivedMs, delivery.receivedMs);
    return acked;
  }

  #evict({ recordsBeforeMs, samplesBeforeMs, rollupsBeforeMs }: Eviction): boolean {
    let left = EVICT_ROWS;
    const remove = (table: string, key: string, where: string, ...cells: readonly Cell[]): void => {
      if (left > 0)
        left -= this.#db
          .prepare(`DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE ${where} LIMIT ?)`)
          .run(...cells, left).changes;
    };
    const old = "type = ? AND until_ms < ? AND received_ms < ? ORDER BY until_ms";
    remove("records", "rowid", old, SAMPLES, samplesBeforeMs, samplesBeforeMs);
    for (const type of LONG_LIVED) remove("records", "rowid", old, type, recordsBeforeMs, recordsBeforeMs);
    for (const type of LONG_LIVED)
      remove("records", "rowid", "type = ? AND until_ms = 9e999 AND node IN (SELECT node FROM nodes WHERE last_heard_ms < ?)", type, recordsBeforeMs);
    remove("rollups", "node, at, peer", "node IN (SELECT node FROM nodes) AND at < ? ORDER BY node, at", Math.ceil(rollupsBeforeMs / 1_000));
    return left === 0;
  }

  #read(sql: string, cells: readonly Cell[]): unknown[] {
    return this.#guarded("read", () => this.#db.prepare(sql).all(...cells));
  }

  #guarded<T>(verb: "read" | "write", work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw unavailable(error, verb, this.#file) ?? error;
    }
  }
}

function insert(table: string, columns: string, conflict: string): string {
  return `INSERT INTO ${table} (${columns}) VALUES (${columns.replace(/\w+/g, "?")}) ${conflict}`;
}

function wordsInto(cells: Cell[]): Words {
  return {
    value: (value) => {
      cells.push(value);
      return "?";
    },
    oneOf: (list) => {
      cells.push(JSON.stringify(list));
      return "IN (SELECT value FROM json_each(?))";
    },
  };
}

function rowsIn({ files }: Delivery): number {
  let rows = 0;
  for (const { lanes } of files) for (const lane of lanes) rows += lane.records.length + lane.rollups.length;
  return rows;
}
