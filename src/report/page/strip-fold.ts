/** The strip of an incident in lines of a hundred probes, those of good weather folded into one. */
import type { StripLine } from "./document.ts";

const PROBES = 100;
/** Good lines in a row from which they are folded. */
const FOLD = 2;

export interface StripWords {
  readonly at: (probe: number) => string;
  readonly quiet: (probes: number) => string;
}

export function foldStrip(strip: string, words: StripWords): StripLine[] {
  const lines: StripLine[] = [];
  for (let at = 0; at < strip.length;) {
    const quiet = quietLines(strip, at);
    if (quiet >= FOLD) {
      lines.push({ kind: "quiet", at: words.at(at), text: words.quiet(quiet * PROBES) });
      at += quiet * PROBES;
    } else {
      lines.push({ kind: "probes", at: words.at(at), marks: strip.slice(at, at + PROBES) });
      at += PROBES;
    }
  }
  return lines;
}

/** Whole lines from `at` on that hold good probes only. */
function quietLines(strip: string, at: number): number {
  const good = ".".repeat(PROBES);
  let lines = 0;
  while (strip.slice(at + lines * PROBES, at + (lines + 1) * PROBES) === good) lines++;
  return lines;
}
