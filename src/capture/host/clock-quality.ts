/**
 * How good the wall clock of this host is, by who keeps it: a carrier compares our times with its logs. Durations and round trips do not depend on it.
 * chrony tells its offset and what bounds it (RFC 5905: the dispersion and half of the delay to the root); of systemd-timesyncd only whether it has ever
 * synchronised can be read without asking over D-Bus.
 */
export interface ClockQuality {
  readonly source: string;
  readonly offsetMs: number | null;
  readonly maxErrorMs: number | null;
}

/** `chronyc -c -n tracking`: one line of 14 fields. */
const FIELDS = 14;
const [OFFSET_S, DELAY_S, DISPERSION_S, LEAP] = [4, 10, 11, 13] as const;

/** There once timesyncd has set the clock in this boot. */
export const TIMESYNCD_FILE = "/run/systemd/timesync/synchronized";

/** Null when nobody is known to keep it. */
export function clockQuality({ chrony, timesyncd }: { readonly chrony: string | null; readonly timesyncd: string | null }): ClockQuality | null {
  return parseChrony(chrony) ?? (timesyncd === null ? null : { source: "systemd-timesyncd", offsetMs: null, maxErrorMs: null });
}

function parseChrony(text: string | null): ClockQuality | null {
  const fields = (text ?? "").trim().split(",");
  if (fields.length !== FIELDS) return null;
  if (fields[LEAP] === "Not synchronised") return { source: "chrony, not synchronised", offsetMs: null, maxErrorMs: null };
  const [offset, delay, dispersion] = [OFFSET_S, DELAY_S, DISPERSION_S].map((index) => Number(fields[index] === "" ? Number.NaN : fields[index]));
  if (offset === undefined || delay === undefined || dispersion === undefined || ![offset, delay, dispersion].every(Number.isFinite)) return null;
  return { source: "chrony", offsetMs: micros(offset), maxErrorMs: micros(Math.abs(offset) + dispersion + Math.abs(delay) / 2) };
}

/** Seconds → milliseconds to the microsecond. */
function micros(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e3;
}
