/**
 * A point in time as people type it: `2h` ago, a date, a time of day, an ISO instant. Pure: now and the time zone are parameters.
 * Local times go through `localMs`, and "today" is found by asking it where the days around now begin, so days of 23 and 25 hours come out right;
 * a time that a change of clocks skips becomes whatever `localMs` makes of it.
 */
import { parseDuration } from "../config/units.ts";

/** Local calendar time → milliseconds since the epoch; the month counts from 1. At the edge: `new Date(y, mo - 1, d, h, mi, s).getTime()`. */
export type LocalMs = (y: number, mo: number, d: number, h: number, mi: number, s: number) => number;

export interface SinceOptions {
  readonly nowMs: number;
  readonly localMs: LocalMs;
  /** A time that has not come yet is read too: rows that a wall clock ahead of time labelled lie there. */
  readonly future?: boolean;
  /** What `localMs` goes by, for who wrote something else. Default: local time. */
  readonly zoneName?: string;
}

interface Day {
  readonly y: number;
  readonly mo: number;
  readonly d: number;
}

const DAY_MS = 86_400_000;
const ACCEPTED = `2h, 1d12h, today, yesterday, 10:00, "today 10:00", 2026-11-20, "2026-11-20 10:00" ({zone}), 2026-11-20T10:00:00Z`;
const CLOCK = "(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:\\.(\\d{1,3}))?)?";
const WORD_DAY = new RegExp(`^(?:(today|yesterday)(?: +${CLOCK})?|${CLOCK})$`, "i");
const CALENDAR_DAY = new RegExp(`^(\\d{4})-(\\d{2})-(\\d{2})(?:(?:T| +)${CLOCK} ?(Z|[-+]\\d{2}:?\\d{2})?)?$`, "i");

/**
 * Milliseconds since the epoch. A date alone is its first moment, a time alone is today's, a duration counts back from now.
 * Throws Error, saying what is accepted, for anything else and, without `future`, for a time that has not come yet.
 */
export function parseSince(text: string, options: SinceOptions): number {
  try {
    return readTime(text, options);
  } catch (error) {
    const accepted = ACCEPTED.replace("{zone}", options.zoneName ?? "local time");
    throw new Error(`${error instanceof Error ? error.message : String(error)}; accepted: ${accepted}`, { cause: error });
  }
}

function readTime(text: string, options: SinceOptions): number {
  const trimmed = text.trim();
  const ms = fromWords(trimmed, options) ?? fromCalendar(trimmed, options) ?? fromDuration(trimmed, options);
  if (ms > options.nowMs && options.future !== true) refuse(text, "it has not come yet");
  if (!(ms >= 0)) refuse(text, "it is before 1970");
  return ms;
}

function fromWords(text: string, options: SinceOptions): number | null {
  const match = WORD_DAY.exec(text);
  if (match === null) return null;
  const [, day, ...rest] = match;
  const clock = day === undefined ? rest.slice(4, 8) : rest.slice(0, 4);
  return local(text, { day: dayNear(options, day?.toLowerCase() === "yesterday" ? -1 : 0), clock, localMs: options.localMs });
}

function fromCalendar(text: string, options: SinceOptions): number | null {
  const match = CALENDAR_DAY.exec(text);
  if (match === null) return null;
  const [, y, mo, d, h, mi, s, fraction, offset] = match;
  const day = { y: Number(y), mo: Number(mo), d: Number(d) };
  const same = calendarDay(Date.UTC(day.y, day.mo - 1, day.d));
  if (same.mo !== day.mo || same.d !== day.d || day.y < 1970) refuse(text, "there is no such day (or it is before 1970)");
  const place = offset === undefined ? options.localMs : atOffset(text, offset.toUpperCase());
  return local(text, { day, clock: [h, mi, s, fraction], localMs: place });
}

function fromDuration(text: string, options: SinceOptions): number {
  const duration = parseDuration(text);
  if (duration.kind === "ok") return options.nowMs - duration.value;
  return refuse(text, /^\d/.test(text) ? `as a duration it ${duration.reason}` : "it is no time");
}

function local(text: string, when: { readonly day: Day; readonly clock: readonly (string | undefined)[]; readonly localMs: LocalMs }): number {
  const { y, mo, d } = when.day;
  const [h = 0, mi = 0, s = 0] = when.clock.slice(0, 3).map((part) => Number(part ?? 0));
  if (h > 23 || mi > 59 || s > 59) refuse(text, "a time of day is 00:00:00 to 23:59:59");
  return when.localMs(y, mo, d, h, mi, s) + Number((when.clock[3] ?? "").padEnd(3, "0"));
}

function atOffset(text: string, offset: string): LocalMs {
  const hours = offset === "Z" ? 0 : Number(offset.slice(1, 3));
  const minutes = offset === "Z" ? 0 : Number(offset.slice(-2));
  if (hours > 14 || minutes > 59) refuse(text, "a time zone is at most 14 hours from UTC");
  const shiftMs = (offset.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
  return (y, mo, d, h, mi, s) => Date.UTC(y, mo - 1, d, h, mi, s) - shiftMs;
}

/** The local calendar day of now, or `shift` days from it: the last of the days around the UTC one that has begun by now. */
function dayNear(options: SinceOptions, shift: number): Day {
  const begun = [1, 0, -1].find((days) => {
    const { y, mo, d } = calendarDay(options.nowMs + days * DAY_MS);
    return options.localMs(y, mo, d, 0, 0, 0) <= options.nowMs;
  });
  return calendarDay(options.nowMs + ((begun ?? 0) + shift) * DAY_MS);
}

function calendarDay(utcMs: number): Day {
  const date = new Date(utcMs);
  return { y: date.getUTCFullYear(), mo: date.getUTCMonth() + 1, d: date.getUTCDate() };
}

function refuse(text: string, reason: string): never {
  throw new Error(`Cannot read the time ${JSON.stringify(text)}: ${reason}`);
}
