/**
 * Lane 0: heads of incidents and verdicts, sent while the network is bad. As long as one is unsent an attempt starts every two to three seconds, each on a fresh
 * connection, also while an earlier one still waits: a connection that lost its first packets waits out its own timeouts, a new one need not. The first to be
 * acknowledged ends the others. With nothing to tell it says hello once a minute, so that the collector knows that the node lives.
 *
 * Heads change every second while an incident lasts, and only the newest state of each is queued. So what was written decides when the next request may start, at
 * `collector.rate` as for everything else: a single head waits for nothing, a thousand peers in trouble fill no link.
 */
import { BatchSize } from "./batch-size.ts";
import type { SyncClock } from "./clock.ts";
import type { Delivery, Open, Outcome } from "./delivery.ts";
import { queueTrouble } from "./failure-words.ts";
import type { Outbox } from "./outbox.ts";
import type { Parcel } from "./parcel.ts";
import type { Places } from "./places.ts";
import { backoffMs, urgentGapMs, type Random } from "./schedule.ts";
import type { SyncState } from "./sync-state.ts";

/** Uncompressed. Sixteen heads of the largest kind: some 6 kB on the wire, one slice. */
export const URGENT_BODY_BYTES: number = 32 * 1024;
export const HELLO_MS = 60_000;
/** Longest pause after a success, however slow the configured rate is. */
const MAX_GAP_MS = 1_000;
/** A connection and its answer take at most 12 s, and one starts every 2 s at the earliest. */
const MAX_ATTEMPTS = 7;
const BITS = 8;
const SECOND_MS = 1_000;

export interface UrgentPorts {
  readonly clock: SyncClock;
  readonly random: Random;
  /** Bits per second. */
  readonly rate: number;
  /** That have lane 0. */
  readonly outboxes: readonly Outbox[];
  readonly delivery: Delivery;
  readonly places: Places;
  readonly state: SyncState;
  readonly onSuccess: () => void;
}

interface Attempt {
  /** Null: it only says hello. */
  readonly parcel: Parcel | null;
  readonly abort: AbortController;
  readonly open: Open;
  readonly wasKept: boolean;
}

export class UrgentLane {
  readonly #ports: UrgentPorts;
  readonly #attempts = new Set<Attempt>();
  readonly #size: BatchSize;
  #kept: Open | null = null;
  #cancelTimer: () => void = () => {};
  /** Monotonic ms: before then no attempt for what is unsent, and none to say hello. */
  #unsentAtMs = Number.NEGATIVE_INFINITY;
  #helloAtMs = Number.NEGATIVE_INFINITY;
  #helloFailures = 0;
  /** The queue could not be read when it was looked at last. */
  #isStuck = false;
  #isStopped = false;
  #onSettled: () => void = () => {};

  constructor(ports: UrgentPorts) {
    this.#ports = ports;
    this.#size = new BatchSize(URGENT_BODY_BYTES, (lane, seq) => ports.state.setAside({ lane, first: seq, records: 1, code: "too-large" }));
  }

  /** Something was written, or time has come: starts what is due, and sets the timer for what will be. The first time it says hello at least. */
  wake(): void {
    this.#cancelTimer();
    if (this.#isStopped || this.#attempts.size >= MAX_ATTEMPTS) return;
    const { clock, places } = this.#ports;
    // Before then the queue need not even be looked at.
    const earliestMs = Math.max(this.#unsentAtMs, places.readyAtMs("urgent"));
    if (earliestMs > clock.nowMs()) return this.#wakeAt(earliestMs);
    const parcel = this.#next();
    if (parcel !== null) return this.#start(parcel);
    if (this.#attempts.size > 0) return;
    const nowMs = clock.nowMs();
    if (this.#helloAtMs <= nowMs) return this.#start(null);
    this.#wakeAt(this.#unsentAtMs > nowMs ? Math.min(this.#unsentAtMs, this.#helloAtMs) : this.#helloAtMs);
  }

  /** Ends all attempts; one last try for what is unsent, which gets this long. */
  async stop(lastMs: number): Promise<void> {
    const { clock, places } = this.#ports;
    this.#cancelTimer();
    this.#isStopped = true;
    this.#abortAll();
    const parcel = this.#next();
    if (parcel !== null && places.readyAtMs("urgent") <= clock.nowMs()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onSettled = resolve;
      const cancel = clock.after(lastMs, () => this.#abortAll());
      this.#start(parcel);
      if (this.#attempts.size > 0) await promise;
      cancel();
    }
    this.#kept?.connection.close();
    this.#kept = null;
  }

  #wakeAt(atMs: number): void {
    this.#cancelTimer = this.#ports.clock.after(atMs - this.#ports.clock.nowMs(), () => this.wake());
  }

  #start(parcel: Parcel | null): void {
    const { clock, random, places, delivery, outboxes } = this.#ports;
    const url = places.current("urgent");
    if (parcel !== null) this.#unsentAtMs = clock.nowMs() + urgentGapMs(random);
    const kept = this.#kept;
    this.#kept = null;
    const open = delivery.open(url, kept);
    if (typeof open === "string") {
      this.#failed(url, { text: open, answered: false, retryAfterMs: null });
      return this.wake();
    }
    const attempt: Attempt = { parcel, abort: new AbortController(), open, wasKept: open === kept };
    this.#attempts.add(attempt);
    const parcels = parcel === null ? outboxes.map((outbox): Parcel => ({ outbox, db: outbox.db, lane: 0, batch: null })) : [parcel];
    void delivery.send(open, { parcels, pace: null, signal: attempt.abort.signal }).then((outcome) => this.#ended(attempt, outcome));
    this.wake();
  }

  #ended(attempt: Attempt, outcome: Outcome): void {
    const { open, parcel, wasKept } = attempt;
    this.#attempts.delete(attempt);
    if (outcome.kind === "done") this.#succeeded(attempt, outcome.bytes);
    else open.connection.close();
    // The other side had closed what was kept: that says nothing about the network, and a fresh one is tried at once.
    if (outcome.kind === "failed" && outcome.wasCut && wasKept) this.#now(parcel);
    else if (outcome.kind === "failed") this.#failed(open.url, outcome);
    if (outcome.kind === "too-large") {
      if (parcel !== null && this.#size.tooLarge(parcel)) this.#now(parcel);
      else this.#failed(open.url, { text: outcome.text, answered: true, retryAfterMs: null });
    }
    if (this.#attempts.size === 0) this.#onSettled();
    this.wake();
  }

  #succeeded(attempt: Attempt, bytes: number): void {
    const { clock, rate, places, state, onSuccess } = this.#ports;
    const { open, parcel } = attempt;
    for (const other of this.#attempts) {
      // One for something that was written during a hello goes on.
      if (parcel === null && other.parcel !== null) continue;
      this.#attempts.delete(other);
      other.abort.abort();
    }
    this.#kept?.connection.close();
    this.#kept = open;
    const nowMs = clock.nowMs();
    if (parcel !== null) this.#unsentAtMs = nowMs + Math.min(MAX_GAP_MS, (bytes * BITS * SECOND_MS) / rate);
    this.#helloAtMs = nowMs + HELLO_MS;
    this.#helloFailures = 0;
    places.succeeded(open.url, "urgent");
    // That the collector answers a hello ends no trouble of our own.
    if (!this.#isStuck) state.succeeded("urgent", open.url);
    onSuccess();
  }

  #failed(url: string, { text, answered, retryAfterMs }: Pick<Extract<Outcome, { kind: "failed" }>, "text" | "answered" | "retryAfterMs">): void {
    const { clock, random, places, state } = this.#ports;
    const nowMs = clock.nowMs();
    places.failed(url, { load: "urgent", nowMs, retryAfterMs });
    state.failed("urgent", { url, text, answered });
    this.#helloAtMs = nowMs + Math.min(HELLO_MS, backoffMs(++this.#helloFailures, random));
  }

  /** Once more, without waiting. */
  #now(parcel: Parcel | null): void {
    if (parcel === null) this.#helloAtMs = Number.NEGATIVE_INFINITY;
    else this.#unsentAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Null also where the queue cannot be read; it is looked at again when the next attempt would be due. */
  #next(): Parcel | null {
    const { clock, random, outboxes, state } = this.#ports;
    this.#isStuck = false;
    try {
      for (const outbox of outboxes) {
        const { db } = outbox;
        const batch = outbox.next(0, this.#size.bytes);
        if (batch !== null) return { outbox, db, lane: 0, batch };
      }
    } catch (error) {
      this.#isStuck = true;
      this.#unsentAtMs = clock.nowMs() + urgentGapMs(random);
      state.stuck("urgent", queueTrouble(error));
    }
    return null;
  }

  #abortAll(): void {
    for (const attempt of this.#attempts) attempt.abort.abort();
    this.#attempts.clear();
    this.#onSettled();
  }
}
