/**
 * metrics.db: ten-second rollups per peer, added up into 1-min and 1-h rows when a period is over.
 *
 * A cursor per level says how far the coarser rows are complete. Rows that arrive for a period before the cursor (a probe judged late, a wall clock set back) are
 * added to the coarser rows on the spot, in the same commit, so the sum over any level is the same at every moment. Adding is exact, histograms included.
 */
import { Histogram } from "../stats/histogram.ts";
import { commit, openDatabase, type Database, type FullDisk } from "./database.ts";
import { MetricsOutboxSource } from "./metrics-outbox.ts";
import { METRICS_SCHEMA } from "./migrations.ts";
import { floorTo, HOUR_S, MINUTE_S, TEN_S, type RollupTable } from "./rollup-plan.ts";
import { COUNT_COLUMNS, ROLLUP_COUNTS } from "./rollup-counts.ts";
import type { RollupRow } from "./rows.ts";
import { StatementCache, type Cell, type Cells } from "./statement-cache.ts";
import { StoreOutbox } from "./store-outbox.ts";

/** A period is rolled this long after its end: hard timeout, late acceptance and the wire's own batch are over by then. */
const GRACE_S = 30;
/** Periods that one call rolls per level: after a long stop it catches up over several calls instead of stalling one. */
const MAX_PERIODS_PER_ROLL = 60;

/** Of a row, without what it is the row of. */
const VALUE_COLUMNS = [...COUNT_COLUMNS, "rtt_min_us", "rtt_max_us", "error_max_us", "histogram"];
const COLUMNS = ["at", "peer_id", ...VALUE_COLUMNS];

/** Everything about one period of one peer, ready to be added. */
interface Sums {
  /** In the order of `ROLLUP_COUNTS`. */
  readonly counts: number[];
  rttMinUs: number;
  rttMaxUs: number;
  errorMaxUs: number;
  readonly histogram: Histogram;
}

export interface MetricsOptions extends FullDisk {
  /** There is a collector: minutes wait for it. */
  readonly keepPending?: boolean;
}

export class MetricsStore {
  readonly #db: Database;
  readonly #sql: StatementCache;
  readonly #options: MetricsOptions;
  readonly #peerIds: Map<string, number> = new Map();
  readonly #scratch: Histogram = new Histogram();

  constructor(dir: string, options: MetricsOptions = {}) {
    this.#db = openDatabase(dir, METRICS_SCHEMA, "NORMAL");
    this.#sql = new StatementCache(this.#db);
    this.#options = options;
  }

  get database(): Database {
    return this.#db;
  }

  get uuid(): string {
    return String(this.#sql.get("SELECT value FROM meta WHERE key = 'uuid'")?.["value"]);
  }

  /** What is to be told to a collector. The clock is for tests. */
  outbox(wallMs: () => number = Date.now): StoreOutbox {
    const file = { sql: this.#sql, wallMs, write: <T>(fn: () => T): T => this.#write(fn) };
    return new StoreOutbox(file, new MetricsOutboxSource(file));
  }

  /** Adds ten-second rows, one commit. A row of a period that is there already is added to it. */
  addRollups(rows: readonly RollupRow[]): void {
    if (rows.length === 0) return;
    this.#write(() => {
      const minuteCursor = this.#cursor("rollups_1m");
      const hourCursor = this.#cursor("rollups_1h");
      for (const row of rows) {
        const at = floorTo(row.atMs / 1000, TEN_S);
        const peerId = this.#peerId(row.peer);
        this.#add("rollups_10s", at, peerId, row);
        if (at < minuteCursor) this.#add("rollups_1m", floorTo(at, MINUTE_S), peerId, row);
        if (at < hourCursor) this.#add("rollups_1h", floorTo(at, HOUR_S), peerId, row);
      }
    });
  }

  /** Writes the 1-min and 1-h rows of the periods that are over. Call it once a minute or more often. Returns true when there is more to catch up on. */
  roll(nowMs: number): boolean {
    const doneS = nowMs / 1000 - GRACE_S;
    return this.#write(() => {
      const minutesLeft = this.#rollLevel("rollups_10s", "rollups_1m", MINUTE_S, floorTo(doneS, MINUTE_S));
      const hoursUntil = Math.min(floorTo(doneS, HOUR_S), floorTo(this.#cursor("rollups_1m"), HOUR_S));
      const hoursLeft = this.#rollLevel("rollups_1m", "rollups_1h", HOUR_S, hoursUntil);
      return minutesLeft || hoursLeft;
    });
  }

  /** The wire was alive at this time (wall ms). Said once a second; what the next agent finds here is where its blind interval begins. */
  putAlive(atMs: number): void {
    this.#write(() => this.#sql.run("INSERT INTO meta (key, value) VALUES ('alive_ms', ?) ON CONFLICT DO UPDATE SET value = excluded.value", atMs));
  }

  /** When an agent was last seen alive on this directory, null on a new one. */
  lastAliveMs(): number | null {
    const value = this.#sql.get("SELECT value FROM meta WHERE key = 'alive_ms'")?.["value"];
    return value === undefined || value === null ? null : Number(value);
  }

  close(): void {
    this.#db.close();
  }

  #rollLevel(fine: RollupTable, coarse: RollupTable, periodS: number, until: number): boolean {
    for (let done = 0; done < MAX_PERIODS_PER_ROLL; done++) {
      const cursor = this.#cursor(coarse);
      const next = this.#sql.get(`SELECT MIN(at) AS at FROM ${fine} WHERE at >= ?`, Math.max(cursor, 0))?.["at"];
      const period = typeof next === "number" ? floorTo(next, periodS) : Infinity;
      if (period >= until) {
        if (until > cursor && (cursor > 0 || period < Infinity)) this.#setCursor(coarse, until);
        return false;
      }
      this.#rollPeriod(fine, coarse, period, period + periodS);
      this.#setCursor(coarse, period + periodS);
    }
    return true;
  }

  /** Peer by peer and row by row: an hour of a thousand peers is sixty thousand rows with their histograms, which the memory would never quite get rid of. */
  #rollPeriod(fine: RollupTable, coarse: RollupTable, from: number, to: number): void {
    const step = fine === "rollups_10s" ? TEN_S : MINUTE_S;
    for (const { id } of this.#sql.all("SELECT id FROM peers")) {
      let sum: Sums | null = null;
      for (let at = from; at < to; at += step) {
        const cells = this.#sql.get(`SELECT * FROM ${fine} WHERE at = ? AND peer_id = ?`, at, id ?? null);
        if (cells === undefined) continue;
        if (sum === null) sum = startSums(cells, this.#scratch);
        else addCells(sum, cells);
      }
      if (sum !== null) this.#put(coarse, from, Number(id), sum);
    }
  }

  #add(table: RollupTable, at: number, peerId: number, row: RollupRow): void {
    const inserted = this.#sql.run(`${insertInto(table)} ON CONFLICT DO NOTHING`, at, peerId, ...rowCells(row));
    if (inserted > 0) return this.#changed(table, at, peerId);
    const sum = startSums(this.#sql.get(`SELECT * FROM ${table} WHERE at = ? AND peer_id = ?`, at, peerId) ?? {}, this.#scratch);
    addCells(sum, cellsOf(row));
    this.#put(table, at, peerId, sum);
  }

  #put(table: RollupTable, at: number, peerId: number, sum: Sums): void {
    this.#sql.run(
      insertInto(table, "INSERT OR REPLACE"),
      at,
      peerId,
      ...sum.counts,
      sum.rttMinUs,
      sum.rttMaxUs,
      sum.errorMaxUs,
      sum.histogram.encode(),
    );
    this.#changed(table, at, peerId);
  }

  #changed(table: RollupTable, at: number, peerId: number): void {
    if (table === "rollups_1m" && this.#options.keepPending === true)
      this.#sql.run("INSERT INTO pending_rollups (at, peer_id) VALUES (?, ?)", at, peerId);
  }

  #peerId(name: string): number {
    let id = this.#peerIds.get(name);
    if (id === undefined) {
      this.#sql.run("INSERT OR IGNORE INTO peers (name) VALUES (?)", name);
      id = Number(this.#sql.get("SELECT id FROM peers WHERE name = ?", name)?.["id"]);
      this.#peerIds.set(name, id);
    }
    return id;
  }

  #cursor(table: RollupTable): number {
    return Number(this.#sql.get("SELECT value FROM meta WHERE key = ?", table)?.["value"] ?? 0);
  }

  #setCursor(table: RollupTable, at: number): void {
    this.#sql.run("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", table, at);
  }

  #write<T>(fn: () => T): T {
    if (this.#db.inTransaction) return fn();
    // A peer id that was made in a transaction is gone with it.
    return commit(this.#db, fn, { ...this.#options, onUndone: () => this.#peerIds.clear() });
  }
}

function insertInto(table: RollupTable, verb = "INSERT"): string {
  return `${verb} INTO ${table} (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map(() => "?").join(", ")})`;
}

/** In the order of `VALUE_COLUMNS`. */
function rowCells(row: RollupRow): Cell[] {
  return [...ROLLUP_COUNTS.map((count) => row[count]), row.rttMinUs, row.rttMaxUs, row.errorMaxUs, row.histogram];
}

function cellsOf(row: RollupRow): Cells {
  const values = rowCells(row);
  return Object.fromEntries(VALUE_COLUMNS.map((column, index) => [column, values[index] ?? null]));
}

function startSums(cells: Cells, histogram: Histogram): Sums {
  histogram.clear();
  const sum: Sums = { counts: COUNT_COLUMNS.map(() => 0), rttMinUs: 0, rttMaxUs: 0, errorMaxUs: 0, histogram };
  addCells(sum, cells);
  return sum;
}

function addCells(sum: Sums, cells: Cells): void {
  COUNT_COLUMNS.forEach((column, index) => {
    sum.counts[index] = (sum.counts[index] ?? 0) + Number(cells[column] ?? 0);
  });
  // A minimum of 0 means that nothing was received.
  const min = Number(cells["rtt_min_us"] ?? 0);
  if (min > 0) sum.rttMinUs = sum.rttMinUs > 0 ? Math.min(sum.rttMinUs, min) : min;
  sum.rttMaxUs = Math.max(sum.rttMaxUs, Number(cells["rtt_max_us"] ?? 0));
  sum.errorMaxUs = Math.max(sum.errorMaxUs, Number(cells["error_max_us"] ?? 0));
  const histogram = cells["histogram"];
  if (histogram instanceof Uint8Array) sum.histogram.mergeEncoded(histogram);
}
