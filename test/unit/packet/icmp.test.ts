import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createIcmpPacket, readIcmp4, readIcmp6, type IcmpPacket } from "../../../src/packet/icmp.ts";
import { readHex } from "../../fixtures/packets/read-hex.ts";

const read4 = (bytes: Uint8Array, length = bytes.length): IcmpPacket | null => readIcmp4(bytes, length, createIcmpPacket());
const read6 = (bytes: Uint8Array, length = bytes.length): IcmpPacket | null => readIcmp6(bytes, length, createIcmpPacket());

/** The packet with some bytes changed. */
function changed(bytes: Uint8Array, changes: Readonly<Record<number, number>>): Uint8Array {
  return Uint8Array.from(bytes, (byte, at) => changes[at] ?? byte);
}

describe("IPv4", () => {
  const reply = readHex("probe-v4.hex");
  const error = readHex("time-exceeded-v4.hex");

  test("an echo reply: id, sequence, arriving TTL, and where its payload lies", () => {
    const expected = { kind: "reply", code: 0, id: 0x4d51, sequence: 0x1234, checksum: 0, ttl: 61, destinationOffset: 0 };
    assert.deepEqual(read4(reply.bytes), { ...expected, payloadOffset: reply.at("magic"), payloadLength: 64 });
  });

  test("an echo reply with IP options in front of it", () => {
    const optioned = Uint8Array.from([...changed(reply.bytes, { 0: 0x46 }).subarray(0, 20), 1, 1, 1, 0, ...reply.bytes.subarray(20)]);
    assert.deepEqual([read4(optioned)?.id, read4(optioned)?.payloadOffset, read4(optioned)?.payloadLength], [0x4d51, 32, 64]);
  });

  test("Time Exceeded with options in both headers: what it quotes, and where the quoted destination lies", () => {
    const read = read4(error.bytes);
    assert.deepEqual([read?.kind, read?.code, read?.id, read?.sequence, read?.checksum], ["time-exceeded", 0, 0x4d51, 0x802a, 0x35c3]);
    assert.equal(read?.destinationOffset, error.at("quotedto"));
    assert.equal(read?.payloadLength, 0);
  });

  test("Destination Unreachable keeps its code", () => {
    const read = read4(changed(error.bytes, { [error.at("icmp")]: 3, [error.at("icmp") + 1]: 13 }));
    assert.deepEqual([read?.kind, read?.code], ["unreachable", 13]);
  });

  test("what is cut short anywhere is nothing, whatever the buffer holds behind it", () => {
    for (let length = 0; length < 28; length++) assert.equal(read4(reply.bytes, length), null, `${length} bytes`);
    for (let length = 0; length < error.bytes.length; length++) assert.equal(read4(error.bytes, length), null, `${length} bytes`);
  });

  test("what is not for us is nothing", () => {
    const { at, bytes } = error;
    const cases: Readonly<Record<string, Uint8Array>> = {
      "not version 4": changed(reply.bytes, { 0: 0x65 }),
      "a header of 16 bytes": changed(reply.bytes, { 0: 0x44 }),
      "a header longer than the packet": changed(reply.bytes.subarray(0, 40), { 0: 0x4f }),
      "not ICMP": changed(reply.bytes, { 9: 17 }),
      "a redirect": changed(bytes, { [at("icmp")]: 5 }),
      "a quoted UDP packet": changed(bytes, { [at("quoted") + 9]: 17 }),
      "a quoted IPv6 packet": changed(bytes, { [at("quoted")]: 0x66 }),
      "a quoted header of 12 bytes": changed(bytes, { [at("quoted")]: 0x43 }),
      "a quoted header longer than the packet": changed(bytes, { [at("quoted")]: 0x4f }),
      "a quoted echo reply": changed(bytes, { [at("request")]: 0 }),
    };
    for (const [what, packet] of Object.entries(cases)) assert.equal(read4(packet), null, what);
    const request = read4(changed(reply.bytes, { [reply.at("icmp")]: 8 }));
    assert.deepEqual({ ...request, kind: "reply" }, read4(reply.bytes), "a request is read like a reply");
    assert.equal(request?.kind, "request");
  });
});

describe("IPv6", () => {
  const error = readHex("unreachable-v6.hex");
  const reply = changed(readHex("probe-v4.hex").bytes.subarray(20), { 0: 129 });

  test("an echo reply starts with the ICMPv6 header", () => {
    const read = read6(reply);
    assert.deepEqual([read?.kind, read?.id, read?.sequence, read?.payloadOffset, read?.payloadLength], ["reply", 0x4d51, 0x1234, 8, 64]);
  });

  test("an error: what it quotes, and where the quoted destination lies", () => {
    const read = read6(error.bytes);
    assert.deepEqual([read?.kind, read?.code, read?.id, read?.sequence, read?.checksum], ["unreachable", 1, 0x4d51, 0x802a, 0x35c3]);
    assert.equal(read?.destinationOffset, error.at("quotedto"));
    assert.equal(read6(changed(error.bytes, { 0: 3, 1: 0 }))?.kind, "time-exceeded");
  });

  test("what is cut short or not for us is nothing", () => {
    for (let length = 0; length < 8; length++) assert.equal(read6(reply, length), null);
    for (let length = 0; length < error.at("payload"); length++) assert.equal(read6(error.bytes, length), null, `${length} bytes`);
    const { at, bytes } = error;
    assert.equal(read6(changed(bytes, { [at("quoted") + 6]: 0 })), null, "an extension header in front");
    assert.equal(read6(changed(bytes, { [at("quoted")]: 0x40 })), null, "a quoted IPv4 packet");
    assert.equal(read6(changed(bytes, { [at("request")]: 129 })), null, "a quoted reply");
    assert.equal(read6(changed(reply, { 0: 128 }))?.kind, "request");
    assert.equal(read6(changed(reply, { 0: 2 })), null, "packet too big");
  });
});
