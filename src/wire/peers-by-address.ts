/** Finds a peer by the source of a packet, in whatever spelling of an address the kernel and the configuration have. */
import { addressBytes } from "../packet/address.ts";
import type { Peer } from "./peer.ts";

export class PeersByAddress {
  readonly #peers: readonly Peer[];
  /** As the kernel spells them. Only of peers, so there are no more of them than these. */
  readonly #known = new Map<string, Peer>();

  constructor(peers: readonly Peer[]) {
    this.#peers = peers;
  }

  get(source: string): Peer | null {
    const known = this.#known.get(source);
    if (known !== undefined) return known;
    const bytes = addressBytes(source);
    if (bytes === null) return null;
    const peer = this.#peers.find((one) => one.bytes.length === bytes.length && bytes.every((byte, at) => one.bytes[at] === byte)) ?? null;
    if (peer !== null) this.#known.set(source, peer);
    return peer;
  }

  /** The address of a peer changed. */
  forget(): void {
    this.#known.clear();
  }
}
