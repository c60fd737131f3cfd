/**
 * The delivery to the collector, put together: heads on one connection (urgent-lane.ts), the rest on another (bulk-lanes.ts), and what both share. It holds nothing
 * of its own: what is to be sent, and how far it is, is in the databases (outbox.ts), so it may end at any time.
 */
import type { CollectorConfig } from "../config/config.ts";
import type { FactLog } from "../fact-log.ts";
import { iso, isoOrNull } from "../report/figures.ts";
import { AddressBook } from "./address-book.ts";
import { BulkLanes } from "./bulk-lanes.ts";
import { SYSTEM_CLOCK, type SyncClock } from "./clock.ts";
import { CredentialFiles } from "./credentials.ts";
import { Delivery } from "./delivery.ts";
import { isInTheClear } from "./endpoint.ts";
import type { Exchange } from "./exchange.ts";
import { ExchangeClock } from "./exchange-clock.ts";
import { HttpExchange } from "./http-exchange.ts";
import { type OwnRequests, RequestLog } from "./own-requests.ts";
import type { Backlog, Outbox, RefusedRecord } from "./outbox.ts";
import { OverdueWatch, PAUSE_MS } from "./overdue-watch.ts";
import { Pace } from "./paced-body.ts";
import { Places } from "./places.ts";
import type { Random } from "./schedule.ts";
import type { CollectorStatus } from "./status.ts";
import { SyncState } from "./sync-state.ts";
import { UrgentLane } from "./urgent-lane.ts";
import { type LaneBacklog, LANES } from "./wire.ts";

/** The agent ends within a second. */
const LAST_TRY_MS = 800;
/** Counting a long queue takes milliseconds, and requests may be many. */
const BACKLOG_FRESH_MS = 1_000;
/** That the status names; the count is of all. */
const MAX_REFUSED_NAMED = 20;

export interface SyncOptions {
  readonly collector: CollectorConfig;
  readonly node: { readonly name: string; readonly address: string | null; readonly version: string };
  readonly outboxes: readonly Outbox[];
  readonly log: FactLog;
  /** Whether rollups and raw samples may go now. */
  readonly isCalm: () => boolean;
  /** Since when the node cannot judge, wall ms; null while it can. */
  readonly blindSinceMs: () => number | null;
  // For tests.
  readonly clock?: SyncClock;
  readonly random?: Random;
  readonly exchange?: Exchange;
}

export class Sync {
  readonly #options: SyncOptions;
  readonly #clock: SyncClock;
  readonly #places: Places;
  readonly #pace: Pace;
  readonly #state: SyncState;
  readonly #exchangeClock: ExchangeClock;
  readonly #requests: RequestLog;
  readonly #watch = new OverdueWatch();
  readonly #urgent: UrgentLane;
  readonly #bulk: BulkLanes;
  #hurtPeer = "";
  #backlog: { readonly atMs: number; readonly lanes: readonly LaneBacklog[] } | null = null;

  constructor(options: SyncOptions) {
    const { collector, node, outboxes, log, isCalm, blindSinceMs, clock = SYSTEM_CLOCK, random = Math.random } = options;
    this.#options = options;
    this.#clock = clock;
    this.#places = new Places(collector.urls);
    this.#pace = new Pace(clock, collector.rate);
    this.#state = new SyncState(clock, log);
    this.#exchangeClock = new ExchangeClock(clock);
    this.#requests = new RequestLog(() => clock.nowMs());
    const delivery = new Delivery({
      clock,
      requests: this.#requests,
      exchange: options.exchange ?? new HttpExchange({ clock, lookup: new AddressBook(clock).lookup }),
      credentials: new CredentialFiles(collector),
      exchangeClock: this.#exchangeClock,
      words: {
        node: node.name,
        version: node.version,
        address: node.address,
        backlog: () => this.#backlogNow(),
        blindSince: () => isoOrNull(blindSinceMs()),
      },
      onRefused: (facts) => this.#state.setAside(facts),
      log,
    });
    const shared = { clock, random, delivery, places: this.#places, state: this.#state };
    this.#bulk = new BulkLanes({ ...shared, outboxes, pace: this.#pace, isCalm });
    this.#urgent = new UrgentLane({
      ...shared,
      rate: collector.rate,
      outboxes: outboxes.filter(({ lanes }) => lanes.includes(0)),
      onSuccess: () => this.#bulk.resetBackoff(),
    });
  }

  start(): void {
    const { urls } = this.#options.collector;
    for (const url of urls.filter(isInTheClear))
      this.#options.log.warn({ collector: url }, "the collector is asked over plain http: whoever is on the way can read the token (use https)");
    this.#urgent.wake();
    this.#bulk.start();
  }

  /** Something was committed. */
  wake(): void {
    this.#urgent.wake();
    this.#bulk.wake();
  }

  /** An incident was opened or closed. */
  incidentsChanged(): void {
    this.#bulk.calmChanged();
  }

  /** Peers with a probe that is overdue at this moment. */
  overdue(peers: readonly string[]): void {
    const nowMs = this.#clock.nowMs();
    const hurt = this.#watch.note(peers, { nowMs, lastWrittenMs: this.#pace.lastMs });
    if (hurt === null) return;
    this.#hurtPeer = hurt;
    this.#pace.hold(nowMs + PAUSE_MS);
  }

  /** They are not probed any more. */
  peersGone(peers: readonly string[]): void {
    this.#watch.forget(peers);
  }

  /** For whoever counts what the host sent again. */
  get requests(): OwnRequests {
    return this.#requests.requests;
  }

  /** Takes a second at most. */
  async stop(): Promise<void> {
    await Promise.all([this.#bulk.stop(), this.#urgent.stop(LAST_TRY_MS)]);
  }

  status(): CollectorStatus {
    const { lastError, lastSuccessMs, isReachable } = this.#state;
    return {
      url: this.#places.current("urgent"),
      reachable: isReachable,
      last_success_at: isoOrNull(lastSuccessMs),
      last_error: lastError === null ? null : { at: iso(lastError.atMs), text: lastError.text, over: lastError.isOver },
      lanes: this.#backlogNow(),
      refused: this.#refused(),
      clock: this.#exchangeClock.reading,
      paused: this.#paused(),
    };
  }

  #paused(): string | null {
    const nowMs = this.#clock.nowMs();
    const at = (ms: number): string => iso(this.#clock.wallMs() + ms - nowMs);
    const [forHeadsMs, forAllMs] = [this.#places.readyAtMs("urgent"), this.#places.readyAtMs("bulk")];
    if (forHeadsMs > nowMs) return `the collector asks to be left alone until ${at(forHeadsMs)}`;
    if (forAllMs > nowMs) return `the collector is busy: all but heads waits until ${at(forAllMs)}`;
    if (this.#pace.heldUntilMs > nowMs)
      return `a probe to ${this.#hurtPeer} turned overdue while something was sent: all but heads waits until ${at(this.#pace.heldUntilMs)}`;
    return this.#options.isCalm() ? null : "an incident is open: rollups and raw samples wait";
  }

  #refused(): CollectorStatus["refused"] {
    const all = this.#options.outboxes.map((outbox) => outbox.refused(MAX_REFUSED_NAMED));
    const newest = all.flatMap(({ records }) => records).sort((a, b) => b.atMs - a.atMs);
    return {
      count: all.reduce((sum, { count }) => sum + count, 0),
      records: newest.slice(0, MAX_REFUSED_NAMED).map(({ atMs, ...record }: RefusedRecord) => ({ ...record, at: iso(atMs) })),
    };
  }

  #backlogNow(): readonly LaneBacklog[] {
    const nowMs = this.#clock.nowMs();
    if (this.#backlog === null || nowMs - this.#backlog.atMs > BACKLOG_FRESH_MS) this.#backlog = { atMs: nowMs, lanes: this.#countBacklog() };
    return this.#backlog.lanes;
  }

  /** Where the disk cannot tell: what it told before. Whoever reads the queue says what is wrong with it. */
  #countBacklog(): readonly LaneBacklog[] {
    const { outboxes } = this.#options;
    try {
      return LANES.map((lane) =>
        laneBacklog(
          lane,
          outboxes.filter((outbox) => outbox.lanes.includes(lane)).map((outbox) => outbox.backlog(lane)),
        ),
      );
    } catch {
      return this.#backlog?.lanes ?? [];
    }
  }
}

function laneBacklog(lane: LaneBacklog["lane"], backlogs: readonly Backlog[]): LaneBacklog {
  const known = backlogs.flatMap(({ oldestMs }) => (oldestMs === null ? [] : [oldestMs]));
  return { lane, records: backlogs.reduce((sum, { records }) => sum + records, 0), oldest_at: known.length === 0 ? null : iso(Math.min(...known)) };
}
