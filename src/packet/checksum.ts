/**
 * One's complement arithmetic of RFC 1071. Sums are independent of byte order as long as sum and result use the same one, so words may be read
 * in the machine's own order.
 */

/** Folds a sum of 16-bit words into 16 bits. */
export function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return folded;
}

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
