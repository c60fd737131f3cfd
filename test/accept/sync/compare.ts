/**
 * What a node has stored against what its collector has: row by row and cell by cell, read from both databases without the code that carries them. What the node
 * has deleted is not asked for; what it has must be there, once, and the same.
 */
import Sqlite from "better-sqlite3";
import { join } from "node:path";
import type { CollectorStore, StoredRecord } from "../../../src/collector/store/port.ts";
import { columnsOf, ROLLUP_COLUMNS, type EvidenceTable } from "../../../src/sync/record-types.ts";

export interface Difference {
  /** Rows of the node that a collector must have. */
  readonly rows: number;
  readonly rollups: number;
  readonly faults: readonly string[];
}

type Cells = Readonly<Record<string, string | number | Uint8Array | null>>;

const LIMIT = 2_000_000;
const MAX_TOLD = 20;

/** Tables whose rows are records of their own, with the columns that make the id. */
const KEYS: Readonly<Partial<Record<EvidenceTable, readonly string[]>>> = {
  incidents: ["id"],
  captures: ["id"],
  verdicts: ["event_id", "version"],
  blind: ["started_ms", "cause"],
  peers: ["name"],
  hop_names: ["address", "since_ms"],
  samples: ["incident_id", "epoch", "start_slot"],
};
/** Baselines that no incident refers to stay on the node. */
const WANTED: Readonly<Partial<Record<EvidenceTable, string>>> = {
  captures: "trigger <> 'baseline' OR id IN (SELECT baseline_capture_id FROM incidents)",
};

export interface CompareOptions {
  readonly node: string;
  readonly dataDir: string;
  readonly store: CollectorStore;
  /** Rows of incidents that a restored copy has made older than what was delivered before. */
  readonly mayBeOlder?: (incidentId: string) => boolean;
}

export async function compare({ node, dataDir, store, mayBeOlder = () => false }: CompareOptions): Promise<Difference> {
  const faults: string[] = [];
  const evidence = new Sqlite(join(dataDir, "evidence.db"), { readonly: true });
  const metrics = new Sqlite(join(dataDir, "metrics.db"), { readonly: true });
  try {
    let rows = 0;
    for (const table of Object.keys(KEYS) as EvidenceTable[]) rows += await compareTable(table, { evidence, store, node, faults, mayBeOlder });
    rows += await compareLines({ evidence, store, node, faults });
    const rollups = await compareRollups({ metrics, store, node, faults });
    return { rows, rollups, faults: faults.slice(0, MAX_TOLD) };
  } finally {
    evidence.close();
    metrics.close();
  }
}

interface Sides {
  readonly evidence: Sqlite.Database;
  readonly store: CollectorStore;
  readonly node: string;
  readonly faults: string[];
}

async function compareTable(table: EvidenceTable, sides: Sides & { readonly mayBeOlder: (incidentId: string) => boolean }): Promise<number> {
  const { evidence, store, node, faults, mayBeOlder } = sides;
  const columns = columnsOf(table);
  const keyed = (cells: Cells): string => (KEYS[table] ?? []).map((column) => plainText(cells[column])).join("/");
  const there = new Map<string, string>();
  for (const { data } of (await recordsById(store, node, `row.${table}`, faults)).values()) {
    const values = JSON.parse(data) as readonly Cells[string][];
    there.set(keyed(Object.fromEntries(columns.map((column, index) => [column, values[index] ?? null]))), JSON.stringify(values));
  }
  const where = WANTED[table];
  let rows = 0;
  for (const cells of evidence.prepare<[], Cells>(`SELECT * FROM ${table}${where === undefined ? "" : ` WHERE ${where}`}`).iterate()) {
    rows++;
    const id = keyed(cells);
    const data = there.get(id);
    if (data === undefined) {
      faults.push(`${table} ${id} is not there`);
      continue;
    }
    const incident = table === "incidents" ? id : plainText(cells["incident_id"]);
    const wanted = JSON.stringify(columns.map((column) => plain(cells[column])));
    if (data !== wanted && !mayBeOlder(incident)) faults.push(`${table} ${id} differs: ${data.slice(0, 200)} is not ${wanted.slice(0, 200)}`);
  }
  return rows;
}

/** Groups of chunks together must be the chunks of every capture that is over. */
async function compareLines({ evidence, store, node, faults }: Sides): Promise<number> {
  const there = new Map<string, string>();
  for (const { data } of (await recordsById(store, node, "row.lines", faults)).values()) {
    const [capture, , chunks] = JSON.parse(data) as [string, number, readonly (readonly [number, string])[] | string];
    const list = typeof chunks === "string" ? (JSON.parse(chunks) as readonly (readonly [number, string])[]) : chunks;
    for (const [number, body] of list) there.set(`${capture}/${number}`, body);
  }
  let rows = 0;
  const chunks = evidence.prepare<[], { capture_id: string; number: number; body: string }>(
    "SELECT l.* FROM lines l JOIN captures c ON c.id = l.capture_id WHERE c.status <> 'running'",
  );
  for (const { capture_id: capture, number, body } of chunks.iterate()) {
    rows++;
    if (there.get(`${capture}/${number}`) !== body)
      faults.push(`lines ${capture}/${number} ${there.has(`${capture}/${number}`) ? "differ" : "are not there"}`);
  }
  return rows;
}

async function compareRollups({ metrics, store, node, faults }: Omit<Sides, "evidence"> & { readonly metrics: Sqlite.Database }): Promise<number> {
  const there = new Map<string, string>();
  for (const one of await store.rollups({ node, from: 0, to: Number.MAX_SAFE_INTEGER, limit: LIMIT })) {
    const key = `${one.at}/${one.peer}`;
    if (there.has(key)) faults.push(`rollup ${key} is there twice`);
    there.set(key, JSON.stringify([...one.counts, Buffer.from(one.histogram).toString("base64")]));
  }
  const columns = ROLLUP_COLUMNS.slice(2);
  let rows = 0;
  for (const cells of metrics.prepare<[], Cells>("SELECT r.*, p.name FROM rollups_1m r JOIN peers p ON p.id = r.peer_id").iterate()) {
    rows++;
    const key = `${plainText(cells["at"])}/${plainText(cells["name"])}`;
    const wanted = JSON.stringify(columns.map((column) => plain(cells[column])));
    const found = there.get(key);
    if (found !== wanted) faults.push(`rollup ${key} ${found === undefined ? "is not there" : `differs: ${found} is not ${wanted}`}`);
  }
  return rows;
}

async function recordsById(store: CollectorStore, node: string, type: string, faults: string[]): Promise<Map<string, StoredRecord>> {
  const found = new Map<string, StoredRecord>();
  for (const record of await store.records({ types: [type], node, limit: LIMIT })) {
    if (found.has(record.id)) faults.push(`${type} ${record.id} is there twice`);
    found.set(record.id, record);
  }
  return found;
}

function plainText(cell: Cells[string] | undefined): string {
  return cell === null || cell === undefined || cell instanceof Uint8Array ? "" : String(cell);
}

function plain(cell: Cells[string] | undefined): string | number | null {
  return cell instanceof Uint8Array ? Buffer.from(cell).toString("base64") : (cell ?? null);
}
