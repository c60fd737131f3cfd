/**
 * How far the monotonic clock of a peer is ahead of ours: NTP's four timestamps (RFC 5905 section 8), which the heard-fields bring for nothing. Our probe left at
 * t1 and arrived there at t2, its request left at t3 and arrived here at t4: offset ((t2 − t1) + (t3 − t4)) / 2, wrong by at most half of the round trip
 * (t4 − t1) − (t3 − t2). Of a minute the sample with the smallest round trip counts: it waited least
 * (requests are read once a tick, and that waiting is in the round trip).
 *
 * It is no offset of wall clocks. A monotonic clock begins with its process, and a packet tells when that was only by the boot epoch: whole seconds, and put ahead
 * after a quick restart. So it is kept as it is, with the wall label that our own clock gives to its zero: the records of both nodes together give the offset of
 * their wall clocks as peer's zero + offset − our zero.
 */
import type { ProbeFields } from "../../packet/probe.ts";
import type { Clock } from "../clock.ts";
import type { InFlight } from "../probing/in-flight.ts";
import type { PeerClock, WireMessage } from "../messages.ts";
import type { Peer } from "../peer.ts";

const MINUTE_US = 60_000_000;
/** Between hearing us and telling it. In this time two clocks drift apart by 0.1 ms at most (100 ppm). */
const MAX_HELD_US = 1_000_000;

interface Best {
  readonly epoch: number;
  readonly offsetUs: number;
  readonly delayUs: number;
}

export class PeerClocks {
  readonly #clock: Clock;
  readonly #flight: InFlight;
  readonly #post: (message: WireMessage) => void;
  readonly #best = new Map<Peer, Best>();
  #nextUs: number;

  constructor(options: { readonly clock: Clock; readonly flight: InFlight; readonly post: (message: WireMessage) => void }) {
    this.#clock = options.clock;
    this.#flight = options.flight;
    this.#post = options.post;
    this.#nextUs = options.clock.nowUs() + MINUTE_US;
  }

  /** A request of a peer arrived that tells which of our probes, of this boot, it heard last. */
  take(peer: Peer, { heard, epoch, sentUs: t3 }: ProbeFields, t4: number): void {
    const next = this.#flight.next[peer.index] as number;
    if (heard === null || heard.number >= next || heard.number <= next - this.#flight.ring) return;
    const t1 = this.#flight.sentUs[this.#flight.place(peer.index, heard.number)] as number;
    const t2 = heard.arrivedUs;
    const heldUs = t3 - t2;
    const delayUs = t4 - t1 - heldUs;
    if (delayUs < 0 || heldUs < 0 || heldUs > MAX_HELD_US) return;
    const best = this.#best.get(peer);
    if (best !== undefined && best.epoch === epoch && best.delayUs <= delayUs) return;
    this.#best.set(peer, { epoch, offsetUs: (t2 - t1 + t3 - t4) / 2, delayUs });
  }

  forget(peer: Peer): void {
    this.#best.delete(peer);
  }

  /** Called once a second; tells what a minute has brought, and begins the next. */
  tick(nowUs: number): void {
    if (nowUs < this.#nextUs) return;
    this.#nextUs = nowUs + MINUTE_US;
    if (this.#best.size === 0) return;
    const clocks = [...this.#best].map(([peer, { epoch, offsetUs, delayUs }]): PeerClock => ({
      peer: peer.name,
      epoch,
      offsetUs: Math.round(offsetUs),
      errorUs: Math.ceil(delayUs / 2),
    }));
    this.#best.clear();
    this.#post({ kind: "peer-clocks", zeroMs: this.#clock.wallMs(0), clocks });
  }
}
