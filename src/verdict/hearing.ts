/**
 * Loss per direction from the requests that the peers send us, without clocks. Of one peer or, for a common cause, of all that can testify.
 *
 * | mine | theirs arriving | their bitmap | direction |
 * |---|---|---|---|
 * | lost | all | shows none, or part, of mine | out |
 * | lost | all | shows mine | none: their answers are suppressed (see peer-faults) |
 * | lost | all | none | out, possible at most |
 * | lost | missing | shows mine | in |
 * | lost | missing | misses mine too | both; then 1 − (1 − out)(1 − in) must be near the round trip's loss |
 * | lost | part | none | by solving that for `out`, possible at most |
 * | lost | none at all | none | unknown: in, both, or the peer is down |
 */
import { acquitted, lossy, ratio, SHARE_OF_LOSS } from "./event-view.ts";
import type { Count, IncidentFacts } from "./facts.ts";
import type { Certainty, Direction } from "./verdict.ts";

export interface Heard {
  /** Incidents whose peer can be heard. */
  readonly of: number;
  readonly authentic: boolean;
  readonly in: Count | null;
  readonly out: Count | null;
}

export interface DirectionFinding {
  readonly direction: Exclude<Direction, "unknown">;
  readonly rule: string;
  readonly certainty: Exclude<Certainty, "certain">;
}

/** A request now and then is no stream: the rest were lost. */
const TOTAL = 0.9;
/** How far the two directions may be from the round trip before they are doubted. */
const CROSS_CHECK = 0.25;

/** Without authentication one forged request could turn a direction round: then all of it is `possible` at most. */
export function heardOf(incidents: readonly IncidentFacts[]): Heard {
  const calibrated = incidents.filter(({ hearing }) => hearing.state === "calibrated");
  return {
    of: calibrated.length,
    authentic: calibrated.length > 0 && calibrated.every(({ hearing }) => hearing.authentic),
    in: add(calibrated.map(({ hearing }) => hearing.in)),
    out: add(calibrated.map(({ hearing }) => hearing.out)),
  };
}

function add(counts: readonly (Count | null)[]): Count | null {
  const known = counts.filter((count) => count !== null && count.sent > 0) as Count[];
  if (known.length === 0) return null;
  return known.reduce((sum, count) => ({ sent: sum.sent + count.sent, lost: sum.lost + count.lost }));
}

/** Null where it does not tell; `loss` is that of the round trip. */
export function directionOf(heard: Heard, loss: number): DirectionFinding | null {
  if (loss === 0 || heard.in === null) return null;
  const sure = heard.authentic ? "likely" : "possible";
  if (acquitted(heard.in, loss)) {
    if (heard.out === null) return { direction: "out", rule: "hearing-out-no-bitmap", certainty: "possible" };
    return lossy(heard.out, loss) ? { direction: "out", rule: "hearing-out", certainty: sure } : null;
  }
  if (!lossy(heard.in, loss)) return null;
  if (heard.out === null) return fromRoundTrip(ratio(heard.in), loss);
  if (acquitted(heard.out, loss)) return { direction: "in", rule: "hearing-in", certainty: sure };
  if (!lossy(heard.out, loss)) return null;
  const agrees = Math.abs(expectedLoss(heard.in, heard.out) - loss) <= CROSS_CHECK;
  return { direction: "both", rule: "hearing-both", certainty: agrees ? sure : "possible" };
}

/** What the round trip must lose when both directions lose independently. */
export function expectedLoss(inbound: Count, outbound: Count): number {
  return 1 - (1 - ratio(inbound)) * (1 - ratio(outbound));
}

function fromRoundTrip(inbound: number, loss: number): DirectionFinding | null {
  if (inbound >= TOTAL) return null;
  const outbound = 1 - (1 - loss) / (1 - inbound);
  return { direction: outbound < SHARE_OF_LOSS * loss ? "in" : "both", rule: "hearing-no-bitmap", certainty: "possible" };
}

/** The counts a verdict shows; none where nothing was heard. */
export function heardCounts({ in: inbound, out }: Heard): Record<string, number> {
  return {
    ...(inbound === null ? {} : { inSent: inbound.sent, inLost: inbound.lost, inArrived: inbound.sent - inbound.lost }),
    ...(out === null ? {} : { outSent: out.sent, outLost: out.lost, outArrived: out.sent - out.lost }),
  };
}
