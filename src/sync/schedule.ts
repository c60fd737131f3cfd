/**
 * When the next attempt is due, as arithmetic. Heads are tried often and for ever, because the moment in which a bad link works may be short; everything else backs
 * off with full jitter, so that two thousand nodes whose collector comes back do not come back with it in the same second.
 */

/** `random()`: 0 ≤ x < 1. */
export type Random = () => number;

const URGENT_MS = { least: 2_000, most: 3_000 } as const;
const BACKOFF_MS = { first: 1_000, most: 300_000 } as const;
/** Full jitter would also allow none. */
const LEAST_BACKOFF_MS = 100;
/** What a collector may ask for. One that asks for a year (or whose clock is wrong) would otherwise never be asked again. */
const RETRY_AFTER_MS = { least: 1_000, most: 3_600_000 } as const;

/** From the start of one attempt for a head to that of the next. */
export function urgentGapMs(random: Random): number {
  return URGENT_MS.least + random() * (URGENT_MS.most - URGENT_MS.least);
}

/** After so many failures in a row (1: the first). */
export function backoffMs(failures: number, random: Random): number {
  const limit = Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** Math.min(failures - 1, 20));
  return Math.max(LEAST_BACKOFF_MS, random() * limit);
}

/** `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3); null where there is none, or nonsense. */
export function retryAfterMs(header: string | null, wallMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : httpDateMs(text) - wallMs;
  return Number.isNaN(ms) ? null : Math.min(RETRY_AFTER_MS.most, Math.max(RETRY_AFTER_MS.least, ms));
}

/** NaN for what is no date: Date.parse alone takes far more than HTTP knows. */
function httpDateMs(text: string): number {
  return /^[A-Z][a-z]{2,8},? .*\d{2}:\d{2}:\d{2}/.test(text) ? Date.parse(text.endsWith("GMT") ? text : `${text} GMT`) : Number.NaN;
}
