/**
 * Of what shape a value from another machine must be. The readers of the store trust their rows: they were written by the same program. Rows that a node has sent
 * are held against these shapes once, before they are put into a database; behind that line the types hold.
 */
export type Shape = (value: unknown) => boolean;

/** 9999-12-31: behind it no time can be printed, and a few minutes may be added to each. */
const MAX_TIME_MS = Date.UTC(9999, 11, 31);
const MAX_DEPTH = 16;
/** More is in no row that fits into a record. */
const MAX_ITEMS = 20_000;

export const text: Shape = (value) => typeof value === "string";
export const figure: Shape = (value) => typeof value === "number" && Number.isFinite(value);
export const count: Shape = (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
export const flag: Shape = (value) => typeof value === "boolean";
/** Wall clock, ms. */
export const time: Shape = (value) => typeof value === "number" && value >= 0 && value <= MAX_TIME_MS;
/** A length of time that is divided by. */
export const span: Shape = (value) => typeof value === "number" && value > 0 && value <= MAX_TIME_MS;
/** Looked up in tables of words, where it must not meet what every object has. */
export const key: Shape = (value) => typeof value === "string" && !(value in {});

export function orNull(shape: Shape): Shape {
  return (value) => value === null || shape(value);
}

export function optional(shape: Shape): Shape {
  return (value) => value === undefined || shape(value);
}

export function oneOf(...words: readonly string[]): Shape {
  return (value) => typeof value === "string" && words.includes(value);
}

export function list(shape: Shape): Shape {
  return (value) => Array.isArray(value) && value.length <= MAX_ITEMS && value.every(shape);
}

/** Fields beyond these are let pass, if they are not nested without end. */
export function object(fields: Readonly<Record<string, Shape>>): Shape {
  return (value) => isObject(value) && Object.entries(fields).every(([name, shape]) => shape(value[name])) && isShallow(value);
}

/** With any names. */
export function dictionary(shape: Shape): Shape {
  return (value) => isObject(value) && Object.values(value).every(shape);
}

/** JSON text of something of that shape. */
export function json(shape: Shape): Shape {
  return (value) => {
    if (typeof value !== "string") return false;
    try {
      return shape(JSON.parse(value));
    } catch {
      return false;
    }
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is nested deeper could not be written as JSON again. */
function isShallow(value: unknown, depth: number = MAX_DEPTH): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isShallow(inner, depth - 1));
}
