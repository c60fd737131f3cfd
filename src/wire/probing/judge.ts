/**
 * What became of each probe: overdue at its soft timeout, which only the detector is told, and lost at its hard one, which is all that loss accounting
 * counts. A probe whose deadline passed while we did not look is censored: good if its reply turns up, else blind.
 */
import type { DetectorChange } from "../../detect/detector.ts";
import { DUPLICATE_BIT, HEARD, OUTCOME, packSample, sampleOutcome, withHeard, type HeardCode } from "../../detect/sample.ts";
import { InFlight, STATE } from "./in-flight.ts";
import { step, type Lane } from "./lanes.ts";
import { FLOWS, mark, record, type Peer } from "../peer.ts";

/** Beyond the hard timeout, until a slot is settled: its probe may have left this much after its planned time. */
export const SETTLE_SLACK_US = 20_000;
/** Low bits of a probe number that a sample not judged yet has room for. */
const NUMBER_MASK = 0xff_ffff;

/** A probe of a peer: its number, its slot and when it was sent. */
export interface SentProbe {
  readonly number: number;
  readonly slot: number;
  readonly sentUs: number;
}

interface Options {
  readonly peers: readonly Peer[];
  readonly lanes: readonly Lane[];
  readonly flight: InFlight;
  readonly hardUs: number;
  /** Asked before anybody is accused: did our own socket overflow? */
  readonly overflowed: (nowUs: number) => boolean;
  readonly changed: (peer: Peer, change: DetectorChange, nowUs: number) => void;
  /** Its probe was not answered by the soft timeout, and we did look. */
  readonly turnedOverdue: (peer: Peer) => void;
}

export class Judge {
  readonly #peers: readonly Peer[];
  readonly #lanes: readonly Lane[];
  readonly #flight: InFlight;
  readonly #hardUs: number;
  readonly #overflowed: (nowUs: number) => boolean;
  readonly #changedTo: (peer: Peer, change: DetectorChange, nowUs: number) => void;
  readonly #turnedOverdue: (peer: Peer) => void;
  /** Per peer: when the oldest probe that still waits for its soft timeout is overdue. */
  #softDueUs: Float64Array;

  constructor(options: Options) {
    this.#peers = options.peers;
    this.#lanes = options.lanes;
    this.#flight = options.flight;
    this.#hardUs = options.hardUs;
    this.#overflowed = options.overflowed;
    this.#changedTo = options.changed;
    this.#turnedOverdue = options.turnedOverdue;
    this.#softDueUs = new Float64Array(options.peers.length).fill(Number.POSITIVE_INFINITY);
  }

  /** There are more peers now. */
  grow(peers: number): void {
    const due = new Float64Array(Math.max(peers, this.#softDueUs.length)).fill(Number.POSITIVE_INFINITY);
    due.set(this.#softDueUs);
    this.#softDueUs = due;
  }

  /** The place of a peer is another's now. */
  reset(peer: Peer): void {
    this.#softDueUs[peer.index] = Number.POSITIVE_INFINITY;
  }

  sent(peer: Peer, probe: SentProbe): void {
    const { number, slot, sentUs } = probe;
    peer.recorder.set(peer.member, slot, packSample(OUTCOME.pending, number & NUMBER_MASK, number & (FLOWS - 1)));
    if (peer.softNumber < number) return;
    peer.softNumber = number;
    this.#softDueUs[peer.index] = sentUs + peer.softUs;
  }

  /** The kernel did not send it: bad for the detector, never loss. */
  refused(peer: Peer, probe: SentProbe, nowUs: number): void {
    peer.recorder.set(peer.member, probe.slot, packSample(OUTCOME.sendFailed, 0, probe.number & (FLOWS - 1)));
    if (peer.everReplied) this.#changed(peer, peer.detector.bad(probe.slot, probe.sentUs), nowUs);
  }

  /** Answered by the soft timeout. */
  good(peer: Peer, probe: SentProbe, nowUs: number): void {
    const place = this.#flight.place(peer.index, probe.number);
    const wasPending = this.#flight.state[place] === STATE.pending;
    this.#flight.state[place] = STATE.answered;
    if (wasPending && probe.number === peer.softNumber) this.#advance(peer);
    this.#changed(peer, peer.detector.good(probe.slot, probe.sentUs), nowUs);
  }

  /** Answered after the soft timeout, or (late) after the hard one. */
  behind(peer: Peer, probe: SentProbe, at: { readonly late: boolean; readonly nowUs: number }): void {
    const place = this.#flight.place(peer.index, probe.number);
    const wasPending = this.#flight.state[place] === STATE.pending;
    this.#flight.state[place] = at.late ? STATE.late : STATE.answered;
    if (!wasPending) return;
    // The deadline had passed between two ticks.
    peer.lastFlow = probe.number & (FLOWS - 1);
    if (probe.number === peer.softNumber) this.#advance(peer);
    this.#turnedOverdue(peer);
    this.#changed(peer, peer.detector.bad(probe.slot, probe.sentUs), at.nowUs);
  }

  duplicate(peer: Peer, slot: number): void {
    peer.duplicate++;
    mark(peer, slot, DUPLICATE_BIT);
  }

  /** What a peer was sent before this probe is from a time in which it had never answered: lost, but no burst. */
  beginAt(peer: Peer, number: number): void {
    peer.softNumber = Math.max(peer.softNumber, number);
  }

  /** Judges soft timeouts. `late`: they passed while we did not run. */
  overdue(nowUs: number, late: boolean): void {
    const due = this.#softDueUs;
    let checked = false;
    for (let index = 0; index < due.length; index++) {
      if ((due[index] as number) > nowUs) continue;
      if (!checked) {
        checked = true;
        if (this.#overflowed(nowUs)) return;
      }
      this.#overduePeer(this.#peers[index] as Peer, nowUs, late);
    }
  }

  /** Judges hard timeouts; in a stall what is settled is blind. */
  settle(nowUs: number, stalled: boolean): void {
    for (const lane of this.#lanes) {
      const dueCount = lane.group.dueAt(nowUs - this.#hardUs - lane.group.toleranceUs - SETTLE_SLACK_US);
      const cursor = lane.settle;
      while (cursor.count < dueCount) {
        this.#settleSlot(lane.members[cursor.member] as Peer, cursor.slot, { stalled, nowUs });
        step(cursor, lane.members.length);
      }
    }
  }

  /** Probes on their way whose answer may have been lost by us, with a deadline after `sinceUs`, will not be judged unless the answer turns up. */
  censor(sinceUs: number): void {
    const flight = this.#flight;
    for (const peer of this.#peers) {
      const next = flight.next[peer.index] as number;
      for (let number = next - 1; number >= 0 && number > next - flight.ring; number--) {
        const place = flight.place(peer.index, number);
        if ((flight.sentUs[place] as number) + peer.softUs < sinceUs) break;
        if (flight.state[place] === STATE.pending || flight.state[place] === STATE.overdue) flight.state[place] = STATE.censored;
      }
      peer.softNumber = next;
      this.#softDueUs[peer.index] = Number.POSITIVE_INFINITY;
    }
  }

  #overduePeer(peer: Peer, nowUs: number, late: boolean): void {
    const flight = this.#flight;
    while ((this.#softDueUs[peer.index] as number) <= nowUs) {
      const number = peer.softNumber;
      const place = flight.place(peer.index, number);
      flight.state[place] = late ? STATE.censored : STATE.overdue;
      this.#advance(peer);
      if (late || !peer.everReplied) continue;
      peer.lastFlow = number & (FLOWS - 1);
      this.#turnedOverdue(peer);
      this.#changed(peer, peer.detector.bad(flight.slot[place] as number, flight.sentUs[place] as number), nowUs);
    }
  }

  /** The oldest probe that still waits for its soft timeout becomes the one to watch. */
  #advance(peer: Peer): void {
    const flight = this.#flight;
    const next = flight.next[peer.index] as number;
    do peer.softNumber++;
    while (peer.softNumber < next && flight.state[flight.place(peer.index, peer.softNumber)] !== STATE.pending);
    this.#softDueUs[peer.index] =
      peer.softNumber < next ? (flight.sentUs[flight.place(peer.index, peer.softNumber)] as number) + peer.softUs : Number.POSITIVE_INFINITY;
  }

  #settleSlot(peer: Peer, slot: number, at: { readonly stalled: boolean; readonly nowUs: number }): void {
    const sample = peer.recorder.get(peer.member, slot);
    if (sampleOutcome(sample) !== OUTCOME.pending) return;
    const number = sample & NUMBER_MASK;
    const place = this.#flight.place(peer.index, number);
    const blind = at.stalled || this.#flight.state[place] === STATE.censored;
    const flow = number & (FLOWS - 1);
    this.#flight.state[place] = blind ? STATE.blind : STATE.lost;
    if (blind) return record(peer, slot, packSample(OUTCOME.blind, 0, flow));
    const heard = this.#flight.heard[place] as HeardCode;
    record(peer, slot, withHeard(packSample(OUTCOME.lost, 0, flow), heard));
    if (heard === HEARD.unknown) peer.undirectedNumber = this.#whole(peer, number);
    peer.lastLossUs = at.nowUs;
  }

  /** The newest number that ends in these bits. */
  #whole(peer: Peer, low: number): number {
    const newest = (this.#flight.next[peer.index] as number) - 1;
    return newest - ((newest - low) & NUMBER_MASK);
  }

  #changed(peer: Peer, change: DetectorChange | null, nowUs: number): void {
    if (change !== null && peer.everReplied) this.#changedTo(peer, change, nowUs);
  }
}
