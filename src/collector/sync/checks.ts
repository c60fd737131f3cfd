/** What values from outside are asked for. Each says yes or no and never throws. Pure. */

/** Ids and names reach indexes and pages. */
export const MAX_NAME_CHARACTERS = 600;
/** The year 2200: later is a broken clock, or a number that a database's column may not hold. */
const MAX_TIME_MS = 7_258_118_400_000;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

/** Milliseconds since the epoch, fractions allowed. */
export function isTime(value: unknown): value is number {
  return isNumber(value) && value >= 0 && value <= MAX_TIME_MS;
}

/** Something that is looked up by: not empty, not long, nothing invisible that would make two of them look the same. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= MAX_NAME_CHARACTERS && value.isWellFormed() && !/\p{Cc}/u.test(value);
}

export function isShortText(value: unknown, max: number): value is string {
  return typeof value === "string" && value.length <= max && value.isWellFormed() && !/\p{Cc}/u.test(value);
}

/** As the report's contract writes times; null for anything else. */
export function msOfIso(value: unknown): number | null {
  if (typeof value !== "string" || !ISO_TIME.test(value)) return null;
  const ms = Date.parse(value);
  return isTime(ms) ? ms : null;
}

/** Standard alphabet, padded. */
export function isBase64(value: unknown): value is string {
  return typeof value === "string" && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value);
}
