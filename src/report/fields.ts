/** Values of a document that somebody else made: each is checked for its kind, texts are cut, lists are bounded, and what is wrong is null. Escaping is the renderer's. */
export type Fields = Readonly<Record<string, unknown>>;

const MAX_TEXT = 300;
const MAX_TEXTS = 16;

export function fields(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

export function list(value: unknown, max: number): Fields[] {
  const items: readonly unknown[] = Array.isArray(value) ? value.slice(0, max) : [];
  return items.map(fields).filter((one) => one !== null);
}

export function text(value: unknown, max: number = MAX_TEXT): string | null {
  if (typeof value !== "string") return null;
  return value.length <= max ? value : `${value.slice(0, max)}…`;
}

export function texts(value: unknown, max: number = MAX_TEXTS): string[] {
  return Array.isArray(value) ? value.slice(0, max).flatMap((one) => text(one) ?? []) : [];
}

/** Counts and times of a node are never negative. */
export function figure(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

/** ISO 8601 UTC with milliseconds. */
export function time(value: unknown): string | null {
  return typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && Number.isFinite(Date.parse(value)) ? value : null;
}

export function word<T extends string>(value: unknown, known: readonly T[]): T | null {
  return known.find((one) => one === value) ?? null;
}
