/** How many bytes of records go into one request: less after a collector (or a proxy before it) found one too large, and as much as before when it was one record's fault. */
import type { Parcel } from "./parcel.ts";
import type { Lane } from "./wire.ts";

export class BatchSize {
  readonly #max: number;
  readonly #onRefused: (lane: Lane, seq: number) => void;
  #bytes: number;

  constructor(max: number, onRefused: (lane: Lane, seq: number) => void) {
    this.#max = max;
    this.#onRefused = onRefused;
    this.#bytes = max;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The request with this parcel was too large. One record alone is set aside; of several half as many are sent. False when it holds none, and nothing can be done
   * about it.
   */
  tooLarge({ outbox, lane, batch }: Parcel): boolean {
    if (batch === null || batch.records.length === 0) return false;
    if (batch.records.length > 1) {
      this.#bytes = Math.max(1, Math.floor(batch.bytes / 2));
      return true;
    }
    const { seq } = JSON.parse(batch.records[0] as string) as { readonly seq: number };
    outbox.refuse(lane, seq, "too-large");
    this.#onRefused(lane, seq);
    // It was that one, and not the number of them.
    this.#bytes = this.#max;
    return true;
  }
}
