/** Counts and hearing of bursts; a test names only what it is about. */
import type { BurstCount } from "../../../src/detect/burst-count.ts";
import type { BurstHearing } from "../../../src/detect/incident.ts";

/** Nothing was sent and nothing happened but what is given. */
export function countOf(given: Partial<BurstCount>): BurstCount {
  return {
    sent: 0,
    lost: 0,
    lostForGood: 0,
    late: 0,
    slow: 0,
    pending: 0,
    sendFailed: 0,
    blind: 0,
    longestRun: 0,
    lostHeard: 0,
    lostUnheard: 0,
    flowSent: [0, 0, 0, 0],
    flowLost: [0, 0, 0, 0],
    ...given,
  };
}

/** A peer without an agent. */
export const UNHEARD: BurstHearing = { state: "none", authentic: false, expected: 0, received: 0, due: 0, saysBad: null };

export function heard(expected: number, received: number, more: Partial<BurstHearing> = {}): BurstHearing {
  return { state: "calibrated", authentic: true, expected, received, due: expected, saysBad: null, ...more };
}
