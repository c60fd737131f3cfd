/**
 * What is counted as it arrives and not by probe: the peers' requests, duplicates, foreign answers, and the worst error of an RTT. Their probes are judged a
 * hard timeout later, so the counts of a period are set aside at its end; what arrives from then on belongs to the next.
 */
import type { Peer } from "../peer.ts";

/** Takes the requests of a peer since it was last asked. */
export type TakeHeard = (peer: Peer) => { readonly expected: number; readonly received: number };

export interface Arrived {
  /** Requests by their numbers: one that is missing counts when a later one arrives. */
  readonly heardExpected: number;
  readonly heardReceived: number;
  readonly duplicate: number;
  readonly foreign: number;
  readonly errorMaxUs: number;
}

const NOTHING: Arrived = { heardExpected: 0, heardReceived: 0, duplicate: 0, foreign: 0, errorMaxUs: 0 };

export class Arrivals {
  readonly #peers: readonly Peer[];
  readonly #takeHeard: TakeHeard;
  /** By period, then by index of the peer; as many as a hard timeout is long. */
  readonly #periods = new Map<number, readonly Arrived[]>();
  /** The period that lasts. */
  #open = 0;

  constructor(peers: readonly Peer[], takeHeard: TakeHeard) {
    this.#peers = peers;
    this.#takeHeard = takeHeard;
  }

  /** It is `period` now. After a stall all that came in it belongs to the period in which it began. */
  reached(period: number): void {
    if (period <= this.#open) return;
    this.close();
    this.#open = period;
  }

  /** Sets aside what has arrived in the period that lasts. Returns it. */
  close(): number {
    this.#periods.set(
      this.#open,
      this.#peers.map((peer) => this.#take(peer)),
    );
    return this.#open;
  }

  /** Of a period that is over. */
  of(period: number, peer: Peer): Arrived {
    return this.#periods.get(period)?.[peer.index] ?? NOTHING;
  }

  /** The rows of this period are written. */
  forget(period: number): void {
    this.#periods.delete(period);
  }

  #take(peer: Peer): Arrived {
    const { duplicate, foreign, errorMaxUs } = peer;
    const { expected, received } = this.#takeHeard(peer);
    peer.duplicate = 0;
    peer.foreign = 0;
    peer.errorMaxUs = 0;
    return { heardExpected: expected, heardReceived: received, duplicate, foreign, errorMaxUs };
  }
}
