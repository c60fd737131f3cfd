/**
 * The flight recorder: the outcome of every slot of the last five minutes, four bytes each (see detect/sample.ts), one ring per peer and group.
 */
import { OUTCOME } from "../../detect/sample.ts";

/** How far back the recorder reaches. */
const RECORDER_MS = 300_000;

export class Recorder {
  readonly slots: number;
  readonly #samples: Uint32Array;

  constructor(members: number, intervalMs: number) {
    this.slots = Math.ceil(RECORDER_MS / intervalMs) + 1;
    this.#samples = new Uint32Array(members * this.slots);
  }

  /** The caller keeps `slot` within the last `slots` written ones. */
  get(member: number, slot: number): number {
    return this.#samples[member * this.slots + (slot % this.slots)] as number;
  }

  set(member: number, slot: number, sample: number): void {
    this.#samples[member * this.slots + (slot % this.slots)] = sample;
  }

  /** Copies slots [from, to); what lies outside the ring reads as OUTCOME.none. `newest` is the newest written slot. */
  slice(member: number, range: { readonly from: number; readonly to: number; readonly newest: number }): Uint32Array {
    const copy = new Uint32Array(range.to - range.from);
    for (let slot = range.from; slot < range.to; slot++) {
      const held = slot >= 0 && slot <= range.newest && slot > range.newest - this.slots;
      copy[slot - range.from] = held ? this.get(member, slot) : OUTCOME.none;
    }
    return copy;
  }
}
