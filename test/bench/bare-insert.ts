/**
 * What the collector is measured against: the same rows into the same tables with the same statements, one transaction a body, and nothing else. No HTTP, no TLS, no
 * JSON, no checks, no acknowledgements.
 */
import Sqlite from "better-sqlite3";
import { Client } from "pg";
import type { Delivery, ParsedRecord, ParsedRollup } from "../../src/collector/store/port.ts";
import { openStore } from "../../src/collector/store/open-store.ts";
import { COUNT_COLUMNS } from "../../src/collector/store/migrations.ts";
import { blobs, integers, numbers, texts } from "../../src/collector/store/postgres-arrays.ts";
import { RECORD_COLUMNS, RECORD_CONFLICT, ROLLUP_COLUMNS_SQL, ROLLUP_CONFLICT } from "../../src/collector/store/statements.ts";

export interface BareInserts {
  /** Resolves with the time that it took, ms. */
  insert(deliveries: readonly Delivery[]): Promise<number>;
  close(): Promise<void>;
}

/** A database of its own, made as a collector makes it. `store` as in collector.yaml. */
export async function openBareInserts(store: string): Promise<BareInserts> {
  await (await openStore(store)).close();
  return store.startsWith("sqlite:") ? bareSqlite(store.slice("sqlite:".length)) : barePostgres(store);
}

function recordsOf({ files }: Delivery): readonly ParsedRecord[] {
  return files.flatMap(({ lanes }) => lanes.flatMap(({ records }) => records));
}

function rollupsOf({ files }: Delivery): readonly ParsedRollup[] {
  return files.flatMap(({ lanes }) => lanes.flatMap(({ rollups }) => rollups));
}

function bareSqlite(file: string): BareInserts {
  const db = new Sqlite(file);
  // As the collector's own connection.
  for (const pragma of ["journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 4000", "cache_size = -32768"]) db.pragma(pragma);
  const statement = (table: string, columns: string, conflict: string): Sqlite.Statement<unknown[]> =>
    db.prepare(`INSERT INTO ${table} (${columns}) VALUES (${columns.replace(/\w+/g, "?")}) ${conflict}`);
  const putRecord = statement("records", RECORD_COLUMNS, RECORD_CONFLICT);
  const putRollup = statement("rollups", ROLLUP_COLUMNS_SQL, ROLLUP_CONFLICT);
  const put = db.transaction((delivery: Delivery) => {
    const { node, receivedMs } = delivery;
    for (const { type, id, version, rank, parent, peer, atMs, untilMs, digest, data } of recordsOf(delivery))
      putRecord.run(node, type, id, version, rank, parent, peer, atMs, untilMs ?? Infinity, receivedMs, digest, null, null, null, data);
    for (const { at, peer, version, counts, histogram } of rollupsOf(delivery)) putRollup.run(node, at, peer, version, ...counts, histogram);
  });
  return {
    insert(deliveries) {
      const since = performance.now();
      for (const delivery of deliveries) put.immediate(delivery);
      return Promise.resolve(performance.now() - since);
    },
    close: () => Promise.resolve(void db.close()),
  };
}

const PUT_RECORDS = `INSERT INTO records (${RECORD_COLUMNS})
SELECT $1::text, u.type, u.id, u.version, u.rank, u.parent, u.peer, u.at_ms, u.until_ms, $2::float8, u.digest, NULL, NULL, NULL, u.data
FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::float8[], $10::float8[], $11::text[], $12::text[])
  AS u (type, id, version, rank, parent, peer, at_ms, until_ms, digest, data)
${RECORD_CONFLICT}`;
const PUT_ROLLUPS = `INSERT INTO rollups (${ROLLUP_COLUMNS_SQL})
SELECT $1::text, u.* FROM unnest($2::bigint[], $3::text[], $4::bigint[], ${COUNT_COLUMNS.map((_, index) => `$${index + 5}::bigint[]`).join(", ")}, $${COUNT_COLUMNS.length + 5}::bytea[]) AS u
${ROLLUP_CONFLICT}`;

async function barePostgres(url: string): Promise<BareInserts> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const put = async (delivery: Delivery): Promise<void> => {
    const { node, receivedMs } = delivery;
    const records = recordsOf(delivery);
    const rollups = rollupsOf(delivery);
    await client.query("BEGIN");
    if (records.length > 0)
      await client.query(PUT_RECORDS, [
        node,
        receivedMs,
        texts(records, ({ type }) => type),
        texts(records, ({ id }) => id),
        integers(records, ({ version }) => version),
        integers(records, ({ rank }) => rank),
        texts(records, ({ parent }) => parent),
        texts(records, ({ peer }) => peer),
        numbers(records, ({ atMs }) => atMs),
        numbers(records, ({ untilMs }) => untilMs ?? Infinity),
        texts(records, ({ digest }) => digest),
        texts(records, ({ data }) => data),
      ]);
    if (rollups.length > 0)
      await client.query(PUT_ROLLUPS, [
        node,
        integers(rollups, ({ at }) => at),
        texts(rollups, ({ peer }) => peer),
        integers(rollups, ({ version }) => version),
        ...COUNT_COLUMNS.map((_, index) => integers(rollups, ({ counts }) => counts[index] ?? 0)),
        blobs(rollups, ({ histogram }) => histogram),
      ]);
    await client.query("COMMIT");
  };
  return {
    async insert(deliveries) {
      const since = performance.now();
      for (const delivery of deliveries) await put(delivery);
      return performance.now() - since;
    },
    close: () => client.end(),
  };
}
