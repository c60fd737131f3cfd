/** A queue in memory that keeps the rules of the port. */
import type { AckOutcome, Backlog, LaneBatch, Outbox, RefusedRecord } from "../../../src/sync/outbox.ts";
import type { Lane, RejectCode, Tombstone, WireRecord } from "../../../src/sync/wire.ts";

interface State {
  lastSeq: number;
  ackedSeq: number;
  records: WireRecord[];
  tombstones: Tombstone[];
}

export class FakeOutbox implements Outbox {
  db: string;
  readonly lanes: readonly Lane[];
  readonly outcomes: AckOutcome[] = [];
  readonly #states = new Map<Lane, State>();
  readonly #refused: RefusedRecord[] = [];
  #renewals = 0;
  /** As on a disk that is full: every call throws this. */
  trouble: Error | null = null;

  constructor(lanes: readonly Lane[], db = "db1") {
    this.db = db;
    this.lanes = lanes;
    for (const lane of lanes) this.#states.set(lane, { lastSeq: 0, ackedSeq: 0, records: [], tombstones: [] });
  }

  /** Returns its number. A record with the same id takes the place of the one before. */
  add(lane: Lane, id: string, data: unknown = {}): number {
    const state = this.#state(lane);
    const before = state.records.find((record) => record.id === id);
    if (before !== undefined) {
      state.records = state.records.filter((record) => record !== before);
      state.tombstones.push({ from: before.seq, to: before.seq, reason: "replaced" });
    }
    const seq = ++state.lastSeq;
    state.records.push({ seq, type: lane === 2 ? "rollup" : "incident", id, version: seq, data });
    return seq;
  }

  next(lane: Lane, maxBytes: number): LaneBatch | null {
    this.#fail();
    const { records, tombstones, ackedSeq, lastSeq } = this.#state(lane);
    if (ackedSeq >= lastSeq) return null;
    const texts: string[] = [];
    let bytes = 0;
    let covered = lastSeq;
    for (const record of records) {
      const text = JSON.stringify(record);
      const size = Buffer.byteLength(text);
      if (texts.length > 0 && bytes + size > maxBytes) {
        covered = record.seq - 1;
        break;
      }
      texts.push(text);
      bytes += size;
    }
    return { lane, records: texts, tombstones: tombstones.filter(({ to }) => to <= covered), lastSeq: covered, bytes };
  }

  acknowledge(lane: Lane, seq: number, _batch: Pick<LaneBatch, "lastSeq"> | null): AckOutcome {
    this.#fail();
    const state = this.#state(lane);
    const outcome: AckOutcome = seq > state.lastSeq ? "ahead" : seq < state.ackedSeq ? "behind" : seq === state.ackedSeq ? "same" : "progress";
    this.outcomes.push(outcome);
    if (outcome === "ahead") this.db = `${this.db}-new${++this.#renewals}`;
    if (outcome === "progress") {
      state.ackedSeq = seq;
      state.records = state.records.filter((record) => record.seq > seq);
      state.tombstones = state.tombstones.filter(({ to }) => to > seq);
    }
    return outcome;
  }

  refuse(lane: Lane, seq: number, code: RejectCode): void {
    const state = this.#state(lane);
    const record = state.records.find((one) => one.seq === seq);
    if (record === undefined) return;
    state.records = state.records.filter((one) => one !== record);
    state.tombstones.push({ from: seq, to: seq, reason: "refused" });
    this.#refused.unshift({ lane, type: record.type, id: record.id, code, atMs: 0 });
  }

  backlog(lane: Lane): Backlog {
    this.#fail();
    return { records: this.#state(lane).records.length, oldestMs: null };
  }

  refused(limit: number): { readonly records: readonly RefusedRecord[]; readonly count: number } {
    return { records: this.#refused.slice(0, limit), count: this.#refused.length };
  }

  #fail(): void {
    if (this.trouble !== null) throw this.trouble;
  }

  #state(lane: Lane): State {
    return this.#states.get(lane) ?? { lastSeq: 0, ackedSeq: 0, records: [], tombstones: [] };
  }
}
