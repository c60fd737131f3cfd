/**
 * A node as the collector sees it, without an agent behind it. It keeps to the contract (src/sync/wire.ts) and to the clock of a real sender: attempts of lane 0
 * start every two to three seconds while it holds anything, the other lanes back off from one second to five minutes until lane 0 goes through, every attempt
 * after a failure has a connection of its own, Retry-After overrides both. It is not built on src/sync: a fault there must not hide one here.
 *
 * It forgets what is acknowledged and only that: what the collector acknowledged and did not keep is missing in the database afterwards.
 */
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { LANES, MAX_BODY_BYTES, type Lane, type SyncAnswer, type SyncRequest, type WireFile, type WireLane } from "../../src/sync/wire.ts";
import { Door, type CollectorAddress } from "./simulated-door.ts";
import { seededRandom } from "./statistics.ts";
import { stockOf, type NodeStock, type Stock } from "./simulated-records.ts";

const HEAD_EVERY_MS = 2_000;
const HEAD_JITTER_MS = 1_000;
const FIRST_BACKOFF_MS = 1_000;
const LAST_BACKOFF_MS = 300_000;
/** Room for what a body has beside its records. */
const ENVELOPE_BYTES = 1_024;
/** Cheap: the simulated nodes share their processor with the collector. */
const GZIP_LEVEL = 1;
const BULK_LANES: readonly Lane[] = LANES.filter((lane) => lane > 0);

export interface NodePlan extends NodeStock {
  readonly token: string;
  /** Bulk as slowly as a real node sends it; else as fast as it goes. */
  readonly paced: boolean;
}

/** What became of the requests of a node; the keys of `answers` are status codes, `timeout`, and codes of the errors of a connection. */
export interface NodeOutcome {
  readonly name: string;
  readonly answers: Readonly<Record<string, number>>;
  /** From the start to the acknowledgement of the last head, and of everything; null when that did not come. */
  readonly headsMs: number | null;
  readonly allMs: number | null;
  /** What a node must never see: rejections, numbers ahead of it or going back, a 503 without Retry-After. */
  readonly faults: readonly string[];
}

interface Refusal {
  readonly kind: "refused";
  /** As long as the collector wants. */
  readonly waitMs: number | null;
}

type Exchange = { readonly kind: "answered"; readonly answer: SyncAnswer } | Refusal;

export class SimulatedNode {
  readonly #plan: NodePlan;
  readonly #collector: CollectorAddress;
  readonly #random: () => number;
  readonly #stock: Stock;
  readonly #acked = new Map<Lane, number>();
  /** Set aside, by lane: a tombstone takes their place. */
  readonly #refused = new Map<Lane, Set<number>>();
  readonly #answers: Record<string, number> = {};
  readonly #faults: string[] = [];
  #resetBulk: AbortController = new AbortController();
  readonly #lastPacked = new Map<string, { readonly state: string; readonly body: Uint8Array }>();
  #headsMs: number | null = null;
  #allMs: number | null = null;

  constructor(plan: NodePlan, collector: CollectorAddress) {
    this.#plan = plan;
    this.#collector = collector;
    this.#random = seededRandom(plan.seed);
    this.#stock = stockOf(plan);
    // Before the clock runs: in a real fleet every node has a processor for that.
    for (const lanes of [[0 as const], BULK_LANES]) this.#packed(lanes);
  }

  get outcome(): NodeOutcome {
    return { name: this.#plan.name, answers: this.#answers, headsMs: this.#headsMs, allMs: this.#allMs, faults: this.#faults };
  }

  /** Until everything is delivered or `signal` says stop. */
  async run(signal: AbortSignal): Promise<NodeOutcome> {
    const since = performance.now();
    const heads = this.#deliverHeads(signal).then((done) => {
      if (done) this.#headsMs = performance.now() - since;
    });
    await Promise.all([heads, this.#deliverBulk(signal)]);
    if (LANES.every((lane) => this.#isDone(lane))) this.#allMs = performance.now() - since;
    return this.outcome;
  }

  #isDone(lane: Lane): boolean {
    return (this.#acked.get(lane) ?? 0) >= this.#stock.last(lane);
  }

  async #deliverHeads(signal: AbortSignal): Promise<boolean> {
    const door = new Door(this.#collector);
    while (!this.#isDone(0) && !signal.aborted) {
      const begunMs = performance.now();
      const exchange = await this.#exchange(door, { lanes: [0], paced: false, signal });
      if (exchange.kind === "answered") {
        this.#resetBulk.abort();
        continue;
      }
      const every = begunMs + HEAD_EVERY_MS + this.#random() * HEAD_JITTER_MS - performance.now();
      await sleep(Math.max(0, exchange.waitMs ?? every), signal);
    }
    await door.close();
    return this.#isDone(0);
  }

  /** As after an outage: its wait may have grown to minutes, and is cut short by the first success of lane 0. */
  async #deliverBulk(signal: AbortSignal): Promise<void> {
    const door = new Door(this.#collector);
    let backoffMs = this.#isDone(0) ? FIRST_BACKOFF_MS : LAST_BACKOFF_MS;
    if (!this.#isDone(0)) await this.#sleepUnlessReset(this.#random() * backoffMs, signal);
    while (BULK_LANES.some((lane) => !this.#isDone(lane)) && !signal.aborted) {
      const exchange = await this.#exchange(door, { lanes: BULK_LANES, paced: this.#plan.paced, signal });
      if (exchange.kind === "answered") {
        backoffMs = FIRST_BACKOFF_MS;
        continue;
      }
      if (this.#resetBulk.signal.aborted) backoffMs = FIRST_BACKOFF_MS;
      this.#resetBulk = new AbortController();
      // Full jitter: anything up to the limit, so that nodes that failed together do not come back together.
      if (exchange.waitMs === null) await this.#sleepUnlessReset(this.#random() * backoffMs, signal);
      else await sleep(exchange.waitMs, signal);
      backoffMs = Math.min(LAST_BACKOFF_MS, backoffMs * 2);
    }
    await door.close();
  }

  #sleepUnlessReset(ms: number, signal: AbortSignal): Promise<void> {
    return sleep(ms, AbortSignal.any([signal, this.#resetBulk.signal]));
  }

  async #exchange(door: Door, what: { readonly lanes: readonly Lane[]; readonly paced: boolean; readonly signal: AbortSignal }): Promise<Exchange> {
    const reply = await door.post(this.#packed(what.lanes), { token: this.#plan.token, paced: what.paced, signal: what.signal });
    if (what.signal.aborted) return { kind: "refused", waitMs: null };
    this.#answers[reply.status] = (this.#answers[reply.status] ?? 0) + 1;
    if (reply.status === "200") {
      const answer = JSON.parse(reply.text) as SyncAnswer;
      this.#take(answer);
      return { kind: "answered", answer };
    }
    if (reply.status === "503" && reply.retryAfterMs === null) this.#fault("503 without Retry-After");
    else if (/^\d/.test(reply.status) && reply.status !== "503") this.#fault(`${reply.status}: ${reply.text.slice(0, 200)}`);
    return { kind: "refused", waitMs: reply.retryAfterMs };
  }

  #take(answer: SyncAnswer): void {
    for (const { lane, seq, code } of answer.rejected) {
      this.#fault(`lane ${lane} number ${seq} was rejected: ${code}`);
      this.#refused.set(lane, (this.#refused.get(lane) ?? new Set()).add(seq));
    }
    for (const { db, lane, seq } of answer.acks) {
      const before = this.#acked.get(lane) ?? 0;
      if (db !== this.#dbOf(lane)) this.#fault(`an acknowledgement for ${db}`);
      else if (seq > this.#stock.last(lane)) this.#fault(`lane ${lane}: ${seq} is ahead of ${this.#stock.last(lane)}`);
      else if (seq < before) this.#fault(`lane ${lane}: ${seq} after ${before}`);
      else this.#acked.set(lane, seq);
    }
  }

  #fault(words: string): void {
    if (this.#faults.length < 5) this.#faults.push(words);
  }

  #dbOf(lane: Lane): string {
    return lane === 2 ? this.#stock.metricsDb : this.#stock.evidenceDb;
  }

  /** The same bytes again for those who were turned away: in a real fleet, packing them costs the collector's machine nothing. */
  #packed(lanes: readonly Lane[]): Uint8Array {
    const key = lanes.join();
    const state = JSON.stringify([lanes.map((lane) => this.#acked.get(lane)), lanes.map((lane) => this.#refused.get(lane)?.size)]);
    const last = this.#lastPacked.get(key);
    if (last?.state === state) return last.body;
    const body = gzipSync(this.#body(lanes), { level: GZIP_LEVEL });
    this.#lastPacked.set(key, { state, body });
    return body;
  }

  #body(lanes: readonly Lane[]): string {
    let room = MAX_BODY_BYTES - ENVELOPE_BYTES;
    const files = new Map<string, WireLane[]>();
    for (const lane of lanes) {
      const records: WireLane["records"][number][] = [];
      const tombstones: WireLane["tombstones"][number][] = [];
      for (let seq = (this.#acked.get(lane) ?? 0) + 1; seq <= this.#stock.last(lane); seq++) {
        if (this.#refused.get(lane)?.has(seq) === true) {
          tombstones.push({ from: seq, to: seq, reason: "refused" });
          continue;
        }
        const record = this.#stock.record(lane, seq);
        const bytes = Buffer.byteLength(JSON.stringify(record)) + 1;
        if (bytes > room) break;
        room -= bytes;
        records.push(record);
      }
      if (records.length + tombstones.length === 0) continue;
      const db = this.#dbOf(lane);
      files.set(db, [...(files.get(db) ?? []), { lane, records, tombstones }]);
    }
    const request: SyncRequest = {
      api: 1,
      node: this.#plan.name,
      sent_at: new Date().toISOString(),
      mono: Math.round(performance.now()),
      version: "0.1.0",
      address: "10.20.1.2",
      clock: { offset_ms: 1.5, error_ms: 8 },
      backlog: LANES.map((lane) => ({ lane, records: this.#stock.last(lane) - (this.#acked.get(lane) ?? 0), oldest_at: null })),
      blind_since: null,
      files: [...files].map(([db, lanes]): WireFile => ({ db, lanes })),
    };
    return JSON.stringify(request);
  }
}

/** Ends early, without an error, when the signal says so. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => {});
}
