/** A peer that has an incident with us asks us to trace towards it. Passed on once for each incident of a boot. Only for who can be authenticated. */
import type { ProbeFields } from "../packet/probe.ts";
import type { Peer } from "./peer.ts";

export interface Asked {
  readonly peer: Peer;
  readonly incident: number;
  readonly epoch: number;
}

export class RemoteAsks {
  readonly #pass: (asked: Asked) => void;
  /** The last of each peer. */
  readonly #asked = new Map<Peer, Asked>();

  constructor(pass: (asked: Asked) => void) {
    this.#pass = pass;
  }

  take(peer: Peer, { incident, epoch }: ProbeFields): void {
    const last = this.#asked.get(peer);
    if (last !== undefined && last.incident === incident && last.epoch === epoch) return;
    const asked = { peer, incident, epoch };
    this.#asked.set(peer, asked);
    this.#pass(asked);
  }
}
