/**
 * An echo reply finds its probe: by the id of its flow, the low bits of its number, the tag in its payload and its source. What matches in less is
 * foreign, and counts for nothing.
 */
import { holdsAddress } from "../../packet/address.ts";
import type { IcmpPacket } from "../../packet/icmp.ts";
import { TAG_OFFSET } from "../../packet/probe.ts";
import { learnRtt, relearnRtt, softTimeoutUs } from "../../detect/rtt.ts";
import { DOUBTFUL_BIT, OUTCOME, packSample } from "../../detect/sample.ts";
import { STATE, type InFlight } from "./in-flight.ts";
import type { Judge } from "./judge.ts";
import { FLOWS, isFrom6, record, type Peer, type Traced } from "../peer.ts";
import type { Readiness } from "../socket/readiness.ts";

/** With nothing lost for this long, slow replies are the new normal. */
const RELEARN_US = 60_000_000;
/** A smaller error never makes an RTT doubtful; nor does one below half of it. */
const DOUBT_US = 1_000;

/** Replies in a row with another TTL than before that make it the new one: more than the flows of a peer, which may take paths of different lengths. */
const TTL_RUN = 8;

export interface Arrival {
  readonly bytes: Buffer;
  readonly source: string;
  readonly family: 4 | 6;
  readonly nowUs: number;
}

interface Options {
  readonly flight: InFlight;
  readonly judge: Judge;
  readonly readiness: Readiness;
  readonly hardUs: number;
  /** A probe that was settled already has been answered. */
  readonly relabel: (peer: Peer, slot: number, from: "lost" | "blind") => void;
  readonly firstReply: (peer: Peer, nowUs: number) => void;
  /** Its replies arrive with another TTL than before. */
  readonly replyTtl: (peer: Peer, change: { readonly before: number; readonly now: number; readonly nowUs: number }) => void;
}

/** Whether the packet's source is the peer's address. */
export function isFromPeer(peer: Traced, arrival: Arrival): boolean {
  if (arrival.family !== peer.family) return false;
  return arrival.family === 4 ? holdsAddress(arrival.bytes, 12, peer.bytes) : isFrom6(peer, arrival.source);
}

export class Replies {
  readonly #options: Options;
  readonly #flight: InFlight;
  readonly #judge: Judge;
  readonly #hardUs: number;

  constructor(options: Options) {
    this.#options = options;
    this.#flight = options.flight;
    this.#judge = options.judge;
    this.#hardUs = options.hardUs;
  }

  take(peer: Peer, packet: IcmpPacket, arrival: Arrival): void {
    const flight = this.#flight;
    const number = this.#match(peer, packet, arrival);
    if (number < 0) {
      peer.foreign++;
      return;
    }
    const { nowUs } = arrival;
    const place = flight.place(peer.index, number);
    const state = flight.state[place];
    const slot = flight.slot[place] as number;
    if (state === STATE.answered || state === STATE.late || state === STATE.free) return this.#judge.duplicate(peer, slot);
    const sentUs = flight.sentUs[place] as number;
    const rttUs = Math.max(0, nowUs - sentUs);
    const errorUs = this.#options.readiness.errorUs({ sentUs, nowUs, softUs: peer.softUs });
    const atBestUs = rttUs - errorUs;
    const flow = number & (FLOWS - 1);
    const settled = state === STATE.lost || state === STATE.blind;
    if (settled || atBestUs > this.#hardUs) {
      record(peer, slot, packSample(OUTCOME.late, rttUs, flow));
      if (settled) this.#options.relabel(peer, slot, state === STATE.lost ? "lost" : "blind");
      return this.#judge.behind(peer, { number, slot, sentUs }, { late: true, nowUs });
    }
    const good = atBestUs <= peer.softUs && state !== STATE.overdue;
    const doubtful = errorUs > Math.max(DOUBT_US, rttUs / 2);
    if (errorUs > peer.errorMaxUs) peer.errorMaxUs = errorUs;
    const sample = packSample(good ? OUTCOME.reply : OUTCOME.slow, rttUs, flow);
    peer.lastGoodUs = nowUs;
    if (packet.ttl !== peer.replyTtls[flow]) this.#otherTtl(peer, { flow, ttl: packet.ttl, nowUs });
    else peer.newTtlRun = 0;
    record(peer, slot, doubtful ? (sample | DOUBTFUL_BIT) >>> 0 : sample);
    if (!peer.everReplied) {
      this.#judge.beginAt(peer, number);
      this.#options.firstReply(peer, nowUs);
    }
    if (!good) {
      if (peer.detector.inBurst && !doubtful && nowUs - Math.max(peer.lastLossUs, peer.burstUs) > RELEARN_US) {
        relearnRtt(peer.rtt, rttUs);
        peer.softUs = softTimeoutUs(peer.rtt, this.#hardUs);
      }
      return this.#judge.behind(peer, { number, slot, sentUs }, { late: false, nowUs });
    }
    if (!doubtful && !peer.detector.troubled) {
      learnRtt(peer.rtt, rttUs);
      peer.softUs = softTimeoutUs(peer.rtt, this.#hardUs);
    }
    this.#judge.good(peer, { number, slot, sentUs }, nowUs);
  }

  /**
   * Replies that take another way back for good come with another TTL than their flow's had before; a few, or those of one flow only, are no change. By flow,
   * for when one of them is dead the others still come as they did.
   */
  #otherTtl(peer: Peer, { flow, ttl, nowUs }: { readonly flow: number; readonly ttl: number; readonly nowUs: number }): void {
    const before = peer.replyTtls[flow] as number;
    if (before === 0) {
      peer.replyTtls[flow] = ttl;
      return;
    }
    if (ttl === peer.newTtl) peer.newTtlRun++;
    else {
      peer.newTtl = ttl;
      peer.newTtlRun = 1;
    }
    if (peer.newTtlRun < TTL_RUN) return;
    this.#options.replyTtl(peer, { before, now: ttl, nowUs });
    peer.replyTtls.fill(0);
    peer.replyTtls[flow] = ttl;
    peer.newTtl = 0;
  }

  /** The number of the probe that this packet answers, −1 for none of ours. */
  #match(peer: Peer, packet: IcmpPacket, arrival: Arrival): number {
    const flight = this.#flight;
    const number = flight.numberOf(peer.index, packet.sequence);
    if (number < 0 || packet.payloadLength < TAG_OFFSET + 8) return -1;
    const place = flight.place(peer.index, number);
    const tag = packet.payloadOffset + TAG_OFFSET;
    const { bytes } = arrival;
    if (bytes.readUInt32BE(tag) !== flight.tagHigh[place] || bytes.readUInt32BE(tag + 4) !== flight.tagLow[place]) return -1;
    return isFromPeer(peer, arrival) ? number : -1;
  }
}
