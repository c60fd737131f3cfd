/** Values that are nearly right, as a broken or hostile node sends them. */
import type { Random } from "../../../property/random.ts";

const ODD: readonly unknown[] = [
  null,
  "",
  "constructor",
  -1,
  0,
  1,
  1e300,
  0.5,
  true,
  [],
  {},
  [[]],
  "[]",
  "{}",
  "null",
  "[null]",
  '{"__proto__":1}',
  "x".repeat(10_000),
];

/** A cell, a row, or JSON in a cell. */
export function spoil(value: unknown, random: Random): unknown {
  if (random.below(6) === 0) return ODD[random.below(ODD.length)];
  if (Array.isArray(value)) return value.map((one) => (random.below(4) === 0 ? spoil(one, random) : one));
  if (typeof value !== "string" || !/^[[{]/.test(value)) return value;
  return JSON.stringify(spoilTree(JSON.parse(value), random));
}

/** Some values of it are something else. */
export function spoilTree(value: unknown, random: Random): unknown {
  if (random.below(12) === 0) return ODD[random.below(ODD.length)];
  if (Array.isArray(value)) return value.map((one) => spoilTree(one, random));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, spoilTree(one, random)]));
}
