/**
 * Probes on their way, by probe number and peer, in one ring per peer that is larger than the time a late reply is still recognised. A reply is matched on
 * the low 15 bits of its number, the tag in its payload and its source; the wrap of the sequence is harmless because the ring is far smaller than 32,768.
 */
export const STATE = { free: 0, pending: 1, overdue: 2, censored: 3, answered: 4, lost: 5, blind: 6, late: 7 } as const;

export class InFlight {
  /** Places per peer, a power of two. */
  readonly ring: number;
  readonly sentUs: Float64Array;
  readonly slot: Int32Array;
  readonly tagHigh: Uint32Array;
  readonly tagLow: Uint32Array;
  readonly state: Uint8Array;
  /** Whether the peer says that it heard the probe: HEARD in detect/sample.ts. */
  readonly heard: Uint8Array;
  /** Next probe number per peer. */
  readonly next: Float64Array;
  readonly #peers: number;

  constructor(peers: number, ring: number) {
    this.ring = ring;
    this.#peers = peers;
    this.sentUs = new Float64Array(peers * ring);
    this.slot = new Int32Array(peers * ring);
    this.tagHigh = new Uint32Array(peers * ring);
    this.tagLow = new Uint32Array(peers * ring);
    this.state = new Uint8Array(peers * ring);
    this.heard = new Uint8Array(peers * ring);
    this.next = new Float64Array(peers);
  }

  /** Peers lie side by side, as they send one after the other: writing is sequential, and nearly free of cache misses. */
  place(peer: number, number: number): number {
    return (number & (this.ring - 1)) * this.#peers + peer;
  }

  /** The newest sent probe whose number ends in these 15 bits, −1 when the ring no longer holds it. */
  numberOf(peer: number, sequence: number): number {
    const next = this.next[peer] as number;
    const number = next - 1 - ((next - 1 - sequence) & 0x7fff);
    return number < 0 || next - number > this.ring ? -1 : number;
  }
}

/** Ring size for an interval: everything sent within the time a late reply is recognised, rounded up to a power of two. */
export function ringFor(intervalMs: number, rememberedMs: number): number {
  return 2 ** Math.max(4, Math.ceil(Math.log2(rememberedMs / intervalMs + 2)));
}
