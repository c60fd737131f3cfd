/**
 * A log histogram of round-trip times that can be added up without error: 10 s → 1 min → 1 h rows are sums of bins, so a percentile of a month is as good
 * as one of ten seconds. Bin i > 0 holds (10 µs · γ^(i−1), 10 µs · γ^i] with γ = 1.02, so a quantile is within 1 % (DDSketch, VLDB 2019, section 2).
 * Encoded sparse: for each bin in use two LEB128 varints, the distance from the previous bin (from −1 for the first) and the count. 100 samples take about 20 bytes.
 *
 * One instance serves thousands of peers in turn: `clear()` touches only the bins that were used, `encode()` allocates only its result.
 */
const GAMMA = 1.02;
const SMALLEST_US = 10;
/** Reaches 20.4 s: more than the longest RTT that a sample holds. What is larger is counted in the last bin. */
const BINS = 735;
const PER_LOG = 1 / Math.log(GAMMA);
/** A bin distance takes two bytes at most, a count below 2^32 five. */
const MAX_ENCODED_BYTES = BINS * 7;

/** The bin that holds an RTT in µs. */
export function histogramBin(us: number): number {
  if (!(us > SMALLEST_US)) return 0;
  const bin = Math.ceil(Math.log(us / SMALLEST_US) * PER_LOG);
  return bin < BINS ? bin : BINS - 1;
}

/** The RTT in µs that stands for a bin: at most 1 % from anything inside. */
export function histogramBinUs(bin: number): number {
  return bin === 0 ? SMALLEST_US : (SMALLEST_US * Math.pow(GAMMA, bin) * 2) / (1 + GAMMA);
}

export class Histogram {
  readonly #counts: Uint32Array = new Uint32Array(BINS);
  #scratch: Uint8Array | null = null;
  #lowest: number = BINS;
  #highest: number = -1;
  #total: number = 0;

  /** Number of values inside. */
  get total(): number {
    return this.#total;
  }

  add(us: number): void {
    this.#addBin(histogramBin(us), 1);
  }

  clear(): void {
    if (this.#highest >= this.#lowest) this.#counts.fill(0, this.#lowest, this.#highest + 1);
    this.#lowest = BINS;
    this.#highest = -1;
    this.#total = 0;
  }

  encode(): Uint8Array {
    const out = (this.#scratch ??= new Uint8Array(MAX_ENCODED_BYTES));
    let length = 0;
    let previous = -1;
    for (let bin = this.#lowest; bin <= this.#highest; bin++) {
      const count = this.#counts[bin] ?? 0;
      if (count === 0) continue;
      length = writeVarint(out, length, bin - previous);
      length = writeVarint(out, length, count);
      previous = bin;
    }
    return out.slice(0, length);
  }

  /** Adds an encoded histogram. Bytes that are not one (cut short, bin out of range) add what could be read and return false; never throws. */
  mergeEncoded(bytes: Uint8Array): boolean {
    let at = 0;
    let bin = -1;
    while (at < bytes.length) {
      // Two varints, unrolled by hand: a month of one node is two million of them.
      let value = 0;
      let scale = 1;
      let byte = bytes[at++] as number;
      while (byte >= 128 && at < bytes.length && scale < 0x8_0000_0000) {
        value += (byte - 128) * scale;
        scale *= 128;
        byte = bytes[at++] as number;
      }
      bin += value + byte * scale;
      if (byte >= 128 || bin < 0 || bin >= BINS || at >= bytes.length) return false;
      value = 0;
      scale = 1;
      byte = bytes[at++] as number;
      while (byte >= 128 && at < bytes.length && scale < 0x8_0000_0000) {
        value += (byte - 128) * scale;
        scale *= 128;
        byte = bytes[at++] as number;
      }
      if (byte >= 128) return false;
      this.#addBin(bin, value + byte * scale);
    }
    return true;
  }

  /** The RTT in µs that a share `q` (0…1) of the values does not exceed; null when empty. */
  quantileUs(q: number): number | null {
    if (this.#total === 0) return null;
    const rank = Math.max(1, Math.ceil(q * this.#total));
    let seen = 0;
    for (let bin = this.#lowest; bin <= this.#highest; bin++) {
      seen += this.#counts[bin] ?? 0;
      if (seen >= rank) return histogramBinUs(bin);
    }
    return histogramBinUs(this.#highest);
  }

  /** The bins in use, the smallest first: the RTT in µs that stands for it, and how many values it holds. */
  forEach(visit: (us: number, count: number) => void): void {
    for (let bin = this.#lowest; bin <= this.#highest; bin++) {
      const count = this.#counts[bin] as number;
      if (count > 0) visit(histogramBinUs(bin), count);
    }
  }

  #addBin(bin: number, count: number): void {
    this.#counts[bin] = (this.#counts[bin] as number) + count;
    this.#total += count;
    if (bin < this.#lowest) this.#lowest = bin;
    if (bin > this.#highest) this.#highest = bin;
  }
}

function writeVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value;
  while (rest >= 128) {
    out[at++] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
  }
  out[at++] = rest;
  return at;
}
