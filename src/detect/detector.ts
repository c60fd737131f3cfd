/**
 * One peer's burst detector: a window (k bad of the last w judged probes) for what can be said in one sentence on a ticket, and a Bernoulli CUSUM
 * for thin loss that lasts (+17 a bad probe, −1 a good one, alarm at 86 and capped there; Page 1954, weights for 0.5 % against 20 %).
 *
 * Fed with judgements in the order in which they are made, each with its slot and send time. Blind probes are not fed at all. Bad means overdue, lost
 * or refused by the kernel. A burst starts at the first bad probe that counted for it and ends before the first good one after its last bad one; the
 * end is known `clear` good probes later and, while less than 40 % inside it was bad, when the CUSUM is back at zero: thin loss has long gaps.
 *
 * The healthy path costs a handful of integer operations, since it runs for every probe: only bad probes are remembered, in a ring of `window` places.
 */
export interface DetectorOptions {
  readonly window: number;
  readonly lost: number;
  readonly clear: number;
}

export type DetectorChange =
  | { readonly kind: "suspect"; readonly slot: number; readonly sentUs: number }
  | { readonly kind: "burst-opened"; readonly rule: "window" | "cusum"; readonly startSlot: number; readonly startUs: number }
  | { readonly kind: "burst-ended"; readonly endSlot: number; readonly endUs: number };

export const CUSUM_BAD = 17;
export const CUSUM_ALARM = 86;
/** At and above this share of bad probes inside a burst, `clear` good ones end it whatever the CUSUM says. */
export const DENSE_SHARE = 0.4;
/** Overdue probes in a row that make a suspicion. */
const SUSPECT_RUN = 2;

export class Detector {
  readonly #options: DetectorOptions;
  readonly #badJudged: Float64Array;
  readonly #badSlot: Float64Array;
  readonly #badSentUs: Float64Array;
  #head = 0;
  #bad = 0;
  #judged = 0;
  #run = 0;
  #cusum = 0;
  #cusumJudged = 0;
  #cusumSlot = 0;
  #cusumUs = 0;
  /** Bad probes since it left zero. */
  #cusumBad = 0;
  #inBurst = false;
  #insideBad = 0;
  #firstJudged = 0;
  #lastBadJudged = 0;
  #lastBadSlot = -1;
  #goodRun = 0;
  #endSlot = -1;
  #endUs = 0;

  constructor(options: DetectorOptions) {
    this.#options = options;
    this.#badJudged = new Float64Array(options.window);
    this.#badSlot = new Float64Array(options.window);
    this.#badSentUs = new Float64Array(options.window);
  }

  get inBurst(): boolean {
    return this.#inBurst;
  }

  /** A bad probe was judged since the last good one, or a burst is open: nothing may be learned from this peer now. */
  get troubled(): boolean {
    return this.#inBurst || this.#run > 0;
  }

  /** As bad as it gets before a burst is certain, or in one. */
  get suspect(): boolean {
    return this.#inBurst || this.#run >= SUSPECT_RUN;
  }

  /** Slot of the last bad probe of the open burst. */
  get lastBadSlot(): number {
    return this.#lastBadSlot;
  }

  good(slot: number, sentUs: number): DetectorChange | null {
    this.#judged++;
    this.#run = 0;
    if (this.#cusum > 0) this.#cusum--;
    if (this.#bad > 0 && this.#judged - (this.#badJudged[this.#head] as number) >= this.#options.window) this.#drop();
    if (!this.#inBurst) return null;
    if (slot > this.#lastBadSlot && (this.#endSlot < 0 || slot < this.#endSlot)) {
      this.#endSlot = slot;
      this.#endUs = sentUs;
    }
    this.#goodRun++;
    if (this.#goodRun < this.#options.clear || this.#endSlot < 0) return null;
    const dense = this.#insideBad >= DENSE_SHARE * (this.#lastBadJudged - this.#firstJudged + 1);
    if (!dense && this.#cusum > 0) return null;
    return this.#end();
  }

  bad(slot: number, sentUs: number): DetectorChange | null {
    this.#judged++;
    this.#run++;
    if (this.#cusum === 0) {
      this.#cusumJudged = this.#judged;
      this.#cusumSlot = slot;
      this.#cusumUs = sentUs;
      this.#cusumBad = 0;
    }
    this.#cusumBad++;
    this.#cusum = Math.min(CUSUM_ALARM, this.#cusum + CUSUM_BAD);
    if (this.#bad > 0 && this.#judged - (this.#badJudged[this.#head] as number) >= this.#options.window) this.#drop();
    this.#remember(slot, sentUs);
    if (this.#inBurst) {
      this.#insideBad++;
      this.#lastBadJudged = this.#judged;
      this.#goodRun = 0;
      if (slot > this.#lastBadSlot) this.#lastBadSlot = slot;
      if (this.#endSlot < this.#lastBadSlot) this.#endSlot = -1;
      return null;
    }
    if (this.#bad >= this.#options.lost) return this.#open("window", slot);
    if (this.#cusum >= CUSUM_ALARM) return this.#open("cusum", slot);
    return this.#run === SUSPECT_RUN ? { kind: "suspect", slot, sentUs } : null;
  }

  /** After a blind interval: what came before says nothing about what comes now. An open burst stays open. */
  forget(): void {
    this.#run = 0;
    this.#goodRun = 0;
    if (this.#inBurst) return;
    this.#bad = 0;
    this.#cusum = 0;
  }

  #open(rule: "window" | "cusum", slot: number): DetectorChange {
    const windowSlot = this.#badSlot[this.#head] as number;
    const fromCusum = rule === "cusum" && this.#cusumSlot < windowSlot;
    const startSlot = fromCusum ? this.#cusumSlot : windowSlot;
    const startUs = fromCusum ? this.#cusumUs : (this.#badSentUs[this.#head] as number);
    this.#inBurst = true;
    this.#firstJudged = fromCusum ? this.#cusumJudged : (this.#badJudged[this.#head] as number);
    this.#insideBad = fromCusum ? this.#cusumBad : this.#bad;
    this.#lastBadJudged = this.#judged;
    this.#lastBadSlot = slot;
    this.#goodRun = 0;
    this.#endSlot = -1;
    return { kind: "burst-opened", rule, startSlot, startUs };
  }

  #end(): DetectorChange {
    this.#inBurst = false;
    this.#bad = 0;
    this.#cusum = 0;
    this.#run = 0;
    return { kind: "burst-ended", endSlot: this.#endSlot, endUs: this.#endUs };
  }

  #remember(slot: number, sentUs: number): void {
    if (this.#bad === this.#options.window) this.#drop();
    const place = (this.#head + this.#bad) % this.#options.window;
    this.#badJudged[place] = this.#judged;
    this.#badSlot[place] = slot;
    this.#badSentUs[place] = sentUs;
    this.#bad++;
  }

  #drop(): void {
    this.#head = (this.#head + 1) % this.#options.window;
    this.#bad--;
  }
}
