/** Numbers that a printed seed brings back: rates, moments and lengths of a fault differ from seed to seed. */
export interface Random {
  /** From `low` to below `high`. */
  between(low: number, high: number): number;
  /** A whole number from `low` to `high`. */
  whole(low: number, high: number): number;
}

/** Mulberry32. `salt` keeps faults of one seed apart. */
export function seeded(seed: number, salt: string): Random {
  let state = [...salt].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x01000193), seed >>> 0) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (low: number, high: number): number => low + next() * (high - low);
  return { between, whole: (low, high) => Math.floor(between(low, high + 1)) };
}
