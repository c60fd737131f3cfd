/** The checksum of RFC 1071 byte by byte, as the far end computes it: the measure for ours, which is made to come out as we want. */
import { fold } from "../../../src/packet/checksum.ts";

/** The folded sum of `length` bytes from `offset`, big endian, an odd last byte padded with zero. */
export function sum16(bytes: Uint8Array, offset: number, length: number): number {
  let sum = 0;
  for (let at = 0; at < length; at += 2) sum += ((bytes[offset + at] ?? 0) << 8) | (at + 1 < length ? (bytes[offset + at + 1] ?? 0) : 0);
  return fold(sum);
}

/** Whether the checksum over the bytes (its field included) is right: RFC 1071 section 1 (3). */
export function checksumHolds(bytes: Uint8Array, offset: number, length: number): boolean {
  return sum16(bytes, offset, length) === 0xffff;
}
