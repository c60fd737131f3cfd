/** Wall-clock text for people: local time with its offset from UTC. The zone is a parameter: minutes east of UTC at an instant. */
export type ZoneOffset = (ms: number) => number;

/** "2026-11-20 04:12:03.120". */
export function localTime(ms: number, zone: ZoneOffset): string {
  return clockText(ms + zone(ms) * 60_000);
}

/** "04:12:03.120". */
export function localClock(ms: number, zone: ZoneOffset): string {
  return localTime(ms, zone).slice(11);
}

/** "2026-11-19 20:12:03.120". */
export function utcTime(ms: number): string {
  return clockText(ms);
}

/** "+08:00". */
export function offsetText(ms: number, zone: ZoneOffset): string {
  const minutes = Math.round(zone(ms));
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
}

function clockText(shiftedMs: number): string {
  return new Date(shiftedMs).toISOString().replace("T", " ").slice(0, -1);
}
