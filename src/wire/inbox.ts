/** Each packet that arrives goes to who waits for it: told apart by kind, by the id of its flow, and by its sequence. */
import { createIcmpPacket, readIcmp4, readIcmp6, type IcmpPacket } from "../packet/icmp.ts";
import type { Flow } from "../packet/probe.ts";
import type { Clock } from "./clock.ts";
import type { Drain } from "./socket/drain.ts";
import type { FreshIds } from "./probing/fresh-ids.ts";
import type { Guests } from "./guests.ts";
import type { Hearing } from "./hearing/hearing.ts";
import { FLOWS, isQuoted, type Peer } from "./peer.ts";
import type { Readiness } from "./socket/readiness.ts";
import { isFromPeer, type Arrival, type Replies } from "./probing/replies.ts";
import type { Standing } from "./counting/standing.ts";
import type { Sweeper } from "./sweeps/sweeper.ts";

interface Options {
  /** Canaries too, by index. */
  readonly peers: readonly Peer[];
  readonly guests: Guests;
  /** 65,536 ICMP ids → index of a peer or guest · FLOWS + flow, −1 where the id is not ours. */
  readonly ids: Int32Array;
  readonly clock: Clock;
  readonly readiness: Readiness;
  readonly drain: Drain;
  readonly hearing: Hearing;
  readonly replies: Replies;
  readonly sweeper: Sweeper;
  readonly freshIds: FreshIds;
  readonly standing: Standing;
}

export class Inbox {
  readonly #peers: readonly Peer[];
  readonly #guests: Guests;
  readonly #ids: Int32Array;
  readonly #clock: Clock;
  readonly #readiness: Readiness;
  readonly #drain: Drain;
  readonly #hearing: Hearing;
  readonly #replies: Replies;
  readonly #sweeper: Sweeper;
  readonly #freshIds: FreshIds;
  readonly #standing: Standing;
  readonly #icmp: IcmpPacket = createIcmpPacket();
  #foreign = 0;

  constructor(options: Options) {
    this.#peers = options.peers;
    this.#guests = options.guests;
    this.#ids = options.ids;
    this.#clock = options.clock;
    this.#readiness = options.readiness;
    this.#drain = options.drain;
    this.#hearing = options.hearing;
    this.#replies = options.replies;
    this.#sweeper = options.sweeper;
    this.#freshIds = options.freshIds;
    this.#standing = options.standing;
  }

  /** Replies and errors that belong to nothing of ours. */
  get foreign(): number {
    return this.#foreign;
  }

  take(family: 4 | 6, bytes: Buffer, length: number, source: string): void {
    const nowUs = this.#clock.nowUs();
    this.#readiness.woke(nowUs);
    this.#drain.count();
    const packet = family === 4 ? readIcmp4(bytes, length, this.#icmp) : readIcmp6(bytes, length, this.#icmp);
    if (packet === null) return;
    const arrival = { bytes, source, family, nowUs };
    if (packet.kind === "request") return this.#hearing.take(packet, arrival);
    const owner = this.#ids[packet.id] as number;
    if (owner < 0) {
      if (!this.#freshIds.take(packet, arrival)) this.#foreign++;
      return;
    }
    const peer = this.#peers[owner >> 2];
    if (peer === undefined) return this.#ofGuest(owner, packet, arrival);
    const flow = peer.flows[owner & (FLOWS - 1)] as Flow;
    if (packet.sequence >= 0x8000) {
      if (packet.kind === "reply" && !isFromPeer(peer, arrival)) peer.foreign++;
      else this.#sweeper.answer(peer, flow, packet, arrival);
    } else if (packet.kind === "reply") this.#replies.take(peer, packet, arrival);
    else if (packet.kind === "unreachable" && isQuoted(peer, flow, packet, bytes)) this.#standing.unreachable(peer, source);
  }

  /** Nothing but sweeps is sent to a guest. */
  #ofGuest(owner: number, packet: IcmpPacket, arrival: Arrival): void {
    const guest = this.#guests.at(owner >> 2);
    if (guest === null || packet.sequence < 0x8000 || (packet.kind === "reply" && !isFromPeer(guest, arrival))) this.#foreign++;
    else this.#sweeper.answer(guest, guest.flows[owner & (FLOWS - 1)] as Flow, packet, arrival);
  }
}
