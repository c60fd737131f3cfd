/** Random words from the system, fetched four thousand at a time: a call for each tag would cost more than the packet. */
const WORDS = 4096;

export class Entropy {
  readonly #words = new Uint32Array(WORDS);
  readonly #fill: (bytes: Uint8Array) => void;
  #left = 0;

  /** `fill` fills bytes with random ones. */
  constructor(fill: (bytes: Uint8Array) => void) {
    this.#fill = fill;
  }

  next(): number {
    if (this.#left === 0) {
      this.#fill(new Uint8Array(this.#words.buffer));
      this.#left = WORDS;
    }
    return this.#words[--this.#left] as number;
  }
}
