/** The little statistics that the acceptance table needs. */

/** Both ends included. */
export type Interval = readonly [low: number, high: number];

const Z_95 = 1.959964;

/** Wilson score interval of a rate, 95 % two-sided (Wilson 1927; Brown, Cai and DasGupta 2001, formula 4). Never empty, also at 0 of n and n of n. */
export function wilson95(hits: number, total: number): Interval {
  if (total === 0) return [0, 1];
  const rate = hits / total;
  const z2 = Z_95 ** 2;
  const middle = rate + z2 / (2 * total);
  const spread = Z_95 * Math.sqrt((rate * (1 - rate)) / total + z2 / (4 * total ** 2));
  const scale = 1 + z2 / total;
  return [Math.max(0, (middle - spread) / scale), Math.min(1, (middle + spread) / scale)];
}

/** For people: to so many decimal places. */
export function round(value: number, places = 3): number {
  return Math.round(value * 10 ** places) / 10 ** places;
}

export function roundInterval([low, high]: Interval): Interval {
  return [round(low), round(high)];
}

/** Nearest rank: the smallest value that at least this share (0 to 1) of the values does not exceed; NaN when there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Numbers in [0, 1) that follow from the seed alone (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
