/**
 * Probes on their way, by probe number and peer, in one ring per peer that is larger than the time a late reply is still recognised. A reply is matched on
 * the low 15 bits of its number, the tag in its payload and its source; the wrap of the sequence is harmless because the ring is far smaller than 32,768.
 */
export const STATE = { free: 0, pending: 1, overdue: 2, censored: 3, answered: 4, lost: 5, blind: 6, late: 7 } as const;

/** Of the room that is made when peers are added. */
const SPARE_SHARE = 0.25;
const PARTS = ["sentUs", "slot", "tagHigh", "tagLow", "state", "heard"] as const;

export class InFlight {
  /** Places per peer, a power of two. */
  ring: number;
  sentUs: Float64Array;
  slot: Int32Array;
  tagHigh: Uint32Array;
  tagLow: Uint32Array;
  state: Uint8Array;
  /** Whether the peer says that it heard the probe: HEARD in detect/sample.ts. */
  heard: Uint8Array;
  /** Next probe number per peer. */
  next: Float64Array;
  #peers: number;

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

  /**
   * Makes room for so many peers, and rings at least so large; what is on its way keeps its place. It happens between two ticks of a running wire, so it copies
   * whole rows, and takes more room than it needs, so that the next change finds some.
   */
  grow(peers: number, ring: number): void {
    if (peers <= this.#peers && ring <= this.ring) return;
    const room = peers <= this.#peers ? this.#peers : Math.ceil(peers * (1 + SPARE_SHARE));
    const grown = new InFlight(room, Math.max(ring, this.ring));
    grown.next.set(this.next);
    if (grown.ring === this.ring) this.#copyRows(grown);
    else this.#copyEach(grown);
    this.ring = grown.ring;
    this.#peers = grown.#peers;
    this.next = grown.next;
    for (const part of PARTS) Object.assign(this, { [part]: grown[part] });
  }

  #copyRows(grown: InFlight): void {
    for (const part of PARTS)
      for (let row = 0; row < this.ring; row++) grown[part].set(this[part].subarray(row * this.#peers, (row + 1) * this.#peers), row * grown.#peers);
  }

  /** In a larger ring each number has a place of its own. */
  #copyEach(grown: InFlight): void {
    for (const part of PARTS) {
      const [from, to] = [this[part], grown[part]];
      for (let peer = 0; peer < this.#peers; peer++) {
        const next = this.next[peer] as number;
        for (let number = Math.max(0, next - this.ring); number < next; number++)
          to[grown.place(peer, number)] = from[this.place(peer, number)] as number;
      }
    }
  }

  /** The place of a peer is another's now, whose next probe has this number. */
  reset(peer: number, next: number): void {
    for (let number = 0; number < this.ring; number++) this.state[this.place(peer, number)] = STATE.free;
    this.next[peer] = next;
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
