/**
 * What of the flight recorder leaves the wire: from `recordMs` before a burst to `recordMs` after its end, in blocks of a hundred slots. A block goes out
 * again each second while a probe in it may still change, so that little is missing if we are killed.
 */
import type { Clock } from "../clock.ts";
import type { SampleBlockReport, WireMessage } from "../messages.ts";
import type { Peer } from "../peer.ts";

const BLOCK_SLOTS = 100;

interface Stream {
  fromSlot: number;
  nextBlock: number;
  /** Monotonic; infinite while the burst lasts. */
  untilUs: number;
}

export class Slices {
  readonly #streams = new Map<Peer, Stream>();
  readonly #clock: Clock;
  readonly #post: (message: WireMessage) => void;
  readonly #recordUs: number;

  constructor(options: { readonly clock: Clock; readonly post: (message: WireMessage) => void; readonly recordMs: number }) {
    this.#clock = options.clock;
    this.#post = options.post;
    this.#recordUs = options.recordMs * 1000;
  }

  burstOpened(peer: Peer, startUs: number): void {
    const fromSlot = peer.group.slotAt(peer.member, startUs - this.#recordUs);
    const stream = this.#streams.get(peer);
    if (stream === undefined) this.#streams.set(peer, { fromSlot, nextBlock: Math.floor(fromSlot / BLOCK_SLOTS), untilUs: Number.POSITIVE_INFINITY });
    else {
      // What this burst needs of its past may already have been sent for the one before it, to an incident that is closed now.
      stream.untilUs = Number.POSITIVE_INFINITY;
      stream.fromSlot = Math.min(stream.fromSlot, fromSlot);
      stream.nextBlock = Math.min(stream.nextBlock, Math.floor(fromSlot / BLOCK_SLOTS));
    }
    this.#sendOne(peer, this.#clock.nowUs(), 0);
  }

  burstEnded(peer: Peer, endUs: number): void {
    const stream = this.#streams.get(peer);
    if (stream !== undefined) stream.untilUs = endUs + this.#recordUs;
  }

  /** The peer is retired. */
  forget(peer: Peer): void {
    this.#streams.delete(peer);
  }

  /** Called once a second. Slots older than `finalUs` never change again. */
  send(nowUs: number, finalUs: number): void {
    for (const peer of this.#streams.keys()) this.#sendOne(peer, nowUs, finalUs);
  }

  #sendOne(peer: Peer, nowUs: number, finalUs: number): void {
    const stream = this.#streams.get(peer) as Stream;
    const { group, member, recorder } = peer;
    const untilSlot = stream.untilUs === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : group.slotAt(member, stream.untilUs);
    const end = Math.min(peer.newestSlot + 1, untilSlot);
    const finalBefore = group.slotAt(member, finalUs);
    const blocks: SampleBlockReport[] = [];
    const oldest = Math.max(stream.fromSlot, peer.newestSlot - recorder.slots + 1);
    for (let block = stream.nextBlock; block * BLOCK_SLOTS < end; block++) {
      const from = Math.max(block * BLOCK_SLOTS, oldest);
      const to = Math.min((block + 1) * BLOCK_SLOTS, end);
      if (from >= to) continue;
      const samples = recorder.slice(member, { from, to, newest: peer.newestSlot });
      blocks.push({ startSlot: from, startedMs: this.#clock.wallMs(group.atUs(member, from)), samples: new Uint8Array(samples.buffer) });
    }
    while ((stream.nextBlock + 1) * BLOCK_SLOTS <= Math.min(finalBefore, end)) stream.nextBlock++;
    const last = nowUs > stream.untilUs && finalBefore >= untilSlot;
    if (last) this.#streams.delete(peer);
    if (blocks.length > 0 || last) this.#post({ kind: "samples", peer: peer.name, intervalMs: group.intervalUs / 1000, blocks, last });
  }
}
