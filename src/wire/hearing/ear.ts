/**
 * The requests of one peer, counted: which numbers arrived, which are missing between them, and how often they come. What it counts is also what our probes tell
 * the peer of its own, so it is the heard-fields itself and not a copy of them.
 */
import { ArrivalCount } from "../../detect/arrival-count.ts";
import { HeardWindow } from "../../detect/heard-window.ts";
import type { BurstHearing } from "../../detect/incident.ts";
import type { Heard, ProbeFields } from "../../packet/probe.ts";
import type { Peer } from "../peer.ts";

/** Requests of a healthy peer that must have been counted before their absence, or their silence on an incident, means anything; the share that must have arrived. */
const CALIBRATION_REQUESTS = 20;
const CALIBRATION_SHARE = 0.5;
/** Silence of a peer for this many of its intervals counts as missing requests, before the next one proves it. */
const SILENT_INTERVALS = 3;
/** An agent that is not heard for this long has stopped: its restart takes less. */
const SILENT_US = 5_000_000;
/** Weight of a new interval in the estimate of how often a peer sends. */
const INTERVAL_GAIN = 1 / 8;
/** Between two requests the sender's clock and ours may tell of times this much apart: a path is not longer by more. Else one of them was not the peer's. */
const CLOCKS_APART_US = 1_000_000;

/** Monotonic µs. */
export interface Stretch {
  readonly fromUs: number;
  readonly toUs: number;
  readonly nowUs: number;
}

export class Ear implements Heard {
  readonly peer: Peer;
  readonly #authentic: boolean;
  readonly #window = new HeardWindow();
  readonly #counts = new ArrivalCount();
  /** Of the boot that is heard, −1 while none is. */
  #epoch = -1;
  #lastUs = 0;
  #lastSentUs = 0;
  #intervalUs = 0;
  /** We may have lost requests of it ourselves since the last one. */
  #deaf = false;
  /** Its requests have stopped while its host answers; it was said. */
  #silent = false;
  /** Since the last rollup. */
  #expected = 0;
  #received = 0;
  /** While healthy, in this epoch of the peer. */
  #healthyExpected = 0;
  #healthyReceived = 0;
  /** When it last said that it has an incident with us. */
  #flaggedUs = -1;
  /** First number of ours that it told of in this boot, −1 before: it cannot say that it did not hear what came before. */
  toldFrom = -1;

  constructor(peer: Peer, authentic: boolean) {
    this.peer = peer;
    this.#authentic = authentic;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Newest number heard, −1 while none was. */
  get number(): number {
    return this.#window.newest;
  }

  get bitmapHigh(): number {
    return this.#window.high;
  }

  get bitmapLow(): number {
    return this.#window.low;
  }

  /** When the newest one arrived. */
  get arrivedUs(): number {
    return this.#lastUs;
  }

  /** How often it sends, as estimated; 0 while not known. */
  get intervalUs(): number {
    return this.#intervalUs;
  }

  /** Another line of requests. What was counted of the peer, and what was said, stays. */
  begin(epoch: number): void {
    this.#epoch = epoch;
    this.#window.clear();
    this.#lastUs = 0;
    this.#lastSentUs = 0;
    this.#intervalUs = 0;
    this.#deaf = false;
    this.#healthyExpected = 0;
    this.#healthyReceived = 0;
    this.#flaggedUs = -1;
    this.toldFrom = -1;
  }

  /** Counts a request; false for one that was heard before or is too old to tell. */
  hear(probe: ProbeFields, nowUs: number): boolean {
    const heard = this.#window.hear(probe.number);
    if (heard.kind === "duplicate" || heard.kind === "old") return false;
    const deaf = this.#deaf && heard.kind === "newer";
    if (deaf) {
      this.#window.assumeHeard();
      this.#deaf = false;
    }
    const missed = heard.kind === "newer" && !deaf ? heard.missed : 0;
    const healthy = !this.peer.detector.troubled;
    this.#received++;
    if (healthy) this.#healthyReceived++;
    if (heard.kind === "gap") {
      this.#counts.found(nowUs);
      return true;
    }
    if (missed > 0) this.#counts.missing(missed, { fromUs: this.#lastUs, toUs: nowUs });
    this.#counts.received(nowUs);
    this.#expected += 1 + missed;
    if (healthy) this.#healthyExpected += 1 + missed;
    if (heard.kind === "newer" && !deaf) this.#pace((probe.sentUs - this.#lastSentUs) / (1 + missed), { missed, apartUs: nowUs - this.#lastUs });
    this.#lastUs = nowUs;
    this.#lastSentUs = probe.sentUs;
    return true;
  }

  /** It says that it has an incident with us. */
  flagged(nowUs: number): void {
    this.#flaggedUs = nowUs;
  }

  /** What is missing until its next request may have been lost by ourselves. */
  deafen(): void {
    this.#deaf = true;
  }

  /** Whether its requests have stopped while its host answers, or are heard again; null when nothing new is to be said. */
  silence(nowUs: number): boolean | null {
    const isSilent = this.#lastUs > 0 && nowUs - this.#lastUs > Math.max(SILENT_US, SILENT_INTERVALS * this.#intervalUs);
    if (isSilent === this.#silent) return null;
    // While its answers are missing too this says nothing of its agent; nor does the silence of one that is hardly heard at all.
    if (isSilent && (!this.#isCalibrated || this.peer.detector.troubled || nowUs - this.peer.lastGoodUs > SILENT_US)) return null;
    this.#silent = isSilent;
    return isSilent;
  }

  /** Since this was last asked. */
  takeCounts(): { readonly expected: number; readonly received: number } {
    const counts = { expected: this.#expected, received: this.#received };
    this.#expected = 0;
    this.#received = 0;
    return counts;
  }

  report(stretch: Stretch): BurstHearing {
    const { expected, received } = this.#counts.count(stretch.fromUs, stretch.toUs);
    return {
      state: this.#isCalibrated ? "calibrated" : "off",
      authentic: this.#authentic,
      expected: expected + this.#overdue(stretch),
      received,
      due: this.#due(stretch),
      saysBad: this.#flaggedUs >= stretch.fromUs ? true : received >= CALIBRATION_REQUESTS ? false : null,
    };
  }

  /** Enough of its requests have arrived while it was healthy for their absence to mean something. */
  get #isCalibrated(): boolean {
    return this.#healthyReceived >= CALIBRATION_REQUESTS && this.#healthyReceived >= CALIBRATION_SHARE * this.#healthyExpected;
  }

  #pace(intervalUs: number, { missed, apartUs }: { readonly missed: number; readonly apartUs: number }): void {
    if (intervalUs <= 0 || Math.abs(intervalUs * (1 + missed) - apartUs) >= CLOCKS_APART_US) return;
    this.#intervalUs = this.#intervalUs === 0 ? intervalUs : this.#intervalUs + (intervalUs - this.#intervalUs) * INTERVAL_GAIN;
  }

  /** Requests that the peer sends in such a stretch when it runs. */
  #due({ fromUs, toUs, nowUs }: Stretch): number {
    return this.#intervalUs <= 0 ? 0 : Math.max(0, Math.floor((Math.min(toUs, nowUs) - fromUs) / this.#intervalUs));
  }

  /** Requests that are overdue by now, within the stretch. */
  #overdue({ fromUs, toUs, nowUs }: Stretch): number {
    if (this.#intervalUs <= 0 || nowUs - this.#lastUs < SILENT_INTERVALS * this.#intervalUs) return 0;
    return Math.max(0, Math.floor((Math.min(toUs, nowUs) - Math.max(this.#lastUs, fromUs)) / this.#intervalUs));
  }
}
