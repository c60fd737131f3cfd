import assert from "node:assert/strict";
import { test } from "node:test";
import { fold } from "../../../src/packet/checksum.ts";
import { checksumHolds, sum16 } from "./sum16.ts";

test("the example of RFC 1071 section 3 sums to ddf2", () => {
  assert.equal(sum16(Uint8Array.from([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), 0, 8), 0xddf2);
});

test("an odd last byte is padded with zero, also at the end of the array", () => {
  const bytes = Uint8Array.from([0xff, 0x12, 0x34, 0x56]);
  assert.equal(sum16(bytes, 1, 3), 0x1234 + 0x5600);
  assert.equal(sum16(bytes, 3, 1), 0x5600);
  assert.equal(sum16(bytes, 1, 1), 0x1200);
  assert.equal(sum16(bytes, 0, 0), 0);
});

test("carries are folded until none is left", () => {
  assert.deepEqual([fold(0xffff), fold(0x1_0000), fold(0x1_ffff), fold(0xffff_ffff), fold(36 * 0xffff)], [0xffff, 1, 1, 0xffff, 0xffff]);
});

test("a checksum that is right holds, and one changed bit breaks it", () => {
  const bytes = Uint8Array.from([0x08, 0, 0, 0, 0x4d, 0x51, 0x12, 0x34]);
  const sum = 0xffff - sum16(bytes, 0, 8);
  bytes[2] = sum >>> 8;
  bytes[3] = sum & 255;
  assert.equal(checksumHolds(bytes, 0, 8), true);
  for (let bit = 0; bit < 64; bit++) {
    const broken = bytes.slice();
    broken[bit >>> 3] = (broken[bit >>> 3] as number) ^ (1 << (bit & 7));
    assert.equal(checksumHolds(broken, 0, 8), false, `bit ${bit}`);
  }
});
