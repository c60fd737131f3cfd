import assert from "node:assert/strict";
import { test } from "node:test";
import { addressKey, addressProblem, isIpLiteral } from "../../../src/config/address.ts";

test("addresses and host names that can be probed have no problem", () => {
  const fine = [
    "127.0.0.1",
    "10.20.3.2",
    "::1",
    "2001:db8::1",
    "64:ff9b::10.0.0.1",
    "fe80::1%eth0",
    "FEBF::1%wg-0.5",
    "localhost",
    "gz-c1.example",
    "a_b.example.",
    "1and1.example",
  ];
  for (const text of fine) assert.equal(addressProblem(text), null, text);
});

test("every other text has a problem", () => {
  const wrong = [
    "",
    "%eth0",
    "0.0.0.0",
    "255.255.255.255",
    "ff02::1%eth0",
    "1.2.3",
    "4294967295",
    "0x7f",
    "a..b",
    ".a",
    "a b",
    "http://a.example",
    `${"a".repeat(64)}.example`,
    "fe80::1%",
    "fe80::1%a/b",
    "fe80::1% ",
    "fec0::1%eth0",
  ];
  for (const text of wrong) assert.notEqual(addressProblem(text), null, text);
});

test("a literal is told from a name", () => {
  assert.ok(isIpLiteral("10.0.0.1") && isIpLiteral("::1") && isIpLiteral("fe80::1%eth0"));
  assert.ok(!isIpLiteral("a.example") && !isIpLiteral("1.2.3"));
});

test("all spellings of one address have one key, and zones tell addresses apart", () => {
  assert.equal(addressKey("2001:DB8::1"), addressKey("2001:0db8:0:0:0:0:0:1"));
  assert.equal(addressKey("Host.Example."), addressKey("host.example"));
  assert.notEqual(addressKey("fe80::1%eth0"), addressKey("fe80::1%eth1"));
  assert.notEqual(addressKey("10.0.0.1"), addressKey("10.0.0.2"));
});
