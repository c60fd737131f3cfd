/** Numbers and times as the report gives them. */

/** ISO 8601 UTC with milliseconds. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}

/** Share in percent with that many decimals; null when there is nothing to have a share of. */
export function percent(part: number, whole: number, decimals: number): number | null {
  if (!(whole > 0)) return null;
  const scale = 10 ** decimals;
  return Math.round((part / whole) * 100 * scale) / scale;
}

/** "0.11 %", "<0.01 %" for a loss too small for two decimals, "0 %" for none, "-" when nothing was judged. */
export function lossText(lost: number, judged: number): string {
  const value = percent(lost, judged, 2);
  if (value === null) return "-";
  if (lost > 0 && value === 0) return "<0.01 %";
  return lost === 0 ? "0 %" : `${value.toFixed(2)} %`;
}

/** "36,000". */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "1 incident", "2 incidents". */
export function plural(value: number, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export interface Units {
  readonly ms: string;
  readonly s: string;
  readonly min: string;
  readonly h: string;
  readonly d: string;
}

const UNITS: Units = { ms: "ms", s: "s", min: "min", h: "h", d: "d" };

/** "850 ms", "9.2 s", "1 min 03 s", "2 h 05 min", "3 d 4 h". */
export function duration(ms: number, unit: Units = UNITS): string {
  if (ms < 1000) return `${Math.round(ms)} ${unit.ms}`;
  if (Math.round(ms / 100) < 600) return `${trimZero((ms / 1000).toFixed(1))} ${unit.s}`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} ${unit.min}${rest(seconds % 60, unit.s, 2)}`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} ${unit.h}${rest(minutes % 60, unit.min, 2)}`;
  const hours = Math.round(ms / 3600_000);
  return `${Math.floor(hours / 24)} ${unit.d}${rest(hours % 24, unit.h, 1)}`;
}

function rest(value: number, unit: string, digits: number): string {
  return value === 0 ? "" : ` ${String(value).padStart(digits, "0")} ${unit}`;
}

function trimZero(text: string): string {
  return text.endsWith(".0") ? text.slice(0, -2) : text;
}
