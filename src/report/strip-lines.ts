/**
 * The strip of an incident, wrapped so that every line starts with its time and holds a round number of probes. Lines in which nothing happened are folded into
 * one, so that what happened is on one screen.
 */
import { localClock, type ZoneOffset } from "./clock.ts";
import { fill } from "../verdict/words.ts";
import { duration } from "./figures.ts";
import type { ListLabels } from "./list-labels.ts";
import { counted } from "./page/wording.ts";

export interface StripLayout {
  readonly startedMs: number;
  readonly intervalMs: number;
  /** Characters that fit on the terminal, indent included. */
  readonly columns: number;
  readonly zone: ZoneOffset;
  /** Lines at most; what is left out is said. */
  readonly maxLines: number;
  readonly labels: Pick<ListLabels, "strip" | "unit">;
}

const INDENT = "  ";
const MARK_WIDTH = "04:12:03.120  ".length;
const PROBES_STEP = 10;
const MAX_PROBES = 100;

export function stripLines(strip: string, layout: StripLayout): string[] {
  const room = layout.columns - INDENT.length - MARK_WIDTH;
  const width = Math.min(MAX_PROBES, Math.max(PROBES_STEP, Math.floor(room / PROBES_STEP) * PROBES_STEP));
  const lines: string[] = [];
  let at = 0;
  while (at < strip.length) {
    const quiet = quietLines(strip, { at, width });
    if (lines.length >= layout.maxLines && at + width < strip.length) {
      lines.push(`${INDENT}${" ".repeat(MARK_WIDTH)}${counted(strip.length - at, layout.labels.strip.more)}`);
      return lines;
    }
    if (quiet > 1) {
      const { strip: words, unit } = layout.labels;
      const text = fill(counted(quiet * width, words.quiet), { duration: duration(quiet * width * layout.intervalMs, unit) });
      lines.push(`${INDENT}${mark(at, layout)}${text}`);
      at += quiet * width;
    } else {
      lines.push(`${INDENT}${mark(at, layout)}${strip.slice(at, at + width)}`.trimEnd());
      at += width;
    }
  }
  return lines;
}

function mark(at: number, layout: StripLayout): string {
  return localClock(layout.startedMs + at * layout.intervalMs, layout.zone).padEnd(MARK_WIDTH);
}

/** How many whole lines from `at` on hold good probes only. */
function quietLines(strip: string, { at, width }: { readonly at: number; readonly width: number }): number {
  let lines = 0;
  while (strip.slice(at + lines * width, at + (lines + 1) * width) === ".".repeat(width)) lines++;
  return lines;
}
