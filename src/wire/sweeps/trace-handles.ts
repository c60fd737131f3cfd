/** Which hop of which sweep an answer belongs to: trace packets under way by the handle in their sequence, proved by their tag or by what a router quotes. */
import type { IcmpPacket } from "../../packet/icmp.ts";
import { TAG_OFFSET, type Flow } from "../../packet/probe.ts";
import type { MutableHop, Sweep } from "./sweep-lessons.ts";
import { isQuoted, type Traced } from "../peer.ts";

/** Sequences of trace packets have the highest bit set; the others are the handle. */
const HANDLE_MASK = 0x7fff;

export interface Handle {
  readonly sweep: Sweep;
  readonly hop: MutableHop;
  readonly sentUs: number;
  readonly tagHigh: number;
  readonly tagLow: number;
}

export class TraceHandles {
  readonly #open = new Map<number, Handle>();
  #next = 0;

  /** Takes the next handle for a packet that is about to leave. */
  add(handle: Handle): number {
    const number = this.#next;
    this.#next = (number + 1) & HANDLE_MASK;
    this.#open.set(number, handle);
    handle.sweep.handles.push(number);
    return number;
  }

  /** Nothing more is expected for a sweep. */
  close(sweep: Sweep): void {
    for (const handle of sweep.handles) this.#open.delete(handle);
  }

  /** The hop that an echo reply, or an ICMP error that quotes a trace packet of this flow, is the first answer for; null when it is not one of ours. */
  match(peer: Traced, flow: Flow, packet: IcmpPacket, bytes: Buffer): Handle | null {
    const entry = this.#open.get(packet.sequence & HANDLE_MASK);
    if (entry === undefined || entry.sweep.peer !== peer || entry.sweep.flow !== flow.index || entry.hop.answer !== null) return null;
    if (packet.kind === "request") return null;
    if (packet.kind === "reply") {
      if (packet.payloadLength < TAG_OFFSET + 8) return null;
      const tag = packet.payloadOffset + TAG_OFFSET;
      return bytes.readUInt32BE(tag) === entry.tagHigh && bytes.readUInt32BE(tag + 4) === entry.tagLow ? entry : null;
    }
    return isQuoted(peer, flow, packet, bytes) ? entry : null;
  }
}
