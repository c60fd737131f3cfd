/**
 * Names for incidents, events and captures: the UTC second they began and four hex digits, short enough to be said on the telephone. The digits count up from a
 * random start: forty peers lost in one second get forty names, where chance would give two of them the same one time in eighty.
 */
import { randomInt } from "node:crypto";

const DIGITS = 4;
const NAMES = 16 ** DIGITS;
let serial = randomInt(NAMES);

/** E.g. `20261121T041203-4f2a`. */
export function newId(atMs: number): string {
  serial = (serial + 1) % NAMES;
  const stamp = new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, "");
  return `${stamp}-${serial.toString(16).padStart(DIGITS, "0")}`;
}
