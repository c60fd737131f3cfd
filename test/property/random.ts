/** Random numbers of a property test: the seed is printed, and MESHPROBE_SEED=… repeats a run. */
import process from "node:process";
import type { TestContext } from "node:test";

export interface Random {
  /** 0 ≤ n < below. */
  below(limit: number): number;
  bytes(length: number): Uint8Array;
  chance(probability: number): boolean;
}

export function randomFor(t: TestContext): Random {
  const seed = Number(process.env["MESHPROBE_SEED"] ?? Date.now() % 0x7fff_ffff) | 1;
  t.diagnostic(`seed ${seed}`);
  let state = seed;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let warm = 0; warm < 20; warm++) next();
  const below = (limit: number): number => next() % limit;
  return { below, bytes: (length) => Uint8Array.from({ length }, () => below(256)), chance: (probability) => next() / 2 ** 32 < probability };
}
