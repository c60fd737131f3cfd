/**
 * What metrics.db has to tell: minutes, in lane 2. Every write of one is a row of its own in `pending_rollups`, while a collector is configured. Rows that are gone when
 * it is their turn were evicted.
 */
import { ROLLUP_COLUMNS } from "../sync/record-types.ts";
import type { Backlog } from "../sync/outbox.ts";
import type { Lane } from "../sync/wire.ts";
import type { Cells } from "./statement-cache.ts";
import { beginSeed, type OutboxFile, type OutboxSource, type Pending } from "./store-outbox.ts";

const LANE: Lane = 2;
const SEED_ROWS = 1_000;
const SEED_BELOW = 2_000;

const CELLS = ROLLUP_COLUMNS.map((column) =>
  column === "peer" ? "p.name AS peer" : column === "at" ? "q.at AS at" : `r.${column} AS ${column}`,
).join(", ");

export class MetricsOutboxSource implements OutboxSource {
  readonly lanes: readonly Lane[] = [LANE];
  readonly unknownGap = "evicted";
  readonly #file: OutboxFile;
  /** Of the batch that is being read: a row is as it is now. */
  #version = 0;

  constructor(file: OutboxFile) {
    this.#file = file;
  }

  prepare(): void {
    const { sql, write, wallMs } = this.#file;
    const nowMs = Math.floor(wallMs());
    if (this.lastSeq() === 0) return;
    write(() => {
      sql.run("INSERT INTO lanes (lane, last_seq, acked_seq, told_seq, version, seed_due) VALUES (?, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING", LANE);
      sql.run("UPDATE lanes SET version = max(version + 1, ?) WHERE lane = ?", nowMs, LANE);
      beginSeed(sql, LANE, nowMs);
      this.#seed();
    });
    this.#version = Number(sql.get("SELECT version FROM lanes WHERE lane = ?", LANE)?.["version"]);
  }

  lastSeq(): number {
    return Number(this.#file.sql.get("SELECT seq FROM sqlite_sequence WHERE name = 'pending_rollups'")?.["seq"] ?? 0);
  }

  after(_lane: Lane, seq: number, limit: number): Pending[] {
    const version = this.#version;
    return this.#file.sql
      .all(
        `SELECT q.seq, r.sent IS NOT NULL AS stored, ${CELLS} FROM pending_rollups q LEFT JOIN rollups_1m r ON r.at = q.at AND r.peer_id = q.peer_id
         LEFT JOIN peers p ON p.id = q.peer_id WHERE q.seq > ? ORDER BY q.seq LIMIT ?`,
        seq,
        limit,
      )
      .map((cells) => ({
        seq: Number(cells["seq"]),
        type: "rollup",
        id: `${Number(cells["at"])} ${String(cells["peer"])}`,
        isReady: () => true,
        read: () => (cells["stored"] === 1 ? { version, data: dataOf(cells) } : null),
      }));
  }

  remove(_lane: Lane, from: number, to: number): void {
    this.#file.sql.run("DELETE FROM pending_rollups WHERE seq BETWEEN ? AND ?", from, to);
  }

  /** Counted by the numbers: nearly all of those between the first and the last wait. */
  backlog(_lane: Lane, ackedSeq: number): Backlog {
    const first = this.#file.sql.get("SELECT seq, at FROM pending_rollups ORDER BY seq LIMIT 1");
    if (first === undefined) return { records: 0, oldestMs: null };
    return { records: this.lastSeq() - Math.max(ackedSeq, Number(first["seq"]) - 1), oldestMs: Number(first["at"]) * 1000 };
  }

  /** Some of what is stored, in the order of time. */
  #seed(): void {
    const { sql } = this.#file;
    const text = sql.get("SELECT seed FROM lanes WHERE lane = ?", LANE)?.["seed"];
    if (typeof text !== "string") return;
    const waits = sql.get("SELECT count(*) AS count FROM (SELECT 1 FROM pending_rollups LIMIT ?)", SEED_BELOW)?.["count"];
    if (Number(waits) >= SEED_BELOW) return;
    const { at = -1, peer = -1 } = JSON.parse(text) as { readonly at?: number; readonly peer?: number };
    const rows = sql.all("SELECT at, peer_id FROM rollups_1m WHERE (at, peer_id) > (?, ?) ORDER BY at, peer_id LIMIT ?", at, peer, SEED_ROWS);
    for (const row of rows) sql.run("INSERT INTO pending_rollups (at, peer_id) VALUES (?, ?)", row["at"] ?? null, row["peer_id"] ?? null);
    const last = rows.at(-1);
    sql.run("UPDATE lanes SET seed = ? WHERE lane = ?", last === undefined ? null : JSON.stringify({ at: last["at"], peer: last["peer_id"] }), LANE);
  }
}

function dataOf(cells: Cells): (string | number | null)[] {
  return ROLLUP_COLUMNS.map((column) => {
    const cell = cells[column] ?? null;
    return cell instanceof Uint8Array ? Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength).toString("base64") : cell;
  });
}
