/**
 * Lanes 1 to 3, everything but heads: one request at a time on a connection of its own, evidence before rollups before raw samples, paced. What fails backs off; the
 * next success of lane 0 says that the way is free. Its first request holds nothing and asks how far the collector is: it may have lost something, or know more
 * than this database (a copy).
 *
 * Rollups and raw samples wait while an incident is open, and everything waits when probes suffer: a body under way is then held where it is, for starting anew would
 * send it twice. Only what waits for an incident to end, which may take long, is cut.
 */
import { BatchSize } from "./batch-size.ts";
import { wait, type SyncClock } from "./clock.ts";
import type { Delivery, Open, Outcome } from "./delivery.ts";
import { queueTrouble } from "./failure-words.ts";
import type { Outbox } from "./outbox.ts";
import type { Pace } from "./paced-body.ts";
import { ENVELOPE_BYTES, type Parcel } from "./parcel.ts";
import type { Places } from "./places.ts";
import { backoffMs, type Random } from "./schedule.ts";
import type { SyncState } from "./sync-state.ts";
import { type Lane, MAX_BODY_BYTES } from "./wire.ts";

const BULK_LANES: readonly Lane[] = [1, 2, 3];
/** These wait for incidents to end. */
const CALM_LANES: readonly Lane[] = [2, 3];
/** What comes soon after an empty queue is gathered for this long: evidence grows four times a second while mtr runs. */
const GATHER_MS = 2_000;
/** Whoever writes wakes us; this is for what was written without. */
const LOOK_MS = 30_000;

export interface BulkPorts {
  readonly clock: SyncClock;
  readonly random: Random;
  readonly pace: Pace;
  readonly outboxes: readonly Outbox[];
  readonly delivery: Delivery;
  readonly places: Places;
  readonly state: SyncState;
  /** Whether lanes 2 and 3 have to wait. */
  readonly isCalm: () => boolean;
}

export class BulkLanes {
  readonly #ports: BulkPorts;
  readonly #size: BatchSize;
  readonly #ending = new AbortController();
  #alarm = new AbortController();
  #current: { readonly lane: Lane; readonly abort: AbortController } | null = null;
  #kept: Open | null = null;
  #hasAsked = false;
  #failures = 0;
  /** Monotonic ms. */
  #nextAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> = Promise.resolve();

  constructor(ports: BulkPorts) {
    this.#ports = ports;
    this.#size = new BatchSize(MAX_BODY_BYTES - ENVELOPE_BYTES, (lane, seq) =>
      ports.state.setAside({ lane, first: seq, records: 1, code: "too-large" }),
    );
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Something was written. */
  wake(): void {
    this.#alarm.abort();
  }

  /** An incident was opened or closed. */
  calmChanged(): void {
    if (this.#current !== null && !this.#mayGo(this.#current.lane)) this.#current.abort.abort();
    this.wake();
  }

  /** The collector answers: what has backed off need not wait any longer, but does not come all at once. */
  resetBackoff(): void {
    if (this.#failures === 0) return;
    const { clock, random } = this.#ports;
    this.#failures = 0;
    this.#nextAtMs = Math.min(this.#nextAtMs, clock.nowMs() + backoffMs(1, random));
    this.wake();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    this.#current?.abort.abort();
    this.wake();
    await this.#running;
    this.#kept?.connection.close();
    this.#kept = null;
  }

  async #run(): Promise<void> {
    const { clock, places, pace } = this.#ports;
    while (!this.#ending.signal.aborted) {
      // Whoever wakes us from here on is heard.
      this.#alarm = new AbortController();
      const dueMs = Math.max(this.#nextAtMs, places.readyAtMs("bulk"), pace.heldUntilMs) - clock.nowMs();
      const parcels = dueMs > 0 ? [] : this.#tryNext();
      if (parcels.length > 0) {
        await this.#send(parcels);
        continue;
      }
      const { signal } = this.#alarm;
      await wait(clock, { ms: dueMs > 0 ? dueMs : LOOK_MS, signal });
      if (dueMs <= 0 && signal.aborted) this.#nextAtMs = clock.nowMs() + GATHER_MS;
    }
  }

  /** None also where the queue cannot be read; it is looked at again later. */
  #tryNext(): Parcel[] {
    const { clock, random, state } = this.#ports;
    try {
      return this.#next();
    } catch (error) {
      this.#nextAtMs = clock.nowMs() + backoffMs(++this.#failures, random);
      state.stuck("bulk", queueTrouble(error));
      return [];
    }
  }

  /** Of the first lane that has something; at the beginning the question after all of them. */
  #next(): Parcel[] {
    const lanes = BULK_LANES.flatMap((lane) =>
      this.#ports.outboxes.filter((outbox) => outbox.lanes.includes(lane)).map((outbox) => ({ lane, outbox })),
    );
    if (!this.#hasAsked) return lanes.map(({ lane, outbox }) => ({ outbox, db: outbox.db, lane, batch: null }));
    for (const { lane, outbox } of lanes) {
      if (!this.#mayGo(lane)) continue;
      const { db } = outbox;
      const batch = outbox.next(lane, this.#size.bytes);
      if (batch !== null) return [{ outbox, db, lane, batch }];
    }
    return [];
  }

  async #send(parcels: readonly Parcel[]): Promise<void> {
    const { places, delivery, pace, state } = this.#ports;
    const url = places.current("bulk");
    const kept = this.#kept;
    this.#kept = null;
    const open = delivery.open(url, kept);
    if (typeof open === "string") return this.#failed(url, { text: open, answered: false, retryAfterMs: null });
    const abort = new AbortController();
    this.#current = { lane: this.#hasAsked ? (parcels[0] as Parcel).lane : 1, abort };
    const outcome = await delivery.send(open, { parcels, pace, signal: abort.signal });
    this.#current = null;
    if (outcome.kind !== "done") open.connection.close();
    switch (outcome.kind) {
      case "done":
        this.#kept = open;
        this.#hasAsked = true;
        this.#failures = 0;
        places.succeeded(url, "bulk");
        state.succeeded("bulk", url);
        return;
      case "too-large":
        if (!parcels.some((parcel) => this.#size.tooLarge(parcel))) this.#failed(url, { text: outcome.text, answered: true, retryAfterMs: null });
        return;
      case "failed":
        // The other side had closed what was kept: a fresh one is tried at once.
        return outcome.wasCut && open === kept ? undefined : this.#failed(url, outcome);
      case "aborted":
        return;
    }
  }

  #failed(url: string, { text, answered, retryAfterMs }: Pick<Extract<Outcome, { kind: "failed" }>, "text" | "answered" | "retryAfterMs">): void {
    const { clock, random, places, state } = this.#ports;
    const nowMs = clock.nowMs();
    // Whoever says when to come again is believed: no pause of ours grows meanwhile.
    if (retryAfterMs === null) this.#nextAtMs = nowMs + backoffMs(++this.#failures, random);
    places.failed(url, { load: "bulk", nowMs, retryAfterMs });
    state.failed("bulk", { url, text, answered });
  }

  #mayGo(lane: Lane): boolean {
    return !CALM_LANES.includes(lane) || this.#ports.isCalm();
  }
}
