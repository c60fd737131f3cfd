/**
 * What a burst cost, counted from the flight recorder. Outcomes still change for a while (a late reply re-labels a loss), so slots that are final are folded
 * into the total once and the others are counted afresh each time.
 */
import { HEARD, OUTCOME, sampleFlow, sampleHeard, sampleOutcome } from "./sample.ts";

export interface BurstCount {
  readonly sent: number;
  readonly lost: number;
  /** Of these, the ones that no late reply can re-label any more. */
  readonly lostForGood: number;
  readonly late: number;
  /** Answered after the soft and before the hard timeout. */
  readonly slow: number;
  /** Not judged yet: neither answered nor lost. */
  readonly pending: number;
  readonly sendFailed: number;
  readonly blind: number;
  readonly longestRun: number;
  /** Of the lost ones: those that the peer heard, so that its answer was lost, and those that it did not. Of the others it has not told. */
  readonly lostHeard: number;
  readonly lostUnheard: number;
  /** Per flow: sent and lost. */
  readonly flowSent: readonly number[];
  readonly flowLost: readonly number[];
}

interface Totals {
  sent: number;
  lost: number;
  late: number;
  slow: number;
  pending: number;
  sendFailed: number;
  blind: number;
  longestRun: number;
  lostHeard: number;
  lostUnheard: number;
  run: number;
  readonly flowSent: number[];
  readonly flowLost: number[];
}

function add(totals: Totals, sample: number): void {
  const outcome = sampleOutcome(sample);
  if (outcome === OUTCOME.none || outcome === OUTCOME.skipped) return;
  if (outcome === OUTCOME.sendFailed) {
    totals.sendFailed++;
    return;
  }
  const flow = sampleFlow(sample);
  totals.sent++;
  totals.flowSent[flow] = (totals.flowSent[flow] ?? 0) + 1;
  switch (outcome) {
    case OUTCOME.lost:
      totals.lost++;
      if (sampleHeard(sample) === HEARD.yes) totals.lostHeard++;
      if (sampleHeard(sample) === HEARD.no) totals.lostUnheard++;
      totals.flowLost[flow] = (totals.flowLost[flow] ?? 0) + 1;
      totals.run++;
      totals.longestRun = Math.max(totals.longestRun, totals.run);
      return;
    case OUTCOME.late:
      totals.late++;
      totals.run = 0;
      return;
    case OUTCOME.blind:
      totals.blind++;
      return;
    case OUTCOME.pending:
      totals.pending++;
      return;
    case OUTCOME.slow:
      totals.slow++;
      totals.run = 0;
      return;
    default:
      totals.run = 0;
  }
}

/** Reads the sample of a slot; OUTCOME.none where the recorder no longer holds it. */
export type SampleAt = (slot: number) => number;

export class BurstCounter {
  readonly startSlot: number;
  readonly #folded: Totals = {
    sent: 0,
    lost: 0,
    late: 0,
    slow: 0,
    pending: 0,
    sendFailed: 0,
    blind: 0,
    longestRun: 0,
    lostHeard: 0,
    lostUnheard: 0,
    run: 0,
    flowSent: [0, 0, 0, 0],
    flowLost: [0, 0, 0, 0],
  };
  #foldedTo: number;

  constructor(startSlot: number) {
    this.startSlot = startSlot;
    this.#foldedTo = startSlot;
  }

  /** Counts slots [startSlot, endSlot); slots below `finalBefore` never change again. */
  count(sampleAt: SampleAt, range: { readonly endSlot: number; readonly finalBefore: number }): BurstCount {
    const foldTo = Math.min(range.endSlot, range.finalBefore);
    for (; this.#foldedTo < foldTo; this.#foldedTo++) add(this.#folded, sampleAt(this.#foldedTo));
    const totals: Totals = { ...this.#folded, flowSent: [...this.#folded.flowSent], flowLost: [...this.#folded.flowLost] };
    for (let slot = this.#foldedTo; slot < range.endSlot; slot++) add(totals, sampleAt(slot));
    const { run: _run, ...count } = totals;
    return { ...count, lostForGood: this.#folded.lost };
  }
}
