/** Times, lengths and shares in the words of a language. */
import { fill } from "../../verdict/words.ts";
import { localTime, offsetText, utcTime, type ZoneOffset } from "../clock.ts";
import { count, percent } from "../figures.ts";
import type { Counted, Labels } from "./labels.ts";

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
  if (ms < 1000) return `${Math.round(ms)} ${unit.ms}`;
  const tenths = Math.round(ms / 100);
  if (tenths < 600) return `${tenths % 10 === 0 ? tenths / 10 : (tenths / 10).toFixed(1)} ${unit.s}`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return two(seconds, { size: 60, large: unit.min, small: unit.s, digits: 2 });
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1440) return two(minutes, { size: 60, large: unit.h, small: unit.min, digits: 2 });
  return two(Math.round(ms / 3_600_000), { size: 24, large: unit.d, small: unit.h, digits: 1 });
}

/** "36.6 %", "<0.1 %", "-" when there is nothing to have a share of. */
export function share(part: number, whole: number): string {
  const value = percent(part, whole, 1);
  if (value === null) return "-";
  if (part > 0 && value === 0) return "<0.1 %";
  return part < whole && value === 100 ? "99.9 %" : `${value.toFixed(1)} %`;
}

function two(value: number, by: { readonly size: number; readonly large: string; readonly small: string; readonly digits: number }): string {
  const rest = value % by.size;
  const small = rest === 0 ? "" : ` ${String(rest).padStart(by.digits, "0")} ${by.small}`;
  return `${Math.floor(value / by.size)} ${by.large}${small}`;
}
