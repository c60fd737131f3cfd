/**
 * When each peer's next probe is due. Peers with one interval form a group and are spread evenly over it: peer i of n has its slot s at
 * base + (s + i/n) · interval. A cursor over (slot, peer) replaces a heap: what is due is a subtraction.
 *
 * A slot that is later than `tolerance` is skipped and counted, never caught up: a thousand probes at once would measure our own queue.
 */

/**
 * A slot may be late by half its interval; a short one, until the next slot of its peer is due. With two programs beside us on each processor a kernel that does
 * not preempt (CONFIG_PREEMPT_NONE) lets a process wait for 50 to 90 ms, and that skipped 0.5 % of the slots of 100 ms at half an interval, none at a whole
 * one (measured). What waits longer was a stall, and blind.
 */
const MIN_TOLERANCE_US = 100_000;

export interface Slot {
  /** Index within the group. */
  member: number;
  slot: number;
}

export class PaceGroup {
  readonly intervalUs: number;
  /** Peer indices, in order of their phase. */
  readonly peers: Int32Array;
  readonly baseUs: number;
  readonly toleranceUs: number;

  constructor(options: { readonly intervalUs: number; readonly peers: readonly number[]; readonly baseUs: number }) {
    this.intervalUs = options.intervalUs;
    this.peers = Int32Array.from(options.peers);
    this.baseUs = options.baseUs;
    this.toleranceUs = Math.min(options.intervalUs, Math.max(MIN_TOLERANCE_US, options.intervalUs / 2));
  }

  /** Planned time of a slot. */
  atUs(member: number, slot: number): number {
    return this.baseUs + (slot + member / this.peers.length) * this.intervalUs;
  }

  /** How many (slot, member) pairs are due at `nowUs`, counted from the base. */
  dueAt(nowUs: number): number {
    return nowUs < this.baseUs ? 0 : Math.floor(((nowUs - this.baseUs) / this.intervalUs) * this.peers.length) + 1;
  }

  /** First slot of a member planned at or after a time. */
  slotAt(member: number, timeUs: number): number {
    return Math.max(0, Math.ceil((timeUs - this.baseUs) / this.intervalUs - member / this.peers.length));
  }
}
