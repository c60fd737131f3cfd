/**
 * A second opinion on total loss: after ten seconds without a single answer one probe a second goes out with an ICMP id that was not in use. If that one is
 * answered, the path is fine and something on it is stuck on the old ids: the state of a NAT or a firewall.
 *
 * There are 65,536 ids, and a peer may be dead for days: an id is given back when no answer can come any more. With none left nobody is asked.
 */
import type { IcmpPacket } from "../../packet/icmp.ts";
import { TAG_OFFSET, type Flow } from "../../packet/probe.ts";
import type { Peer } from "../peer.ts";
import { isFromPeer, type Arrival } from "./replies.ts";

const SILENT_US = 10_000_000;
const EVERY_US = 1_000_000;
/** Answers are waited for this long, like late replies. */
const WAIT_US = 10_000_000;
/** One that is not answered after this long is lost; before, it is neither. */
const JUDGED_US = 2_000_000;
/** Asked of silent peers at once; with more it is no state on the way. */
const MAX_PEERS = 16;

interface Fresh {
  readonly peer: Peer;
  readonly sentUs: number;
  readonly tagHigh: number;
  readonly tagLow: number;
}

interface Opinion {
  nextUs: number;
  sent: number;
  answered: number;
}

/** Sends one probe on this flow now; its tag, or null when the kernel refused. */
export type SendFresh = (peer: Peer, flow: Flow) => { readonly tagHigh: number; readonly tagLow: number } | null;

export class FreshIds {
  readonly #ids: Int32Array;
  readonly #random32: () => number;
  readonly #send: SendFresh;
  /** Oldest first. */
  readonly #byId = new Map<number, Fresh>();
  readonly #opinions = new Map<Peer, Opinion>();
  #nowUs = 0;

  /** `ids`: which ids are ours already. */
  constructor(options: { readonly ids: Int32Array; readonly random32: () => number; readonly send: SendFresh }) {
    this.#ids = options.ids;
    this.#random32 = options.random32;
    this.#send = options.send;
  }

  burstOpened(peer: Peer): void {
    this.#opinions.set(peer, { nextUs: 0, sent: 0, answered: 0 });
  }

  burstEnded(peer: Peer): void {
    for (const [id, fresh] of this.#byId) if (fresh.peer === peer) this.#byId.delete(id);
    this.#opinions.delete(peer);
  }

  /** The burst goes on as the next one, which has a count of its own. */
  burstCut(peer: Peer): void {
    const opinion = this.#opinions.get(peer);
    if (opinion === undefined) return;
    this.burstEnded(peer);
    this.#opinions.set(peer, { nextUs: opinion.nextUs, sent: 0, answered: 0 });
  }

  /** What a burst that is still open was told so far; null while nothing was asked. */
  count(peer: Peer): { readonly sent: number; readonly lost: number } | null {
    const opinion = this.#opinions.get(peer);
    if (opinion === undefined) return null;
    let waiting = 0;
    for (const fresh of this.#byId.values()) if (fresh.peer === peer && this.#nowUs - fresh.sentUs < JUDGED_US) waiting++;
    const sent = opinion.sent - waiting;
    return sent === 0 ? null : { sent, lost: sent - opinion.answered };
  }

  /** Called every tick; sends one at most. */
  ask(nowUs: number): void {
    this.#nowUs = nowUs;
    let looked = 0;
    for (const [peer, opinion] of this.#opinions) {
      if (nowUs - peer.lastGoodUs < SILENT_US) continue;
      if (looked++ === MAX_PEERS) return;
      if (nowUs < opinion.nextUs) continue;
      opinion.nextUs = nowUs + EVERY_US;
      this.#giveBack(nowUs - WAIT_US);
      const id = this.#freshId();
      if (id === null) return;
      const flow = { index: 0, id, checksum: 1 + (this.#random32() % 0xfffe) };
      const tag = this.#send(peer, flow);
      if (tag === null) return;
      opinion.sent++;
      this.#byId.set(id, { peer, sentUs: nowUs, ...tag });
      return;
    }
  }

  /** An echo reply whose id is none of the flows'. False when it is none of these either. */
  take(packet: IcmpPacket, arrival: Arrival): boolean {
    const fresh = packet.kind === "reply" ? this.#byId.get(packet.id) : undefined;
    if (fresh === undefined || packet.payloadLength < TAG_OFFSET + 8 || !isFromPeer(fresh.peer, arrival)) return false;
    const tag = packet.payloadOffset + TAG_OFFSET;
    if (arrival.bytes.readUInt32BE(tag) !== fresh.tagHigh || arrival.bytes.readUInt32BE(tag + 4) !== fresh.tagLow) return false;
    this.#byId.delete(packet.id);
    const opinion = this.#opinions.get(fresh.peer);
    if (opinion !== undefined) opinion.answered++;
    return true;
  }

  #giveBack(beforeUs: number): void {
    for (const [id, { sentUs }] of this.#byId) {
      if (sentUs >= beforeUs) return;
      this.#byId.delete(id);
    }
  }

  /** Null when all are in use. */
  #freshId(): number | null {
    const ids = this.#ids.length;
    const first = this.#random32() % ids;
    for (let step = 0; step < ids; step++) {
      const id = (first + step) % ids;
      if (this.#ids[id] === -1 && !this.#byId.has(id)) return id;
    }
    return null;
  }
}
