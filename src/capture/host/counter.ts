/** Counters of the kernel, as text and as growth. What cannot be read or compared is null, which is not zero. */

/** A decimal counter; null for anything else, and for one too large to be exact. */
export function counter(text: string | undefined): number | null {
  if (text === undefined || !/^\d+$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

/** A counter printed as eight hexadecimal digits. */
export function hexCounter(text: string | undefined): number | null {
  return text !== undefined && /^[0-9a-f]{1,8}$/i.test(text) ? Number.parseInt(text, 16) : null;
}

/** Null where one side is unknown or the counter went back: it wrapped, or its driver or interface began anew. */
export function grew(before: number | null | undefined, after: number | null | undefined): number | null {
  return before == null || after == null || after < before ? null : after - before;
}

/** Null unless all are known: a sum with a part missing would be too small. */
export function sum(parts: readonly (number | null)[]): number | null {
  let total = 0;
  for (const part of parts) {
    if (part === null) return null;
    total += part;
  }
  return total;
}
