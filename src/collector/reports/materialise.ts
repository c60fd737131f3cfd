/**
 * The records of one node → databases in memory with the node's own schemas. What reads a node's disk then reads these: the same code makes the same report, the same
 * page and the same SHA-256 of the same rows. The alternative, a second reader for records, would have to be kept equal to the first for ever.
 *
 * Records come from other machines: each cell is held against its shape (row-shapes.ts) before it is inserted. A record that does not fit is left out and counted.
 */
import Sqlite from "better-sqlite3";
import { migrate, type Database } from "../../store/database.ts";
import { EVIDENCE_SCHEMA, METRICS_SCHEMA, type Schema } from "../../store/migrations.ts";
import type { StoreReader } from "../../store/reader.ts";
import { columnsOf, ROLLUP_COLUMNS, type Cell, type EvidenceTable } from "../../sync/record-types.ts";
import { headRows } from "./head-rows.ts";
import { ROW_SHAPES } from "./row-shapes.ts";
import { count, text } from "./shapes.ts";

const MINUTE_S = 60;
const ROW_PREFIX = "row.";

export interface NodeRecord {
  readonly type: string;
  /** Parsed JSON. */
  readonly data: unknown;
}

/** One minute of one peer: `counts` in the order of ROLLUP_COLUMNS behind `at` and `peer`. */
export interface NodeRollup {
  readonly at: number;
  readonly peer: string;
  readonly counts: readonly number[];
  readonly histogram: Uint8Array;
}

export interface NodeRows {
  readonly node: string;
  readonly records: readonly NodeRecord[];
  readonly rollups: readonly NodeRollup[];
}

export interface Materialised {
  readonly reader: StoreReader & { readonly evidence: Database };
  /** Records that did not have the shape of a row. */
  readonly leftOut: number;
  /** Incidents of which only the head has arrived: their row was made from it, and is not evidence. */
  readonly fromHeads: ReadonlySet<string>;
}

/** To be closed by whoever asked for it. Never throws for what the records hold. */
export function materialise({ node, records, rollups }: NodeRows): Materialised {
  const evidence = empty(EVIDENCE_SCHEMA);
  const metrics = empty(METRICS_SCHEMA);
  const skipped = evidence.transaction(() => insertRows(evidence, records))() + metrics.transaction(() => insertRollups(metrics, rollups))();
  const fromHeads = evidence.transaction(() => headRows(evidence, { node, records }))();
  const problems = skipped === 0 ? [] : [`${skipped} record${skipped === 1 ? "" : "s"} of ${node} not understood here and left out`];
  const close = (): void => {
    evidence.close();
    metrics.close();
  };
  return { reader: { dir: node, evidence, metrics, problems, warn: () => {}, close }, leftOut: skipped, fromHeads };
}

/** Nothing is queued to be sent from a copy. */
function empty(schema: Schema): Database {
  const db = new Sqlite(":memory:");
  migrate(db, schema);
  const triggers = db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all();
  for (const name of triggers) db.exec(`DROP TRIGGER "${name}"`);
  return db;
}

function insertRows(db: Database, records: readonly NodeRecord[]): number {
  const statements = new Map<EvidenceTable, Sqlite.Statement<(Cell | Uint8Array)[]>>();
  let skipped = 0;
  for (const { type, data } of records) {
    const table = tableOf(type);
    if (table === null) continue;
    const rows = rowsOf(table, data);
    if (rows === null) {
      skipped++;
      continue;
    }
    let statement = statements.get(table);
    if (statement === undefined) statements.set(table, (statement = db.prepare(insertInto(table))));
    for (const row of rows) statement.run(...row);
  }
  return skipped;
}

function tableOf(type: string): EvidenceTable | null {
  const table = type.startsWith(ROW_PREFIX) ? type.slice(ROW_PREFIX.length) : "";
  return Object.hasOwn(ROW_SHAPES, table) ? (table as EvidenceTable) : null;
}

function insertInto(table: EvidenceTable): string {
  const columns = table === "lines" ? ["capture_id", "number", "body"] : columnsOf(table);
  return `INSERT OR REPLACE INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`;
}

/** Null when it has not the shape. A newer node may have more columns. */
export function rowsOf(table: EvidenceTable, data: unknown): (Cell | Uint8Array)[][] | null {
  const shapes = ROW_SHAPES[table];
  if (!Array.isArray(data) || data.length < shapes.length || !shapes.every((shape, index) => shape(data[index]))) return null;
  const cells = data.slice(0, shapes.length) as Cell[];
  if (table === "lines") return (data[2] as [number, string][]).map(([number, body]) => [cells[0] ?? null, number, body]);
  if (table === "samples") return [[...cells.slice(0, -1), Buffer.from(String(cells.at(-1)), "base64")]];
  return [cells];
}

function insertRollups(db: Database, rollups: readonly NodeRollup[]): number {
  const ids = new Map<string, number>();
  const columns = ["at", "peer_id", ...ROLLUP_COLUMNS.slice(2)];
  const counts = ROLLUP_COLUMNS.length - 3;
  const insert = db.prepare(`INSERT OR REPLACE INTO rollups_1m (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`);
  const addPeer = db.prepare<[number, string]>("INSERT INTO peers (id, name) VALUES (?, ?)");
  let skipped = 0;
  let until = 0;
  for (const rollup of rollups) {
    if (!isRollup(rollup, counts)) {
      skipped++;
      continue;
    }
    let id = ids.get(rollup.peer);
    if (id === undefined) {
      ids.set(rollup.peer, (id = ids.size + 1));
      addPeer.run(id, rollup.peer);
    }
    insert.run(rollup.at, id, ...rollup.counts, rollup.histogram);
    until = Math.max(until, rollup.at + MINUTE_S);
  }
  db.prepare("INSERT INTO meta (key, value) VALUES ('rollups_1m', ?)").run(until);
  return skipped;
}

/** What was judged again may have made a count negative; the sums are right. */
function isRollup({ at, peer, counts, histogram }: NodeRollup, length: number): boolean {
  return (
    count(at) &&
    at % MINUTE_S === 0 &&
    text(peer) &&
    histogram instanceof Uint8Array &&
    counts.length === length &&
    counts.every(Number.isSafeInteger)
  );
}
