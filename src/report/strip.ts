/**
 * The strip of an incident: one character a probe, in order of time. Blocks of the recorder may overlap, leave gaps and come from two boots of the agent; each
 * sample goes to the place of its send time, and what nobody recorded stays a space.
 */
import { sampleCharacter } from "../detect/sample.ts";
import type { SampleBlock } from "../store/rows.ts";

/** Characters in one strip: half an hour (the longest incident) at ten a second, and some. Longer ones are cut at the end. */
export const MAX_STRIP = 20_000;

export interface Strip {
  readonly text: string;
  readonly startedMs: number;
}

/** Null when no sample lies in [fromMs, toMs). */
export function drawStrip(
  blocks: readonly SampleBlock[],
  range: { readonly fromMs: number; readonly toMs: number; readonly intervalMs: number },
): Strip | null {
  const { fromMs, toMs, intervalMs } = range;
  if (!(intervalMs > 0) || !(toMs > fromMs)) return null;
  const places: string[] = Array.from({ length: Math.min(MAX_STRIP, Math.ceil((toMs - fromMs) / intervalMs)) }, () => " ");
  for (const block of blocks) {
    const view = new DataView(block.samples.buffer, block.samples.byteOffset, block.samples.byteLength);
    const first = Math.round((block.startedMs - fromMs) / intervalMs);
    const step = block.intervalMs / intervalMs;
    for (let slot = 0; slot < view.byteLength >> 2; slot++) {
      const place = first + Math.round(slot * step);
      if (place < 0 || place >= places.length) continue;
      const character = sampleCharacter(view.getUint32(slot * 4, true));
      if (character !== " ") places[place] = character;
    }
  }
  const text = places.join("");
  const blankBefore = text.length - text.trimStart().length;
  if (blankBefore === text.length) return null;
  return { text: text.slice(blankBefore).trimEnd(), startedMs: fromMs + blankBefore * intervalMs };
}
