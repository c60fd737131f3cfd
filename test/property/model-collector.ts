/** A collector in a few lines: what it has by (type, id), and up to where the numbers of each lane of a file are present. */
import assert from "node:assert/strict";
import type { LaneBatch } from "../../src/sync/outbox.ts";
import { LANE_OF, type RecordType } from "../../src/sync/record-types.ts";
import { MAX_BODY_BYTES, type Lane, type TombstoneReason, type WireRecord } from "../../src/sync/wire.ts";

export interface Kept {
  readonly version: number;
  readonly data: string;
}

export class ModelCollector {
  records = new Map<string, Kept>();
  acked = new Map<string, number>();
  readonly reasons = new Map<TombstoneReason, number>();

  /** Takes all of a batch but what it rejects; answers with the number up to which everything is there, and what was rejected. */
  take(db: string, batch: LaneBatch, rejects: (record: WireRecord) => boolean = () => false): { readonly seq: number; readonly rejected: number[] } {
    const key = `${db} ${batch.lane}`;
    const present: [number, number][] = batch.tombstones.map(({ from, to }) => [from, to]);
    const rejected: number[] = [];
    let before = 0;
    for (const { from, to, reason } of batch.tombstones) {
      assert.ok(from <= to, "a tombstone is a range");
      this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + to - from + 1);
    }
    for (const text of batch.records) {
      const record = JSON.parse(text) as WireRecord;
      assert.equal(LANE_OF[record.type as RecordType], batch.lane);
      assert.ok(Buffer.byteLength(text) <= MAX_BODY_BYTES);
      assert.ok(record.seq > before, "by rising number");
      before = record.seq;
      if (rejects(record)) rejected.push(record.seq);
      else {
        this.#put(record);
        present.push([record.seq, record.seq]);
      }
    }
    present.sort(([a], [b]) => a - b);
    for (const [index, [from]] of present.entries()) assert.ok(from > (present[index - 1]?.[1] ?? 0), "no number stands for two things");
    if (rejected.length === 0)
      assert.equal(
        present.reduce((end, [from, to]) => (from === end + 1 ? to : end), (present[0]?.[0] ?? 1) - 1),
        batch.lastSeq,
        "nothing is left out",
      );
    let seq = this.acked.get(key) ?? 0;
    for (const [from, to] of present) if (from <= seq + 1) seq = Math.max(seq, to);
    this.acked.set(key, seq);
    return { seq, rejected };
  }

  has(db: string, lane: Lane): number {
    return this.acked.get(`${db} ${lane}`) ?? 0;
  }

  #put({ type, id, version, data }: WireRecord): void {
    const key = `${type} ${id}`;
    const known = this.records.get(key);
    if (known === undefined || version > known.version) this.records.set(key, { version, data: JSON.stringify(data) });
    else if (version === known.version) assert.equal(JSON.stringify(data), known.data, `two contents of one version: ${key}`);
  }

  copy(): ModelCollector {
    const other = new ModelCollector();
    other.records = new Map(this.records);
    other.acked = new Map(this.acked);
    return other;
  }
}
