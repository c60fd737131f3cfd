/**
 * What is in the collector's database, asked of the database itself and not through the collector: what a node told is there once and as it was told, and what
 * is another's did not change. Tables and columns are found by name, so that it holds for both stores.
 */
import { createHash } from "node:crypto";
import Database from "better-sqlite3";
import { Pool } from "pg";
import { ROLLUP_COLUMNS } from "../../src/sync/record-types.ts";
import { LANES } from "../../src/sync/wire.ts";
import { stockOf, type NodeStock } from "./simulated-records.ts";

type Rows = readonly Readonly<Record<string, unknown>>[];

export interface CollectorRows {
  /** SHA-256 over every row that is this node's, in whatever table. */
  sumOf(node: string): Promise<string>;
  /** Every name that stands in a column `node`. */
  nodes(): Promise<readonly string[]>;
  /** Records and rollups of each node. */
  counts(): Promise<ReadonlyMap<string, number>>;
  /** What is not as it must be after `stock` was told and nothing else; empty when all is there, once and as told. */
  differences(stock: NodeStock): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** `store` as in collector.yaml. */
export function openCollectorRows(store: string): CollectorRows {
  const { ask, tables, close } = store.startsWith("sqlite:") ? sqlite(store.slice("sqlite:".length)) : postgres(store);
  return {
    async sumOf(node) {
      const hash = createHash("sha256");
      for (const table of await tables()) {
        const lines = (await ask(`SELECT * FROM ${table} WHERE node = $1`, [node])).map((row) => JSON.stringify(row));
        hash.update(`${table}\n${lines.sort().join("\n")}\n`);
      }
      return hash.digest("hex");
    },
    async nodes() {
      const names = new Set<string>();
      for (const table of await tables()) for (const row of await ask(`SELECT DISTINCT node FROM ${table}`, [])) names.add(String(row["node"]));
      return [...names].sort();
    },
    async counts() {
      const counts = new Map<string, number>();
      for (const table of ["records", "rollups"]) {
        for (const { node, n } of await ask(`SELECT node, COUNT(*) AS n FROM ${table} GROUP BY node`, []))
          counts.set(String(node), (counts.get(String(node)) ?? 0) + Number(n));
      }
      return counts;
    },
    async differences(stock) {
      const records = await ask("SELECT type, id, version, data FROM records WHERE node = $1", [stock.name]);
      const rollups = await ask("SELECT * FROM rollups WHERE node = $1", [stock.name]);
      return compare(stock, { records, rollups });
    },
    close,
  };
}

function compare(node: NodeStock, found: { readonly records: Rows; readonly rollups: Rows }): string[] {
  const stock = stockOf(node);
  const wrong: string[] = [];
  const records = new Map(found.records.map((row) => [`${String(row["type"])} ${String(row["id"])}`, row]));
  const rollups = new Map(found.rollups.map((row) => [`${String(row["at"])} ${String(row["peer"])}`, row]));
  for (const lane of LANES) {
    for (let seq = 1; seq <= stock.last(lane); seq++) {
      const { type, id, version, data } = stock.record(lane, seq);
      const cells = data as readonly unknown[];
      const key = lane === 2 ? `${String(cells[0])} ${String(cells[1])}` : `${type} ${id}`;
      const there = (lane === 2 ? rollups : records).get(key);
      if (there === undefined) wrong.push(`${node.name}: ${key} is missing`);
      else if (Number(there["version"]) !== version) wrong.push(`${node.name}: ${key} has version ${String(there["version"])}, not ${version}`);
      else if (lane !== 2 && plain(there["data"]) !== JSON.stringify(data)) wrong.push(`${node.name}: ${key} is not as it was told`);
      else if (lane === 2 && !isSameRollup(there, cells)) wrong.push(`${node.name}: rollup ${key} is not as it was told`);
      (lane === 2 ? rollups : records).delete(key);
    }
  }
  for (const key of [...records.keys(), ...rollups.keys()]) wrong.push(`${node.name}: ${key} was never told`);
  return wrong;
}

/** Columns that are stored one by one; what a store packs together is compared only as far as it has a column of the name. */
function isSameRollup(row: Readonly<Record<string, unknown>>, cells: readonly unknown[]): boolean {
  return ROLLUP_COLUMNS.every((column, index) => {
    const value = row[column];
    if (value === undefined) return true;
    if (value instanceof Uint8Array) return Buffer.from(value).toString("base64") === cells[index];
    // PostgreSQL's bigint comes as text.
    return typeof cells[index] === "number" ? Number(value) === cells[index] : value === cells[index];
  });
}

function plain(data: unknown): string {
  return typeof data === "string" ? JSON.stringify(JSON.parse(data)) : JSON.stringify(data);
}

interface Source {
  ask(sql: string, given: readonly string[]): Promise<Rows>;
  /** Those with a column `node`. */
  tables(): Promise<readonly string[]>;
  close(): Promise<void>;
}

function sqlite(file: string): Source {
  const db = new Database(file, { readonly: true });
  const ask: Source["ask"] = (sql, given) => Promise.resolve(db.prepare(sql.replace("$1", "?")).all(...given) as Rows);
  const named = "SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'node' ORDER BY m.name";
  return {
    ask,
    tables: async () => (await ask(named, [])).map((row) => String(row["name"])),
    close: () => Promise.resolve(void db.close()),
  };
}

function postgres(url: string): Source {
  const pool = new Pool({ connectionString: url, max: 1 });
  // The database is restarted meanwhile: the next question finds out.
  pool.on("error", () => {});
  const ask: Source["ask"] = async (sql, given) => (await pool.query(sql, [...given])).rows as Rows;
  const named =
    "SELECT table_name FROM information_schema.columns WHERE column_name = 'node' AND table_schema = current_schema() ORDER BY table_name";
  return { ask, tables: async () => (await ask(named, [])).map((row) => String(row["table_name"])), close: () => pool.end() };
}
