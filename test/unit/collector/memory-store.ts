/** A collector's database as maps: what SQLite and PostgreSQL must do, in the plainest words. Can be told to be away. */
import {
  type CollectorStore,
  type Delivery,
  type DeliveryResult,
  type Eviction,
  type ParsedLane,
  type RecordQuery,
  type RollupQuery,
  type StoredNode,
  type StoredRecord,
  type StoredRollup,
  StoreUnavailable,
} from "../../../src/collector/store/port.ts";

interface Ranked {
  readonly rank: number;
  readonly record: StoredRecord;
}

export class MemoryStore implements CollectorStore {
  readonly #records = new Map<string, Ranked>();
  readonly #rollups = new Map<string, StoredRollup>();
  readonly #nodes = new Map<string, StoredNode>();
  readonly #owners = new Map<string, string>();
  readonly #present = new Map<string, Set<number>>();
  readonly #acked = new Map<string, number>();
  isAway = false;
  isClosed = false;
  evictions: Eviction[] = [];
  /** Deliveries wait for it. */
  hold: Promise<void> = Promise.resolve();
  deliveries = 0;

  get size(): number {
    return this.#records.size + this.#rollups.size;
  }

  all(): readonly StoredRecord[] {
    return [...this.#records.values()].map(({ record }) => record);
  }

  async deliver(delivery: Delivery): Promise<DeliveryResult> {
    await this.hold;
    this.#require();
    const { node } = delivery;
    const foreign = delivery.files.find(({ db }) => (this.#owners.get(db) ?? node) !== node);
    if (foreign !== undefined) return { kind: "foreign", db: foreign.db };
    this.deliveries++;
    for (const { db, lanes } of delivery.files) {
      this.#owners.set(db, node);
      for (const lane of lanes) this.#takeLane(delivery, db, lane);
    }
    const { version, address, clock, backlog, blindSinceMs, receivedMs } = delivery;
    const firstHeardMs = this.#nodes.get(node)?.firstHeardMs ?? receivedMs;
    this.#nodes.set(node, { node, version, address, clock, backlog, blindSinceMs, firstHeardMs, lastHeardMs: receivedMs, tombstones: [] });
    const acks = delivery.files.flatMap(({ db, lanes }) => lanes.map(({ lane }) => ({ db, lane, seq: this.#acked.get(key(db, lane)) ?? 0 })));
    return { kind: "stored", acks };
  }

  #takeLane(delivery: Delivery, db: string, { lane, records, rollups, tombstones }: ParsedLane): void {
    const { node, receivedMs, clock } = delivery;
    for (const { seq: _, rank, ...record } of records) {
      const id = key(node, record.type, record.id);
      const earlier = this.#records.get(id);
      const digestBefore = earlier?.record.digest ?? null;
      const isNewDigest = digestBefore === null && record.digest !== null;
      const isChanged = digestBefore !== null && record.digest !== null && digestBefore !== record.digest;
      const facts = {
        digest: digestBefore ?? record.digest,
        digestMs: isNewDigest ? receivedMs : (earlier?.record.digestMs ?? null),
        clockOffsetMs: isNewDigest ? (clock?.offsetMs ?? null) : (earlier?.record.clockOffsetMs ?? null),
        clockErrorMs: isNewDigest ? (clock?.errorMs ?? null) : (earlier?.record.clockErrorMs ?? null),
        changedDigest: isChanged ? record.digest : (earlier?.record.changedDigest ?? null),
        changedDigestMs: isChanged ? receivedMs : (earlier?.record.changedDigestMs ?? null),
      };
      const isOlder = earlier !== undefined && (earlier.rank - rank || earlier.record.version - record.version) >= 0;
      this.#records.set(
        id,
        isOlder ? { ...earlier, record: { ...earlier.record, ...facts } } : { rank, record: { ...record, node, receivedMs, ...facts } },
      );
    }
    for (const { seq: _, ...rollup } of rollups) {
      const id = key(node, rollup.at, rollup.peer);
      if ((this.#rollups.get(id)?.version ?? 0) < rollup.version) this.#rollups.set(id, { ...rollup, node });
    }
    this.#acknowledge(
      key(db, lane),
      [...records, ...rollups].map(({ seq }) => seq),
      tombstones,
    );
  }

  #acknowledge(lane: string, numbers: readonly number[], tombstones: ParsedLane["tombstones"]): void {
    const present = this.#present.get(lane) ?? new Set();
    this.#present.set(lane, present);
    for (const number of numbers) present.add(number);
    let acked = this.#acked.get(lane) ?? 0;
    for (let moved = true; moved;) {
      const range = tombstones.find(({ from, to }) => from <= acked + 1 && to > acked);
      if (range !== undefined) acked = range.to;
      else if (present.has(acked + 1)) acked++;
      else moved = false;
    }
    this.#acked.set(lane, acked);
  }

  async records({ types, node, peer, ids, idPrefix, parents, sinceMs, untilMs, limit }: RecordQuery): Promise<StoredRecord[]> {
    this.#require();
    return this.all()
      .filter((record) => types.includes(record.type) && (node === undefined || record.node === node) && (peer === undefined || record.peer === peer))
      .filter(({ id, parent }) => (ids?.includes(id) ?? true) && id.startsWith(idPrefix ?? "") && (parents?.includes(parent ?? "") ?? true))
      .filter((record) => (sinceMs === undefined || (record.untilMs ?? Infinity) >= sinceMs) && (untilMs === undefined || record.atMs < untilMs))
      .sort((a, b) => a.atMs - b.atMs)
      .slice(-limit);
  }

  async rollups({ node, peer, from, to, limit }: RollupQuery): Promise<StoredRollup[]> {
    this.#require();
    return [...this.#rollups.values()]
      .filter((one) => (node === undefined || one.node === node) && (peer === undefined || one.peer === peer) && one.at >= from && one.at < to)
      .sort((a, b) => a.at - b.at)
      .slice(-limit);
  }

  async nodes(): Promise<StoredNode[]> {
    this.#require();
    return [...this.#nodes.values()];
  }

  async evict(eviction: Eviction): Promise<boolean> {
    this.#require();
    this.evictions.push(eviction);
    return this.evictions.length === 1;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  #require(): void {
    if (this.isAway) throw new StoreUnavailable("it is away");
  }
}

function key(...parts: readonly (string | number)[]): string {
  return JSON.stringify(parts);
}
