import assert from "node:assert/strict";
import { isIP } from "node:net";
import { test } from "node:test";
import { addressBytes, holdsAddress } from "../../../src/packet/address.ts";

const hex = (text: string): string | null => {
  const bytes = addressBytes(text);
  return bytes === null ? null : Buffer.from(bytes).toString("hex");
};

test("IPv4 literals", () => {
  assert.deepEqual([hex("10.0.0.2"), hex("255.255.255.255"), hex("0.0.0.0")], ["0a000002", "ffffffff", "00000000"]);
});

test("IPv6 literals in every spelling, zones cut off", () => {
  const loopback = `${"0".repeat(31)}1`;
  for (const text of ["::1", "0:0:0:0:0:0:0:1", "::0001", "0::1", "::0.0.0.1", "::1%lo"]) assert.equal(hex(text), loopback, text);
  assert.equal(hex("fe80::A:b%eth0"), "fe8000000000000000000000000a000b");
  assert.equal(hex("::ffff:10.0.0.2"), "00000000000000000000ffff0a000002");
  assert.equal(hex("1:2:3:4:5:6:7::"), "00010002000300040005000600070000");
  assert.equal(hex("::"), "0".repeat(32));
});

test("what the system's own parser refuses is refused, and what it takes is taken", () => {
  const texts = [
    ...["", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.4 ", "1..2.3", "0x1.2.3.4", "a.b.c.d", "1.2.3.1234"],
    ...[
      ":",
      ":::",
      "::1::",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "12345::",
      "g::",
      "1:2:3:4:5:6:7:8::",
      "::1.2.3",
      "::1.2.3.256",
      "1:2:3:4:5:6:7:1.2.3.4",
    ],
    ...["1:2:3:4:5:6:1.2.3.4", "::1:2:3:4:5:6:7", "1::8", "::ffff:1.2.3.4", "1.2.3.4::", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "1:", "-1::"],
  ];
  for (const text of texts) assert.equal(addressBytes(text)?.length ?? 0, { 0: 0, 4: 4, 6: 16 }[isIP(text)], JSON.stringify(text));
});

test("an address is found only where all of it stands", () => {
  const bytes = Uint8Array.from([0, 10, 0, 0, 2]);
  const address = addressBytes("10.0.0.2") as Uint8Array;
  assert.deepEqual(
    [0, 1, 2, 5].map((offset) => holdsAddress(bytes, offset, address)),
    [false, true, false, false],
  );
});
