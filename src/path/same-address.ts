import { addressBytes } from "../packet/address.ts";

/** Whether two literals name one address: IPv6 may be written in many ways, and mtr prints no zone. */
export function sameAddress(a: string, b: string): boolean {
  if (a === b) return true;
  const left = addressBytes(a);
  const right = addressBytes(b);
  return left !== null && right !== null && left.length === right.length && left.every((byte, index) => byte === right[index]);
}
