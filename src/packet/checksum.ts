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
