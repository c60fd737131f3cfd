/**
 * The figures of one hop as mtr prints them over the same answers (mtr 0.95, ui/net.c). It counts whole microseconds and carries a running mean that is cut to
 * a whole one at every answer; so do we, or a desk that compares the two finds tenths of a millisecond that differ.
 */
import type { Hop } from "./hop.ts";

export interface MtrFigures {
  /** Percent; mtr cuts it to thousandths. */
  readonly lossPct: number;
  readonly sent: number;
  readonly received: number;
  /** Milliseconds, 0 when nothing answered as in mtr; null where single round trips were not kept. */
  readonly last: number | null;
  readonly avg: number;
  readonly best: number;
  readonly worst: number;
  readonly stdev: number | null;
}

export function mtrFigures(hop: Pick<Hop, "sent" | "received" | "rttMs" | "rttsUs">): MtrFigures {
  const { sent, received, rttMs } = hop;
  const lossPct = sent === 0 ? 0 : Math.trunc(1000 * (100 - (100 * Math.min(received, sent)) / sent)) / 1000;
  const rttsUs = hop.rttsUs ?? singleAnswer(hop);
  if (rttsUs !== null) return { lossPct, sent, received, ...running(rttsUs) };
  const { last = null, avg = 0, best = 0, worst = 0, stdev = null } = rttMs ?? {};
  return { lossPct, sent, received, last, avg, best, worst, stdev };
}

function singleAnswer({ received, rttMs }: Pick<Hop, "received" | "rttMs">): readonly number[] | null {
  if (received === 0 || rttMs === null) return [];
  return received === 1 ? [Math.round(rttMs.avg * 1000)] : null;
}

function running(rttsUs: readonly number[]): Pick<MtrFigures, "last" | "avg" | "best" | "worst" | "stdev"> {
  let avg = 0;
  let squares = 0;
  let best = Number.POSITIVE_INFINITY;
  let worst = 0;
  rttsUs.forEach((rtt, index) => {
    const us = Math.trunc(rtt);
    const before = avg;
    avg = Math.trunc(before + (us - before) / (index + 1));
    squares = Math.trunc(squares + (us - before) * (us - avg));
    best = Math.min(best, us);
    worst = Math.max(worst, us);
  });
  const count = rttsUs.length;
  const stdev = count > 1 ? Math.trunc(Math.sqrt(squares / (count - 1))) : 0;
  return {
    last: Math.trunc(rttsUs.at(-1) ?? 0) / 1000,
    avg: avg / 1000,
    best: count === 0 ? 0 : best / 1000,
    worst: worst / 1000,
    stdev: stdev / 1000,
  };
}
