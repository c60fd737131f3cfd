/** What a collector's database must do, the slow and plain way: lists in memory. */
import type { CollectorStore, Delivery, DeliveryResult, ParsedLane, StoredRecord, StoredRollup } from "../../src/collector/store/port.ts";
import type { Lane } from "../../src/sync/wire.ts";
import { EVERYTHING } from "./delivery.ts";

export class Model {
  readonly records: Map<string, { readonly rank: number; readonly stored: StoredRecord }> = new Map();
  readonly rollups: Map<string, StoredRollup> = new Map();
  readonly owners: Map<string, string> = new Map();
  readonly acked: Map<string, number> = new Map();
  readonly gone: Map<string, number> = new Map();

  deliver(delivery: Delivery): DeliveryResult {
    const foreign = delivery.files.find(({ db }) => (this.owners.get(db) ?? delivery.node) !== delivery.node);
    if (foreign !== undefined) return { kind: "foreign", db: foreign.db };
    const acks: { readonly db: string; readonly lane: Lane; readonly seq: number }[] = [];
    for (const { db, lanes } of delivery.files) {
      this.owners.set(db, delivery.node);
      for (const lane of lanes) {
        this.#put(delivery, lane);
        acks.push({ db, lane: lane.lane, seq: this.#advance(delivery.node, db, lane) });
      }
    }
    return { kind: "stored", acks };
  }

  #put(delivery: Delivery, lane: ParsedLane): void {
    for (const { seq: _, rank, ...record } of lane.records) {
      const key = `${delivery.node} ${record.type} ${record.id}`;
      const old = this.records.get(key);
      if (old !== undefined && (rank < old.rank || (rank === old.rank && record.version <= old.stored.version))) continue;
      const first = old?.stored.digest ?? null;
      const fresh = {
        digest: record.digest,
        digestMs: record.digest === null ? null : delivery.receivedMs,
        clockOffsetMs: record.digest === null ? null : (delivery.clock?.offsetMs ?? null),
        clockErrorMs: record.digest === null ? null : (delivery.clock?.errorMs ?? null),
        changedDigest: null,
        changedDigestMs: null,
      };
      const changed = first !== null && record.digest !== null && record.digest !== first && record.digest !== old?.stored.changedDigest;
      const kept = first === null || old === undefined ? fresh : pick(old.stored);
      const change = changed ? { changedDigest: record.digest, changedDigestMs: delivery.receivedMs } : {};
      this.records.set(key, { rank, stored: { ...record, node: delivery.node, receivedMs: delivery.receivedMs, ...kept, ...change } });
    }
    for (const { seq: _, ...rollup } of lane.rollups) {
      const key = `${delivery.node} ${rollup.at} ${rollup.peer}`;
      if (rollup.version > (this.rollups.get(key)?.version ?? -1)) this.rollups.set(key, { ...rollup, node: delivery.node });
    }
  }

  #advance(node: string, db: string, lane: ParsedLane): number {
    const key = `${db} ${lane.lane}`;
    const rejected = new Set(lane.rejected);
    const tombstones = lane.tombstones.toSorted((a, b) => a.from - b.from);
    const here = new Set([...lane.records, ...lane.rollups].map(({ seq }) => seq).filter((seq) => !rejected.has(seq)));
    for (let seq = this.acked.get(key) ?? 0; ; seq++) {
      const tombstone = tombstones.find(({ from, to }) => from <= seq + 1 && seq + 1 <= to);
      if (!here.has(seq + 1) && tombstone === undefined) {
        this.acked.set(key, seq);
        return seq;
      }
      if (here.has(seq + 1) || tombstone === undefined) continue;
      const count = `${node} ${lane.lane} ${tombstone.reason}`;
      this.gone.set(count, (this.gone.get(count) ?? 0) + 1);
    }
  }
}

function pick(stored: StoredRecord): Digests {
  const { digest, digestMs, clockOffsetMs, clockErrorMs, changedDigest, changedDigestMs } = stored;
  return { digest, digestMs, clockOffsetMs, clockErrorMs, changedDigest, changedDigestMs };
}

type Digests = Pick<StoredRecord, "digest" | "digestMs" | "clockOffsetMs" | "clockErrorMs" | "changedDigest" | "changedDigestMs">;

/** Everything that can be seen of a store, and what a model says it must be, in one shape. */
export async function contentsOf(store: CollectorStore, types: readonly string[]): Promise<unknown> {
  const records = await store.records({ types, limit: EVERYTHING });
  const rollups = await store.rollups({ from: 0, to: Number.MAX_SAFE_INTEGER, limit: EVERYTHING });
  const nodes = await store.nodes();
  const gone = nodes.flatMap(({ node, tombstones }) =>
    tombstones.map(({ lane, reason, numbers }): [string, number] => [`${node} ${lane} ${reason}`, numbers]),
  );
  return {
    records: sorted(records.map((each) => [`${each.node} ${each.type} ${each.id}`, each])),
    rollups: sorted(rollups.map((each) => [`${each.node} ${each.at} ${each.peer}`, { ...each, histogram: [...each.histogram] }])),
    gone: sorted(gone),
  };
}

export function contentsOfModel(model: Model): unknown {
  return {
    records: sorted([...model.records].map(([key, { stored }]) => [key, stored])),
    rollups: sorted([...model.rollups].map(([key, each]) => [key, { ...each, histogram: [...each.histogram] }])),
    gone: sorted([...model.gone]),
  };
}

function sorted<T>(entries: readonly (readonly [string, T])[]): (readonly [string, T])[] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
}
