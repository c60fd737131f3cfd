/**
 * Arrays for `unnest`, in PostgreSQL's binary format: a column of rows is one parameter, and no byte of it is quoted, escaped or written as hex.
 *
 * Format (src/backend/utils/adt/arrayfuncs.c, array_recv): int32 dimensions = 1, int32 flags (1: has nulls), uint32 type of the elements, int32 length,
 * int32 lower bound = 1; then each element as int32 length (-1: null) and its bytes, big-endian. pg sends a Buffer as a binary parameter.
 */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;

/** From src/include/catalog/pg_type.dat. */
const BYTEA = 17;
const INT8 = 20;
const TEXT = 25;
const FLOAT8 = 701;
const NUMBER_BYTES = 8;

/** Safe integers, as bigint[]. */
export function integers<T>(rows: readonly T[], of: (row: T) => number): Buffer {
  const array = begin(rows.length, INT8, HEADER_BYTES + rows.length * (LENGTH_BYTES + NUMBER_BYTES));
  let at = HEADER_BYTES;
  for (const row of rows) {
    const value = of(row);
    at = array.writeInt32BE(NUMBER_BYTES, at);
    // Two halves: no BigInt for each.
    at = array.writeInt32BE(Math.floor(value / 2 ** 32), at);
    at = array.writeUInt32BE(value >>> 0, at);
  }
  return array;
}

/** As float8[]. */
export function numbers<T>(rows: readonly T[], of: (row: T) => number): Buffer {
  const array = begin(rows.length, FLOAT8, HEADER_BYTES + rows.length * (LENGTH_BYTES + NUMBER_BYTES));
  let at = HEADER_BYTES;
  for (const row of rows) {
    at = array.writeInt32BE(NUMBER_BYTES, at);
    at = array.writeDoubleBE(of(row), at);
  }
  return array;
}

/** As text[]. */
export function texts<T>(rows: readonly T[], of: (row: T) => string | null): Buffer {
  let bytes = HEADER_BYTES;
  let nulls = false;
  for (const row of rows) {
    const value = of(row);
    if (value === null) nulls = true;
    bytes += LENGTH_BYTES + (value === null ? 0 : Buffer.byteLength(value));
  }
  const array = begin(rows.length, TEXT, bytes, nulls);
  let at = HEADER_BYTES;
  for (const row of rows) {
    const value = of(row);
    const length = value === null ? 0 : array.write(value, at + LENGTH_BYTES);
    array.writeInt32BE(value === null ? NULL_LENGTH : length, at);
    at += LENGTH_BYTES + length;
  }
  return array;
}

/** As bytea[]. */
export function blobs<T>(rows: readonly T[], of: (row: T) => Uint8Array): Buffer {
  let bytes = HEADER_BYTES;
  for (const row of rows) bytes += LENGTH_BYTES + of(row).length;
  const array = begin(rows.length, BYTEA, bytes);
  let at = HEADER_BYTES;
  for (const row of rows) {
    const value = of(row);
    at = array.writeInt32BE(value.length, at);
    array.set(value, at);
    at += value.length;
  }
  return array;
}

function begin(length: number, type: number, bytes: number, nulls = false): Buffer {
  const array = Buffer.allocUnsafe(bytes);
  array.writeInt32BE(1, 0);
  array.writeInt32BE(nulls ? 1 : 0, 4);
  array.writeUInt32BE(type, 8);
  array.writeInt32BE(length, 12);
  array.writeInt32BE(1, 16);
  return array;
}
