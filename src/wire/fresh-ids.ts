/**
 * A second opinion on total loss: after ten seconds without a single answer one probe a second goes out with an ICMP id never used before. If that one is
 * answered, the path is fine and something on it is stuck on the old ids: the state of a NAT or a firewall.
 */
import type { IcmpPacket } from "../packet/icmp.ts";
import { TAG_OFFSET, type Flow } from "../packet/probe.ts";
import type { Peer } from "./peer.ts";
import { isFromPeer, type Arrival } from "./replies.ts";

const SILENT_US = 10_000_000;
const EVERY_US = 1_000_000;
/** Asked of peers at once; with more it is no state on the way. */
const MAX_PEERS = 16;

interface Fresh {
  readonly peer: Peer;
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
  readonly #byId = new Map<number, Fresh>();
  readonly #opinions = new Map<Peer, Opinion>();

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

  /** What a burst that is still open was told so far; null while nothing was asked. */
  count(peer: Peer): { readonly sent: number; readonly lost: number } | null {
    const opinion = this.#opinions.get(peer);
    return opinion === undefined || opinion.sent === 0 ? null : { sent: opinion.sent, lost: opinion.sent - opinion.answered };
  }

  /** Called every tick; sends one at most. */
  ask(nowUs: number): void {
    let looked = 0;
    for (const [peer, opinion] of this.#opinions) {
      if (looked++ === MAX_PEERS) return;
      if (nowUs < opinion.nextUs || nowUs - peer.lastGoodUs < SILENT_US) continue;
      opinion.nextUs = nowUs + EVERY_US;
      const flow = { index: 0, id: this.#freshId(), checksum: 1 + (this.#random32() % 0xfffe) };
      const tag = this.#send(peer, flow);
      if (tag === null) return;
      opinion.sent++;
      this.#byId.set(flow.id, { peer, ...tag });
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

  #freshId(): number {
    let id = this.#random32() & 0xffff;
    while (this.#ids[id] !== -1 || this.#byId.has(id)) id = (id + 1) & 0xffff;
    return id;
  }
}
