/**
 * Ten seconds of one peer in one row, read from the flight recorder once all its probes are settled: nothing is counted on the hot path. The work is spread
 * over the seconds that follow, a few peers at a time. A late reply to a probe of a period already written is a correction: rows of one period add up.
 *
 * Probes count in the period that they were due in; what is not counted by probe (`arrivals.ts`) in the period that it arrived in.
 */
import { DOUBTFUL_BIT, OUTCOME, sampleOutcome, sampleRttUs } from "../../detect/sample.ts";
import { Histogram } from "../../stats/histogram.ts";
import type { RollupRow } from "../../store/rows.ts";
import { Arrivals, type Arrived, type TakeHeard } from "./arrivals.ts";
import type { Clock } from "../clock.ts";
import type { Peer } from "../peer.ts";

const PERIOD_MS = 10_000;
const PERIOD_US = PERIOD_MS * 1000;
/** The peers of a period are rolled up over this long. */
const SPREAD_US = 6_000_000;

export class Rollups {
  readonly #peers: readonly Peer[];
  readonly #clock: Clock;
  readonly #post: (rows: readonly RollupRow[]) => void;
  #settleUs: number;
  readonly #arrivals: Arrivals;
  readonly #firstUs: number;
  readonly #histogram = new Histogram();
  #corrections: RollupRow[] = [];
  #period = 0;
  #next = 0;

  /** `settleUs`: after this long a probe is judged. */
  constructor(options: {
    readonly peers: readonly Peer[];
    readonly clock: Clock;
    readonly post: (rows: readonly RollupRow[]) => void;
    readonly settleUs: number;
    readonly takeHeard: TakeHeard;
  }) {
    this.#peers = options.peers;
    this.#clock = options.clock;
    this.#post = options.post;
    this.#settleUs = options.settleUs;
    this.#arrivals = new Arrivals(options.peers, options.takeHeard);
    const nowUs = options.clock.nowUs();
    const intoPeriodMs = options.clock.wallMs(nowUs) % PERIOD_MS;
    this.#firstUs = nowUs - intoPeriodMs * 1000;
  }

  /** A slower peer is there: its probes are judged later. */
  settleAfter(us: number): void {
    this.#settleUs = Math.max(this.#settleUs, us);
  }

  /** Called every tick; does a share of the work. */
  tick(nowUs: number): void {
    this.#arrivals.reached(Math.floor((nowUs - this.#firstUs) / PERIOD_US));
    const readyUs = this.#firstUs + (this.#period + 1) * PERIOD_US + this.#settleUs;
    if (nowUs < readyUs) return;
    const share = Math.min(1, (nowUs - readyUs) / SPREAD_US);
    const until = Math.max(Math.ceil(share * this.#peers.length), Math.min(this.#peers.length, 1));
    // A message a tick would cost more than the rows in it.
    if (until - this.#next < 20 && until < this.#peers.length) return;
    this.#roll(until);
  }

  /** Everything that is settled by now, and what is not yet as it stands: the agent is stopping. */
  flush(): void {
    for (const last = this.#arrivals.close(); this.#period <= last;) this.#roll(this.#peers.length);
  }

  /** A probe of this slot was counted as lost or blind and has now been answered. */
  relabel(peer: Peer, slot: number, from: "lost" | "blind"): void {
    const period = Math.floor((peer.group.atUs(peer.member, slot) - this.#firstUs) / PERIOD_US);
    const rolled = period < this.#period || (period === this.#period && peer.index < this.#next);
    if (!rolled) return;
    const row = emptyRow(peer.name, this.#labelMs(period));
    this.#corrections.push({ ...row, late: 1, [from]: -1 });
  }

  #roll(until: number): void {
    const fromUs = this.#firstUs + this.#period * PERIOD_US;
    const rows = this.#corrections;
    this.#corrections = [];
    for (; this.#next < until; this.#next++) {
      const peer = this.#peers[this.#next] as Peer;
      if (peer.canary) continue;
      const arrived = this.#arrivals.of(this.#period, peer);
      const row = this.#row(peer, { fromUs, toUs: fromUs + PERIOD_US, atMs: this.#labelMs(this.#period), arrived });
      if (row !== null) rows.push(row);
    }
    if (this.#next >= this.#peers.length) {
      this.#arrivals.forget(this.#period);
      this.#next = 0;
      this.#period++;
    }
    if (rows.length > 0) this.#post(rows);
  }

  #labelMs(period: number): number {
    return Math.round(this.#clock.wallMs(this.#firstUs + period * PERIOD_US) / PERIOD_MS) * PERIOD_MS;
  }

  #row(peer: Peer, period: { readonly fromUs: number; readonly toUs: number; readonly atMs: number; readonly arrived: Arrived }): RollupRow | null {
    const { group, member, recorder } = peer;
    const oldest = Math.max(0, peer.newestSlot - recorder.slots + 1);
    const from = Math.max(group.slotAt(member, period.fromUs), oldest);
    const to = Math.min(group.slotAt(member, period.toUs), peer.newestSlot + 1);
    const counts = new Uint32Array(16);
    const histogram = this.#histogram;
    histogram.clear();
    let doubtful = 0;
    let min = 0;
    let max = 0;
    for (let slot = from; slot < to; slot++) {
      const sample = recorder.get(member, slot);
      const outcome = sampleOutcome(sample);
      counts[outcome] = (counts[outcome] as number) + 1;
      if (outcome !== OUTCOME.reply && outcome !== OUTCOME.slow) continue;
      if ((sample & DOUBTFUL_BIT) !== 0) {
        doubtful++;
        continue;
      }
      const rttUs = sampleRttUs(sample);
      histogram.add(rttUs);
      if (min === 0 || rttUs < min) min = rttUs;
      if (rttUs > max) max = rttUs;
    }
    const at = (outcome: number): number => counts[outcome] as number;
    const received = at(OUTCOME.reply) + at(OUTCOME.slow);
    const sent = received + at(OUTCOME.lost) + at(OUTCOME.late) + at(OUTCOME.blind);
    const { errorMaxUs, ...arrived } = period.arrived;
    const refused = at(OUTCOME.sendFailed);
    const skipped = at(OUTCOME.skipped);
    if (sent + refused + skipped + arrived.duplicate + arrived.foreign + arrived.heardExpected === 0) return null;
    return {
      peer: peer.name,
      atMs: period.atMs,
      sent,
      received,
      lost: at(OUTCOME.lost),
      late: at(OUTCOME.late),
      sendFailed: refused,
      skipped,
      blind: at(OUTCOME.blind),
      doubtful,
      ...arrived,
      rttMinUs: min,
      rttMaxUs: max,
      errorMaxUs: Math.round(errorMaxUs),
      histogram: histogram.encode(),
    };
  }
}

function emptyRow(peer: string, atMs: number): RollupRow {
  const none = {
    sent: 0,
    received: 0,
    lost: 0,
    late: 0,
    duplicate: 0,
    foreign: 0,
    sendFailed: 0,
    skipped: 0,
    blind: 0,
    doubtful: 0,
    heardExpected: 0,
    heardReceived: 0,
  };
  return { peer, atMs, ...none, rttMinUs: 0, rttMaxUs: 0, errorMaxUs: 0, histogram: new Uint8Array(0) };
}
