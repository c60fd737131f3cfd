/** Names for incidents, events and captures: the UTC second they began and four hex digits, short enough to be said on the telephone. */
import { randomBytes } from "node:crypto";

/** E.g. `20261121T041203-4f2a`. */
export function newId(atMs: number, randomHex: string = randomBytes(2).toString("hex")): string {
  const stamp = new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, "");
  return `${stamp}-${randomHex}`;
}
