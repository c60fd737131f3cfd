/**
 * Quantities with units, as people write them: `100ms`, `1d12h`, `2GB`, `2000/s`, `1Mbit/s`. Pure.
 * A number without a unit is refused: the reader of a configuration cannot tell whether `interval: 5` meant seconds. Decimal prefixes mean
 * powers of 1000 (as disks and links are sold), `KiB` and the like powers of 1024.
 */

/** A number in the unit the function names, or why the text is none; the reason fits after "Cannot read X: ". */
export type Quantity = { readonly kind: "ok"; readonly value: number } | { readonly kind: "bad"; readonly reason: string };

const SECOND_MS = 1000;
const DURATION_MS: readonly (readonly [unit: string, ms: number])[] = [
  ["d", 86_400 * SECOND_MS],
  ["h", 3600 * SECOND_MS],
  ["m", 60 * SECOND_MS],
  ["s", SECOND_MS],
  ["ms", 1],
];
const SIZE_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};
const BIT_RATE: Readonly<Record<string, number>> = { bit: 1, kbit: 1e3, mbit: 1e6, gbit: 1e9 };

/** `100ms`, `1.5s`, `1d12h`: units d, h, m, s, ms, largest first, each once. Whole milliseconds. */
export function parseDuration(text: string): Quantity {
  if (isNumber(text)) return bad("has no unit; write it like 100ms, 2s, 10m or 1d12h");
  const pieces = /^(?:\d+(?:\.\d+)?(?:ms|[dhms]))+$/.test(text) ? Array.from(text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)) : [];
  if (pieces.length === 0) return bad("is not a duration; write it like 100ms, 2s, 10m or 1d12h");
  let ms = 0;
  let next = 0;
  for (const [, digits, unit] of pieces) {
    const index = DURATION_MS.findIndex(([name]) => name === unit);
    if (index < next) return bad("has its units out of order or twice; write the largest first, like 1d12h");
    next = index + 1;
    ms += Number(digits) * (DURATION_MS[index]?.[1] ?? 0);
  }
  const rounded = Math.round(ms);
  if (Math.abs(ms - rounded) > 1e-6 * Math.max(1, ms)) return bad("is not a whole number of milliseconds; the smallest unit is 1ms");
  return Number.isSafeInteger(rounded) ? { kind: "ok", value: rounded } : bad("is too long; use a smaller number");
}

/** `2GB`, `512MB`, `1.5GiB`: bytes. */
export function parseSize(text: string): Quantity {
  return scaled(text, { pattern: /^(\d+(?:\.\d+)?) ?([kmgt]?i?b)$/i, units: SIZE_BYTES, noun: "size", like: "512MB or 2GB" });
}

/** `2000/s`: per second. */
export function parseRate(text: string): Quantity {
  return scaled(text, { pattern: /^(\d+(?:\.\d+)?) ?(\/s)$/, units: { "/s": 1 }, noun: "rate", like: "2000/s" });
}

/** `1Mbit/s`, `500kbit/s`: bits per second. */
export function parseBitRate(text: string): Quantity {
  return scaled(text, { pattern: /^(\d+(?:\.\d+)?) ?([kmg]?bit)\/s$/i, units: BIT_RATE, noun: "bit rate", like: "500kbit/s or 1Mbit/s" });
}

/** The shortest text that `parseDuration` reads back as the same whole milliseconds: 36 h is `1d12h`, 0 is `0s`. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms);
  if (rest === 0) return "0s";
  let text = "";
  for (const [unit, size] of DURATION_MS) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

function scaled(
  text: string,
  options: { readonly pattern: RegExp; readonly units: Readonly<Record<string, number>>; readonly noun: string; readonly like: string },
): Quantity {
  if (isNumber(text)) return bad(`has no unit; write it like ${options.like}`);
  const match = options.pattern.exec(text);
  const factor = options.units[match?.[2]?.toLowerCase() ?? ""];
  if (match === null || factor === undefined) return bad(`is not a ${options.noun}; write it like ${options.like}`);
  return { kind: "ok", value: Number(match[1]) * factor };
}

function isNumber(text: string): boolean {
  return /^[-+]?\d+(?:\.\d*)?$/.test(text);
}

function bad(reason: string): Quantity {
  return { kind: "bad", reason };
}
