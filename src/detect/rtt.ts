/**
 * Smoothed RTT and the soft timeout made from it: SRTT + max(10 ms, 4·RTTVAR), RFC 6298 section 2 without its one-second floor, because we only suspect.
 * Frozen while a peer is bad, or the fault would become the yardstick; after a minute of slow replies without a single loss they are the new normal.
 */
export interface RttState {
  srttUs: number;
  varianceUs: number;
}

const FLOOR_US = 10_000;
/** Before the first reply nothing is known: RFC 6298 rule 2.1. */
const INITIAL_US = 1_000_000;
const CEILING_US = 1_000_000;

export function createRtt(): RttState {
  return { srttUs: -1, varianceUs: 0 };
}

/** RFC 6298 rules 2.2 and 2.3, alpha 1/8 and beta 1/4. */
export function learnRtt(state: RttState, rttUs: number): void {
  if (state.srttUs < 0) {
    state.srttUs = rttUs;
    state.varianceUs = rttUs / 2;
    return;
  }
  state.varianceUs += (Math.abs(state.srttUs - rttUs) - state.varianceUs) / 4;
  state.srttUs += (rttUs - state.srttUs) / 8;
}

/** Forgets what was learned and starts from this reply. */
export function relearnRtt(state: RttState, rttUs: number): void {
  state.srttUs = -1;
  learnRtt(state, rttUs);
}

/** µs after which a probe is overdue; never above the hard timeout. */
export function softTimeoutUs(state: RttState, hardUs: number): number {
  const soft = state.srttUs < 0 ? INITIAL_US : Math.min(CEILING_US + state.srttUs, state.srttUs + Math.max(FLOOR_US, 4 * state.varianceUs));
  return Math.min(soft, hardUs);
}
