/**
 * A peer that has an incident with us asks us to trace towards it. Passed on at once, and every few seconds while the peer goes on saying so: what was refused
 * may be granted by then. Only for who can be authenticated.
 */
import type { ProbeFields } from "../../packet/probe.ts";
import type { Peer } from "../peer.ts";

/** Few bursts last longer than this and yet not much longer. */
const AGAIN_US = 5_000_000;

export interface Asked {
  readonly peer: Peer;
  readonly incident: number;
  readonly epoch: number;
}

export class RemoteAsks {
  readonly #pass: (asked: Asked) => void;
  /** The last of each peer. */
  readonly #asked = new Map<Peer, Asked & { readonly atUs: number }>();

  constructor(pass: (asked: Asked) => void) {
    this.#pass = pass;
  }

  forget(peer: Peer): void {
    this.#asked.delete(peer);
  }

  take(peer: Peer, { incident, epoch }: ProbeFields, nowUs: number): void {
    const last = this.#asked.get(peer);
    if (last !== undefined && last.incident === incident && last.epoch === epoch && nowUs - last.atUs < AGAIN_US) return;
    this.#asked.set(peer, { peer, incident, epoch, atUs: nowUs });
    this.#pass({ peer, incident, epoch });
  }
}
