/**
 * The collector's database for fleets: PostgreSQL 14 or later, or an engine that speaks like it, shared by any number of collectors that hold nothing themselves.
 * Plain tables, whole columns of rows as arrays, nothing that CockroachDB, Citus or YugabyteDB lacks.
 *
 * A delivery first writes the row of its node, so deliveries of one node, to whichever collector, come one after the other: the acknowledged numbers that are read
 * then are the last, and rows of one node are never locked in two orders.
 */
import type { Lane } from "../../sync/wire.ts";
import { contiguous } from "../contiguous.ts";
import { LONG_LIVED, recordConditions, rollupConditions, SAMPLES, type Words } from "./conditions.ts";
import { COUNT_COLUMNS } from "./migrations.ts";
import type {
  CollectorStore,
  Delivery,
  DeliveryResult,
  Eviction,
  ParsedRecord,
  ParsedRollup,
  RecordQuery,
  RollupQuery,
  StoredNode,
  StoredRecord,
  StoredRollup,
} from "./port.ts";
import { blobs, integers, numbers, texts } from "./postgres-arrays.ts";
import { migratePostgres } from "./postgres-migrate.ts";
import { PostgresSession, type Query } from "./postgres-session.ts";
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

const PUT_NODE = `INSERT INTO nodes (${NODE_COLUMNS}) VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8) ${NODE_CONFLICT}`;

const PUT_RECORDS = `INSERT INTO records (${RECORD_COLUMNS})
SELECT $1::text, u.type, u.id, u.version, u.rank, u.parent, u.peer, u.at_ms, u.until_ms, $2::float8, u.digest,
  CASE WHEN u.digest IS NULL THEN NULL ELSE $2::float8 END, CASE WHEN u.digest IS NULL THEN NULL ELSE $3::float8 END,
  CASE WHEN u.digest IS NULL THEN NULL ELSE $4::float8 END, u.data
FROM unnest($5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::text[], $10::text[], $11::float8[], $12::float8[], $13::text[], $14::text[])
  AS u (type, id, version, rank, parent, peer, at_ms, until_ms, digest, data)
${RECORD_CONFLICT}`;

const ROLLUP_COUNTS = COUNT_COLUMNS.map((_, index) => `$${index + 5}::bigint[]`).join(", ");
const PUT_ROLLUPS = `INSERT INTO rollups (${ROLLUP_COLUMNS_SQL})
SELECT $1::text, u.at, u.peer, u.version, ${COUNT_COLUMNS.map((column) => `u.${column}`).join(", ")}, u.histogram
FROM unnest($2::bigint[], $3::text[], $4::bigint[], ${ROLLUP_COUNTS}, $${COUNT_COLUMNS.length + 5}::bytea[])
  AS u (at, peer, version, ${COUNT_COLUMNS.join(", ")}, histogram)
${ROLLUP_CONFLICT}`;

const PUT_LANES = `INSERT INTO lanes (${LANE_COLUMNS})
SELECT $1::text, u.db, u.lane, u.acked FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS u (db, lane, acked) ${LANE_CONFLICT}`;

const PUT_TOMBSTONES = `INSERT INTO tombstones (${TOMBSTONE_COLUMNS})
SELECT $1::text, u.db, u.lane, u.reason, u.numbers, $2::float8, $2::float8
FROM unnest($3::text[], $4::bigint[], $5::text[], $6::bigint[]) AS u (db, lane, reason, numbers) ${TOMBSTONE_CONFLICT}`;

interface LaneState {
  readonly db: string;
  readonly lane: Lane;
  readonly before: number;
  acked: number;
}

/** Ends the transaction, so that nothing of it stays. */
class ForeignFile extends Error {
  override readonly name = "ForeignFile";
  readonly db: string;

  constructor(db: string) {
    super(`${db} belongs to another node`);
    this.db = db;
  }
}

export class PostgresStore implements CollectorStore {
  readonly #session: PostgresSession;

  private constructor(session: PostgresSession) {
    this.#session = session;
  }

  /** Rejects with StoreRefused or StoreUnavailable. */
  static async open(url: string): Promise<PostgresStore> {
    const session = new PostgresSession(url);
    try {
      await migratePostgres(session);
      return new PostgresStore(session);
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async deliver(delivery: Delivery): Promise<DeliveryResult> {
    try {
      return await this.#session.transaction((query) => put(query, delivery));
    } catch (error) {
      if (error instanceof ForeignFile) return { kind: "foreign", db: error.db };
      throw error;
    }
  }

  async records(query: RecordQuery): Promise<StoredRecord[]> {
    const values: unknown[] = [];
    const where = recordConditions(query, wordsInto(values));
    if (where === null) return [];
    values.push(query.limit);
    const sql = `SELECT ${STORED_RECORD_COLUMNS} FROM records WHERE ${where} ORDER BY at_ms DESC, node DESC, type DESC, id DESC LIMIT $${values.length}`;
    return ((await this.#read(sql, values)) as RecordRow[]).map(storedRecord).sort(byTime);
  }

  async rollups(query: RollupQuery): Promise<StoredRollup[]> {
    const values: unknown[] = [];
    const nodes = query.node === undefined ? ((await this.#read("SELECT node FROM nodes", [])) as NodeRow[]).map(({ node }) => node) : [];
    const where = rollupConditions(query, nodes, wordsInto(values));
    values.push(query.limit);
    const sql = `SELECT ${ROLLUP_COLUMNS_SQL} FROM rollups WHERE ${where} ORDER BY at DESC, node DESC, peer DESC LIMIT $${values.length}`;
    return ((await this.#read(sql, values)) as RollupRow[]).map(storedRollup).sort(byMinute);
  }

  async nodes(): Promise<StoredNode[]> {
    return this.#session.transaction(async (query) => {
      const nodes = await query(`SELECT ${NODE_COLUMNS} FROM nodes`);
      const tombstones = await query(TOMBSTONE_SUMS);
      return storedNodes(nodes.rows as NodeRow[], tombstones.rows as TombstoneRow[]);
    });
  }

  async evict(eviction: Eviction): Promise<boolean> {
    return this.#session.transaction((query) => evict(query, eviction));
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  #read(sql: string, values: readonly unknown[]): Promise<unknown[]> {
    return this.#session.transaction(async (query) => (await query(sql, values)).rows);
  }
}

async function put(query: Query, delivery: Delivery): Promise<DeliveryResult> {
  const { node, receivedMs, clock } = delivery;
  await query(PUT_NODE, [
    node,
    delivery.version,
    delivery.address,
    receivedMs,
    clock?.offsetMs ?? null,
    clock?.errorMs ?? null,
    JSON.stringify(delivery.backlog),
    delivery.blindSinceMs,
  ]);
  const states = await laneStates(query, delivery);
  await claimFiles(query, delivery, states);
  const records: ParsedRecord[] = [];
  const rollups: ParsedRollup[] = [];
  const tombstones: { readonly db: string; readonly lane: Lane; readonly reason: string; readonly numbers: number }[] = [];
  for (const { db, lanes } of delivery.files)
    for (const lane of lanes) {
      const state = states.get(laneKey(db, lane.lane))!;
      const { acked, passed } = contiguous(state.acked, lane);
      state.acked = acked;
      tombstones.push(...passed.map((each) => ({ db, lane: lane.lane, ...each })));
      records.push(...lane.records);
      rollups.push(...lane.rollups);
    }
  for (const batch of withoutTwins(records, ({ type, id }) => `${type} ${id}`)) await query(PUT_RECORDS, recordValues(delivery, batch));
  for (const batch of withoutTwins(rollups, ({ at, peer }) => `${at} ${peer}`)) await query(PUT_ROLLUPS, rollupValues(node, batch));
  for (const batch of withoutTwins(tombstones, ({ db, lane, reason }) => `${lane} ${reason} ${db}`))
    await query(PUT_TOMBSTONES, [
      node,
      receivedMs,
      texts(batch, ({ db }) => db),
      integers(batch, ({ lane }) => lane),
      texts(batch, ({ reason }) => reason),
      integers(batch, (each) => each.numbers),
    ]);
  const moved = [...states.values()].filter(({ acked, before }) => acked > before);
  if (moved.length > 0)
    await query(PUT_LANES, [node, texts(moved, ({ db }) => db), integers(moved, ({ lane }) => lane), integers(moved, ({ acked }) => acked)]);
  const acks = delivery.files.flatMap(({ db, lanes }) => lanes.map(({ lane }) => ({ db, lane, seq: states.get(laneKey(db, lane))?.acked ?? 0 })));
  return { kind: "stored", acks };
}

/** Throws ForeignFile. Two nodes that bring one new file at once: the second waits for the first and then sees its row. */
async function claimFiles(query: Query, { node, files }: Delivery, states: ReadonlyMap<string, LaneState>): Promise<void> {
  // A lane that has something is of a file that was this node's before.
  const ours = new Set([...states.values()].filter(({ before }) => before > 0).map(({ db }) => db));
  const wanted = [...new Set(files.map(({ db }) => db))].filter((db) => !ours.has(db)).sort();
  if (wanted.length === 0) return;
  const known = await owners(query, wanted);
  const missing = wanted.filter((db) => !known.has(db));
  if (missing.length > 0) {
    await query("INSERT INTO files (db, node) SELECT u.db, $2::text FROM unnest($1::text[]) AS u (db) ON CONFLICT (db) DO NOTHING", [missing, node]);
    for (const [db, owner] of await owners(query, missing)) known.set(db, owner);
  }
  for (const db of wanted) if (known.get(db) !== node) throw new ForeignFile(db);
}

async function owners(query: Query, files: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await query("SELECT db, node FROM files WHERE db = ANY($1::text[])", [files]);
  return new Map((rows as { db: string; node: string }[]).map(({ db, node }) => [db, node]));
}

async function laneStates(query: Query, { node, files }: Delivery): Promise<Map<string, LaneState>> {
  const states = new Map<string, LaneState>();
  if (files.length === 0) return states;
  const { rows } = await query("SELECT db, lane, acked_seq FROM lanes WHERE node = $1 AND db = ANY($2::text[])", [node, files.map(({ db }) => db)]);
  const stored = new Map((rows as { db: string; lane: Lane; acked_seq: number }[]).map(({ db, lane, acked_seq }) => [laneKey(db, lane), acked_seq]));
  for (const { db, lanes } of files)
    for (const { lane } of lanes) {
      const before = stored.get(laneKey(db, lane)) ?? 0;
      states.set(laneKey(db, lane), { db, lane, before, acked: before });
    }
  return states;
}

function laneKey(db: string, lane: Lane): string {
  return `${lane} ${db}`;
}

/** One INSERT cannot write a row twice. What comes twice in one delivery goes one after the other, in the order in which it came. */
function* withoutTwins<T>(rows: readonly T[], keyOf: (row: T) => string): Generator<readonly T[]> {
  let left = rows;
  while (left.length > 0) {
    const seen = new Set<string>();
    const later: T[] = [];
    const batch = left.filter((row) => {
      const key = keyOf(row);
      if (seen.has(key)) {
        later.push(row);
        return false;
      }
      seen.add(key);
      return true;
    });
    yield batch;
    left = later;
  }
}

function recordValues({ node, receivedMs, clock }: Delivery, records: readonly ParsedRecord[]): unknown[] {
  return [
    node,
    receivedMs,
    clock?.offsetMs ?? null,
    clock?.errorMs ?? null,
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
  ];
}

function rollupValues(node: string, rollups: readonly ParsedRollup[]): unknown[] {
  return [
    node,
    integers(rollups, ({ at }) => at),
    texts(rollups, ({ peer }) => peer),
    integers(rollups, ({ version }) => version),
    ...COUNT_COLUMNS.map((_, index) => integers(rollups, ({ counts }) => counts[index] ?? 0)),
    blobs(rollups, ({ histogram }) => histogram),
  ];
}

async function evict(query: Query, { recordsBeforeMs, samplesBeforeMs, rollupsBeforeMs }: Eviction): Promise<boolean> {
  let left = EVICT_ROWS;
  const remove = async (table: string, key: string, where: string, ...values: readonly unknown[]): Promise<void> => {
    if (left === 0) return;
    const sql = `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE ${where} LIMIT $${values.length + 1})`;
    left -= (await query(sql, [...values, left])).count;
  };
  const { rows } = await query("SELECT node, last_heard_ms FROM nodes");
  const nodes = rows as { node: string; last_heard_ms: number }[];
  const silent = nodes.filter(({ last_heard_ms: heardMs }) => heardMs < recordsBeforeMs).map(({ node }) => node);
  const old = "type = $1 AND until_ms < $2 AND received_ms < $2 ORDER BY until_ms";
  await remove("records", "node, type, id", old, SAMPLES, samplesBeforeMs);
  for (const type of LONG_LIVED) await remove("records", "node, type, id", old, type, recordsBeforeMs);
  if (silent.length > 0)
    await remove(
      "records",
      "node, type, id",
      "node = ANY($1::text[]) AND type = ANY($2::text[]) AND until_ms = 'Infinity'::float8",
      silent,
      LONG_LIVED,
    );
  const everywhere = nodes.map(({ node }) => node);
  await remove("rollups", "node, at, peer", "node = ANY($1::text[]) AND at < $2 ORDER BY node, at", everywhere, Math.ceil(rollupsBeforeMs / 1_000));
  return left === 0;
}

function wordsInto(values: unknown[]): Words {
  return {
    value: (value) => `$${values.push(value)}`,
    oneOf: (list) => `= ANY($${values.push(list)}::text[])`,
  };
}
