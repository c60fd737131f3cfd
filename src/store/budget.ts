/**
 * Keeps both databases within their ages and their bytes. Deletes in small chunks, a bounded number per call, so that it never holds the agent up for long.
 *
 * Over the byte budget the cheapest loss goes first: old baselines that nothing refers to, raw samples of old incidents, 10-s rows, 1-min rows, 1-h rows, then
 * whole old incidents; of those what has been told to a collector before what has not. Never touched: incidents that are not finished, rollups that have not been added up yet, the last baseline of a peer and the baselines
 * that an incident refers to.
 * What was deleted is written down in `tombstones`: one row a day, kind and reason.
 */
import { statSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { Ballast } from "./ballast.ts";
import { truncateWal, usedBytes, type Database } from "./database.ts";
import type { EvidenceStore } from "./evidence.ts";
import type { MetricsStore } from "./metrics.ts";
import { idSql } from "./record-keys.ts";
import type { RollupTable } from "./rollup-plan.ts";
import { StatementCache, type Cell, type Cells } from "./statement-cache.ts";

const CHUNK_ROWS = 5000;
const CHUNK_INCIDENTS = 20;
const MAX_CHUNKS_PER_RUN = 50;
const VACUUM_PAGES = 4000;
/** Baselines that no incident refers to are kept this long. */
const BASELINE_MS = 24 * 3600_000;
/** A younger one may still be written again with what was learned since: baselines begin a new row every hour. */
const BASELINE_FINAL_MS = 2 * 3600_000;

const FINISHED = "status IN ('closed', 'interrupted')";
/** Something of an incident is still to be told. What is stored is put into the queue bit by bit: until that is done, nobody knows. */
const UNSENT = `(EXISTS (SELECT 1 FROM outbox WHERE type IN ('incident', 'row.incidents') AND id = incidents.id)
  OR EXISTS (SELECT 1 FROM captures JOIN outbox ON type = 'row.captures' AND outbox.id = captures.id WHERE incident_id = incidents.id)
  OR EXISTS (SELECT 1 FROM captures JOIN lines ON capture_id = captures.id JOIN outbox ON type = 'row.lines' AND outbox.id = ${idSql("lines", "lines.").replace("lines.capture_id", "captures.id")} WHERE incident_id = incidents.id)
  OR EXISTS (SELECT 1 FROM samples JOIN outbox ON type = 'row.samples' AND outbox.id = ${idSql("samples", "samples.")} WHERE samples.incident_id = incidents.id))`;
const SEEDING = "EXISTS (SELECT 1 FROM lanes WHERE seed IS NOT NULL OR seed_due = 1)";

export interface BudgetOptions {
  readonly evidence: EvidenceStore;
  readonly metrics: MetricsStore;
  readonly ballast: Ballast;
  readonly store: Config["store"];
}

type Eviction = "baselines" | "samples" | "rollups_10s" | "rollups_1m" | "rollups_1h" | "evidence";
const ORDER: readonly Eviction[] = ["baselines", "samples", "rollups_10s", "rollups_1m", "rollups_1h", "evidence"];

interface Deleted {
  readonly rows: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export class StoreBudget {
  readonly #evidence: EvidenceStore;
  readonly #metrics: MetricsStore;
  readonly #evidenceSql: StatementCache;
  readonly #metricsSql: StatementCache;
  readonly #ballast: Ballast;
  readonly #limits: Config["store"];
  /** In this run: nothing is left that has been sent. */
  #allUnsent = false;

  constructor(options: BudgetOptions) {
    this.#evidence = options.evidence;
    this.#metrics = options.metrics;
    this.#evidenceSql = new StatementCache(options.evidence.database);
    this.#metricsSql = new StatementCache(options.metrics.database);
    this.#ballast = options.ballast;
    this.#limits = options.store;
  }

  /** Bytes that count against `store.max_bytes`. */
  bytes(): number {
    const files = [this.#evidence.database, this.#metrics.database];
    return files.reduce((sum, db) => sum + usedBytes(db) + walBytes(db), this.#ballast.heldBytes());
  }

  /** Call it once a minute. Returns true when more is left to delete. */
  run(nowMs: number): boolean {
    const ages: readonly (readonly [Eviction, number])[] = [
      ["rollups_10s", this.#limits.rollups.tenSecondsMs],
      ["rollups_1m", this.#limits.rollups.minuteMs],
      ["rollups_1h", this.#limits.rollups.hourMs],
      ["evidence", this.#limits.evidenceMs],
    ];
    let chunks = 0;
    this.#allUnsent = false;
    for (const [what, ageMs] of ages) {
      while (chunks < MAX_CHUNKS_PER_RUN && this.#evict(what, "age", { beforeMs: nowMs - ageMs, nowMs })) chunks++;
    }
    this.#expireLoose(nowMs);
    for (const what of ORDER) {
      this.#allUnsent = false;
      const beforeMs = what === "baselines" ? nowMs - BASELINE_FINAL_MS : Infinity;
      while (chunks < MAX_CHUNKS_PER_RUN && this.#isOver() && this.#evict(what, "budget", { beforeMs, nowMs })) chunks++;
    }
    if (chunks > 0) this.#evidence.outbox().compact();
    this.#ballast.create();
    for (const db of [this.#evidence.database, this.#metrics.database]) {
      db.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
      if (chunks > 0) truncateWal(db);
    }
    return chunks >= MAX_CHUNKS_PER_RUN;
  }

  /** Whether something must go. Deleting makes the WAL grow, so it is emptied before it is held against the evidence. */
  #isOver(): boolean {
    if (this.bytes() <= this.#limits.maxBytes) return false;
    for (const db of [this.#evidence.database, this.#metrics.database]) truncateWal(db);
    return this.bytes() > this.#limits.maxBytes;
  }

  #evict(what: Eviction, reason: "age" | "budget", when: { readonly beforeMs: number; readonly nowMs: number }): boolean {
    const deleted = this.#delete(what, when.beforeMs);
    if (deleted === null) return false;
    this.#evidence.transaction(() =>
      this.#evidenceSql.run(
        `INSERT INTO tombstones (day, what, reason, from_ms, to_ms, rows) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
         from_ms = min(from_ms, excluded.from_ms), to_ms = max(to_ms, excluded.to_ms), rows = rows + excluded.rows`,
        new Date(when.nowMs).toISOString().slice(0, 10),
        what,
        reason,
        deleted.fromMs,
        deleted.toMs,
        deleted.rows,
      ),
    );
    return true;
  }

  #delete(what: Eviction, beforeMs: number): Deleted | null {
    switch (what) {
      case "baselines":
        return this.#deleteBaselines(beforeMs);
      case "samples":
        return this.#deleteIncidents({ beforeMs, samplesOnly: true });
      case "evidence":
        return this.#deleteIncidents({ beforeMs, samplesOnly: false });
      case "rollups_10s":
        return this.#deleteRollups(what, Math.min(beforeMs, this.#rolledUntilMs("rollups_1m")));
      case "rollups_1m":
        return this.#deleteRollups(what, Math.min(beforeMs, this.#rolledUntilMs("rollups_1h")));
      case "rollups_1h":
        return this.#deleteRollups(what, beforeMs);
    }
  }

  /** The oldest that neither an incident refers to nor are the last of their peer. */
  #deleteBaselines(beforeMs: number): Deleted | null {
    const rows = this.#evidenceSql.all(
      `SELECT c.id, c.started_ms FROM captures c INDEXED BY captures_baselines WHERE c.incident_id IS NULL AND c.trigger = 'baseline' AND c.started_ms < ?
         AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.baseline_capture_id = c.id)
         AND EXISTS (SELECT 1 FROM captures n WHERE n.incident_id IS NULL AND n.trigger = 'baseline' AND n.peer = c.peer AND n.started_ms > c.started_ms AND n.status = 'complete')
       ORDER BY c.started_ms LIMIT ${CHUNK_ROWS}`,
      beforeMs,
    );
    if (rows.length === 0) return null;
    const ids = JSON.stringify(rows.map((row) => row["id"]));
    this.#evidence.transaction(() => this.#evidenceSql.run("DELETE FROM captures WHERE id IN (SELECT value FROM json_each(?))", ids));
    return { rows: rows.length, fromMs: Number(rows[0]?.["started_ms"]), toMs: Number(rows.at(-1)?.["started_ms"]) };
  }

  #rolledUntilMs(coarser: RollupTable): number {
    return Number(this.#metricsSql.get("SELECT value FROM meta WHERE key = ?", coarser)?.["value"] ?? 0) * 1000;
  }

  #deleteRollups(table: RollupTable, beforeMs: number): Deleted | null {
    const before = Math.min(beforeMs / 1000, Number.MAX_SAFE_INTEGER);
    const first = this.#metricsSql.get(`SELECT MIN(at) AS at FROM ${table} WHERE at < ?`, before)?.["at"];
    if (typeof first !== "number") return null;
    // The first row that stays; with more than a chunk of peers, one whole period goes.
    const chunkEnd = this.#metricsSql.get(`SELECT at FROM ${table} WHERE at < ? ORDER BY at LIMIT 1 OFFSET ?`, before, CHUNK_ROWS)?.["at"];
    const end = typeof chunkEnd === "number" ? Math.max(chunkEnd, first + 1) : before;
    const rows = this.#metricsSql.run(`DELETE FROM ${table} WHERE at < ?`, end);
    if (table === "rollups_1m") this.#forgetPending(end);
    return { rows, fromMs: first * 1000, toMs: typeof chunkEnd === "number" ? end * 1000 : Math.min(beforeMs, Number.MAX_SAFE_INTEGER) };
  }

  /** What waits to be sent is nearly in the order of time; what is out of it goes with what is next to it. */
  #forgetPending(beforeS: number): void {
    const kept = this.#metricsSql.get("SELECT seq FROM pending_rollups WHERE at >= ? ORDER BY seq LIMIT 1", beforeS)?.["seq"];
    this.#metricsSql.run("DELETE FROM pending_rollups WHERE seq < ?", typeof kept === "number" ? kept : Number.MAX_SAFE_INTEGER);
  }

  /** The oldest of those that were sent, then the oldest; by age, what is due. */
  #incidentsToDelete({ beforeMs, samplesOnly }: { readonly beforeMs: number; readonly samplesOnly: boolean }): Cells[] {
    const filter = samplesOnly ? "AND EXISTS (SELECT 1 FROM samples WHERE samples.incident_id = incidents.id)" : "";
    const oldest = (more: string): Cells[] =>
      this.#evidenceSql.all(
        `SELECT id, event_id, started_ms, ended_ms FROM incidents WHERE ${FINISHED} AND started_ms < ? ${filter} ${more} ORDER BY started_ms LIMIT ${CHUNK_INCIDENTS}`,
        Math.min(beforeMs, Number.MAX_SAFE_INTEGER),
      );
    if (!this.#allUnsent && beforeMs === Infinity) {
      const sent = oldest(`AND NOT ${SEEDING} AND NOT ${UNSENT}`);
      if (sent.length > 0) return sent;
      this.#allUnsent = true;
    }
    return oldest("");
  }

  #deleteIncidents(what: { readonly beforeMs: number; readonly samplesOnly: boolean }): Deleted | null {
    const { samplesOnly } = what;
    const rows = this.#incidentsToDelete(what);
    if (rows.length === 0) return null;
    this.#evidence.transaction(() => {
      for (const row of rows) {
        const id: Cell = row["id"] ?? null;
        this.#evidenceSql.run("DELETE FROM samples WHERE incident_id = ?", id);
        if (samplesOnly) continue;
        this.#evidenceSql.run("DELETE FROM lines WHERE capture_id IN (SELECT id FROM captures WHERE incident_id = ?)", id);
        this.#evidenceSql.run("DELETE FROM captures WHERE incident_id = ?", id);
        this.#evidenceSql.run("DELETE FROM incidents WHERE id = ?", id);
      }
      if (!samplesOnly) this.#deleteVerdicts(rows.map((row) => String(row["event_id"])));
    });
    return {
      rows: rows.length,
      fromMs: Number(rows[0]?.["started_ms"]),
      toMs: Math.max(...rows.map((row) => Number(row["ended_ms"] ?? row["started_ms"]))),
    };
  }

  /** Of events whose last incident is gone. One look at the incidents for all: one for each version of a verdict took 17 s for a thousand events (measured). */
  #deleteVerdicts(eventIds: readonly string[]): void {
    const kept = this.#evidenceSql.all(
      "SELECT DISTINCT event_id FROM incidents WHERE event_id IN (SELECT value FROM json_each(?))",
      JSON.stringify(eventIds),
    );
    const keep = new Set(kept.map((row) => String(row["event_id"])));
    for (const eventId of eventIds) if (!keep.has(eventId)) this.#evidenceSql.run("DELETE FROM verdicts WHERE event_id = ?", eventId);
  }

  /** What belongs to no incident: blind intervals, traces for others, baselines. No tombstones: they expire, nothing is cut short. */
  #expireLoose(nowMs: number): void {
    this.#evidence.transaction(() => {
      const before = nowMs - this.#limits.evidenceMs;
      this.#evidenceSql.run("DELETE FROM blind WHERE ended_ms < ?", before);
      const old = "incident_id IS NULL AND trigger <> 'baseline' AND started_ms < ?";
      this.#evidenceSql.run(`DELETE FROM lines WHERE capture_id IN (SELECT id FROM captures WHERE ${old})`, before);
      this.#evidenceSql.run(`DELETE FROM captures WHERE ${old}`, before);
    });
    this.#deleteBaselines(nowMs - BASELINE_MS);
  }
}

function walBytes(db: Database): number {
  return statSync(`${db.name}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}
