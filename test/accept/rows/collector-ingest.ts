/** What one collector process takes in, beside a bare insert loop of the same rows into the same kind of database: by turns, so that both have the same machine. */
import { gzipSync } from "node:zlib";
import { Pool } from "undici";
import { parseRequest } from "../../../src/collector/sync/parse-request.ts";
import type { Delivery } from "../../../src/collector/store/port.ts";
import { MAX_BODY_BYTES, SYNC_PATH, type Lane, type SyncAnswer, type WireRecord } from "../../../src/sync/wire.ts";
import { openBareInserts } from "../../bench/bare-insert.ts";
import { openCollectorLab, STORES, type StoreKind } from "../collector-lab.ts";
import type { Row } from "../row.ts";
import { Samples } from "../samples.ts";
import { stockOf } from "../simulated-records.ts";
import { percentile, round } from "../statistics.ts";

const BAR = 0.4;
const ROUNDS = 7;
const QUICK_ROUNDS = 2;
const WARM_UP_ROUNDS = 1;
/** Bodies of one round: 60 of up to 256 kB are 15 MB. */
const BODIES = 60;
/** Nodes that send at the same time, each on a connection of its own. */
const CONNECTIONS = 8;
const ENVELOPE_BYTES = 512;

export type Kind = "rollups" | "evidence";
const KINDS: readonly Kind[] = ["rollups", "evidence"];

export interface Ingest {
  readonly store: StoreKind;
  readonly kind: Kind;
  readonly turn: number;
  readonly rows: number;
  readonly collectorRowsPerS: number;
  readonly bareRowsPerS: number;
  readonly ratio: number;
  /** Of the collector process alone, µs a row. */
  readonly processorUs: number;
}

interface Load {
  readonly token: string;
  readonly body: Uint8Array;
  readonly delivery: Delivery;
  readonly last: number;
}

/** Whole bodies of one kind, that nobody has told yet. */
export function makeLoad(options: {
  readonly kind: Kind;
  readonly turn: number;
  readonly bodies: number;
  readonly tokens: ReadonlyMap<string, string>;
}): Load[] {
  const { kind, turn, bodies, tokens } = options;
  const lane: Lane = kind === "rollups" ? 2 : 1;
  return Array.from({ length: bodies }, (_, index) => {
    const [name, token] = [...tokens][index % tokens.size] ?? ["", ""];
    // Every body another time, so that no row comes twice.
    const nowMs = Date.UTC(2026, 0, 1) + (turn * bodies + index) * 86_400_000;
    const stock = stockOf({ name, seed: index, nowMs, incidents: 0, withEvidence: 3, rollups: 1_000, batch: turn * bodies + index });
    const records: WireRecord[] = [];
    for (let seq = 1, bytes = ENVELOPE_BYTES; seq <= stock.last(lane); seq++) {
      const record = stock.record(lane, seq);
      bytes += Buffer.byteLength(JSON.stringify(record)) + 1;
      if (bytes > MAX_BODY_BYTES) break;
      records.push(record);
    }
    const db = lane === 2 ? stock.metricsDb : stock.evidenceDb;
    const request = {
      api: 1,
      node: name,
      sent_at: new Date(nowMs).toISOString(),
      mono: 1,
      files: [{ db, lanes: [{ lane, records, tombstones: [] }] }],
    };
    const parsed = parseRequest(JSON.parse(JSON.stringify(request)), nowMs);
    if (parsed.kind !== "ok" || parsed.rejected.length > 0)
      throw new Error(`Cannot measure: the rows are not good: ${JSON.stringify(parsed).slice(0, 300)}`);
    return { token, body: gzipSync(JSON.stringify(request)), delivery: parsed.delivery, last: records.length };
  });
}

export async function measureIngest(options: {
  readonly store: StoreKind;
  readonly rounds: number;
  readonly bodies: number;
  readonly directory: string;
  readonly cli?: string;
  readonly onSample: (sample: Ingest) => void;
}): Promise<void> {
  const { store, rounds, bodies, onSample } = options;
  const lab = await openCollectorLab(options);
  const bareStore = lab.postgres === null ? `sqlite:${options.directory}/bare.db` : await lab.postgres.database("bare");
  const bare = await openBareInserts(bareStore);
  const { collector } = lab;
  const pool = new Pool(collector.address.url, { connections: CONNECTIONS, connect: { ca: collector.address.ca } });
  try {
    const tokens = collector.addNodes(Array.from({ length: CONNECTIONS }, (_, index) => `node-${index}`));
    await lab.settle();
    for (let turn = 0; turn < rounds + WARM_UP_ROUNDS; turn++) {
      for (const kind of KINDS) {
        const load = makeLoad({ kind, turn, bodies, tokens });
        const rows = load.reduce((sum, one) => sum + one.last, 0);
        const deliveries = load.map(({ delivery }) => delivery);
        // Who goes first changes, for what one leaves behind (dirty pages, a checkpoint) the other finds.
        let bareMs = turn % 2 === 0 ? await bare.insert(deliveries) : Number.NaN;
        const usedMs = collector.processorMs();
        const collectorMs = await deliver(pool, load);
        const processorUs = ((collector.processorMs() - usedMs) * 1_000) / rows;
        if (turn % 2 !== 0) bareMs = await bare.insert(deliveries);
        if (turn < WARM_UP_ROUNDS) continue;
        onSample({
          store,
          kind,
          turn,
          rows,
          collectorRowsPerS: Math.round((rows / collectorMs) * 1_000),
          bareRowsPerS: Math.round((rows / bareMs) * 1_000),
          ratio: round(bareMs / collectorMs),
          processorUs: round(processorUs, 1),
        });
      }
    }
  } finally {
    await pool.destroy();
    await bare.close();
    await lab.close();
  }
}

/** All of it acknowledged; ms. */
async function deliver(pool: Pool, load: readonly Load[]): Promise<number> {
  const left = [...load];
  const since = performance.now();
  const sender = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      const headers = { authorization: `Bearer ${one.token}`, "content-type": "application/json", "content-encoding": "gzip" };
      const { statusCode, body } = await pool.request({ method: "POST", path: SYNC_PATH, headers, body: one.body });
      const text = await body.text();
      const acked = statusCode === 200 ? (JSON.parse(text) as SyncAnswer).acks[0]?.seq : undefined;
      if (acked !== one.last) throw new Error(`Cannot measure: ${statusCode} ${text.slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, sender));
  return performance.now() - since;
}

export const collectorIngest: Row = {
  name: "collector-ingest",
  title: `ingest of one collector process through HTTP with TLS, both stores, beside a bare insert loop of the same rows: ≥ ${BAR} ×`,
  async run(context) {
    const { quick, directory, cli } = context;
    const rounds = quick ? QUICK_ROUNDS : ROUNDS;
    const samples = new Samples<Ingest>(context);
    const wanted = STORES.filter((store) => samples.all.filter((one) => one.store === store).length < rounds * KINDS.length);
    for (const store of wanted) {
      await measureIngest({ store, rounds, bodies: BODIES, directory: `${directory}/${store}`, cli, onSample: (sample) => samples.add(sample) });
      for (const kind of KINDS) context.progress(`${store} ${kind}: ${JSON.stringify(summary(samples.all, store, kind))}`);
    }
    const sums = STORES.flatMap((store) => KINDS.map((kind) => [`${store} ${kind}`, summary(samples.all, store, kind)] as const));
    return {
      samples: samples.all.length,
      figures: Object.fromEntries(sums),
      bar: `median of each ≥ ${BAR} × the bare loop`,
      passed: sums.every(([, { ratio }]) => ratio >= BAR),
    };
  },
};

function summary(
  all: readonly Ingest[],
  store: StoreKind,
  kind: Kind,
): { readonly ratio: number; readonly collectorRowsPerS: number; readonly bareRowsPerS: number; readonly processorUs: number } {
  const some = all.filter((one) => one.store === store && one.kind === kind);
  const median = (of: (one: Ingest) => number): number => percentile(some.map(of), 0.5);
  return {
    ratio: median((one) => one.ratio),
    collectorRowsPerS: median((one) => one.collectorRowsPerS),
    bareRowsPerS: median((one) => one.bareRowsPerS),
    processorUs: median((one) => one.processorUs),
  };
}
