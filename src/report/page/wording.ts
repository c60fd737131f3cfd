/** Times, lengths and shares in the words of a language. */
import { fill } from "../../verdict/words.ts";
import { localTime, offsetText, utcTime, type ZoneOffset } from "../clock.ts";
import { count, duration, percent } from "../figures.ts";
import type { Counted, Labels } from "./labels.ts";
import type { ClockDifference } from "./ticket.ts";

export interface Wording {
  readonly labels: Labels;
  readonly zone: ZoneOffset;
}

export function counted(n: number, words: Counted): string {
  return fill(n === 1 ? words.one : words.many, { n: count(n) });
}

/** "2026-11-20 04:12:03.120 +08:00" and "2026-11-19 20:12:03.120 UTC"; in UTC alone only that. */
export function bothTimes(iso: string, { labels, zone }: Wording): string[] {
  const ms = Date.parse(iso);
  const utc = `${utcTime(ms)} ${labels.utc}`;
  return zone(ms) === 0 ? [utc] : [`${localTime(ms, zone)} ${offsetText(ms, zone)}`, utc];
}

/** "2026-11-19 20:12:03.120 UTC". */
export function utc(iso: string, { labels }: Wording): string {
  return `${utcTime(Date.parse(iso))} ${labels.utc}`;
}

/** "850 ms", "9.2 s", "1 min 03 s", "2 h 05 min", "3 d 4 h". */
export function length(ms: number, { labels: { unit } }: Wording): string {
  return duration(ms, unit);
}

/** "36.6 %", "<0.1 %", "-" when there is nothing to have a share of. */
export function share(part: number, whole: number): string {
  const value = percent(part, whole, 1);
  if (value === null) return "-";
  if (part > 0 && value === 0) return "<0.1 %";
  return part < whole && value === 100 ? "99.9 %" : `${value.toFixed(1)} %`;
}

/** "41 ms ahead of", "3 ms behind": of the clock that is held against another one. */
export function difference({ offset_ms: offsetMs }: ClockDifference, { labels }: Wording): string {
  return fill(offsetMs > 0 ? labels.clock.behind : labels.clock.ahead, { ms: Math.abs(offsetMs) });
}

/** "+41", "-3", "0". */
export function signed(value: number): string {
  return value > 0 ? `+${value}` : String(value);
}
