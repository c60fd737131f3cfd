/** What cells of simulated records hold that nobody reads as text: made once, for making it takes longer than sending it. */
import { OUTCOME, packSample } from "../../src/detect/sample.ts";
import { Histogram } from "../../src/stats/histogram.ts";
import { seededRandom } from "./statistics.ts";

export const SLOTS = 1_350;
/** In base64, of a minute of 600 round trips each. */
export const HISTOGRAMS: readonly string[] = Array.from({ length: 200 }, (_, seed) => histogram(seed + 1));
/** In base64, of SLOTS samples each. */
export const SAMPLES: readonly string[] = Array.from({ length: 4 }, (_, seed) => samples(seed));

/** RTTs around 2 ms with a tail, as a busy path has them. */
function histogram(seed: number): string {
  const random = seededRandom(seed);
  const one = new Histogram();
  for (let i = 0; i < 600; i++) one.add(1_500 * Math.exp((random() + random() + random() - 1.5) * 0.8) + (random() < 0.01 ? 20_000 * random() : 0));
  return Buffer.from(one.encode()).toString("base64");
}

function samples(seed: number): string {
  const words = Uint32Array.from({ length: SLOTS }, (_, slot) => {
    const bad = slot >= 600 && slot < 692 && slot % 3 === seed % 3;
    return packSample(bad ? OUTCOME.lost : OUTCOME.reply, bad ? 0 : 2_000 + ((slot * 7 + seed) % 90), slot % 4);
  });
  return Buffer.from(words.buffer).toString("base64");
}

/** Looks like a SHA-256. */
export function hexSum(seed: number): string {
  const random = seededRandom(seed);
  return Array.from({ length: 8 }, () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
}
