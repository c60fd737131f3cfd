import assert from "node:assert/strict";
import { test } from "node:test";
import { createProbeBuffer, PROBE_BYTES, readProbe, stampProbe, TAG_OFFSET, type ProbeStamp } from "../../../src/packet/probe.ts";
import { readHex } from "../../fixtures/packets/read-hex.ts";
import { checksumHolds } from "./sum16.ts";

const AGENT = 0x0a6e_21f3;
const EPOCH = 0x691f_f000;

function stamp(more: Partial<ProbeStamp> = {}): ProbeStamp {
  const flow = { index: 3, id: 0x4d51, checksum: 0x35c3 };
  return {
    flow,
    sequence: 0x1234,
    number: 0x0001_1234,
    sentUs: 1_600_000_007.9,
    flags: 2,
    ttl: 0,
    heard: null,
    incident: 0,
    tagHigh: 0xdeadbeef,
    tagLow: 0x01234567,
    ...more,
  };
}

function probe(more?: Partial<ProbeStamp>, family: 4 | 6 = 4): Uint8Array {
  const bytes = new Uint8Array(PROBE_BYTES);
  stampProbe(createProbeBuffer(bytes, { family, agentId: AGENT, epoch: EPOCH }), stamp(more));
  return bytes;
}

test("every field stands where the annotated packet has it", () => {
  const { bytes: reply, at } = readHex("probe-v4.hex");
  const sent = probe();
  const start = at("icmp");
  assert.equal(reply.length - start, PROBE_BYTES);
  // All of it but type and checksum, which the answering machine changes.
  assert.deepEqual(Buffer.from(sent.subarray(4)).toString("hex"), Buffer.from(reply.subarray(start + 4)).toString("hex"));
  assert.deepEqual([...sent.subarray(0, 4)], [8, 0, 0x35, 0xc3]);
  assert.equal(checksumHolds(reply, start, PROBE_BYTES), true, "the fixture's own checksum");
  const names = ["magic", "version", "flags", "agent", "epoch", "number", "sent", "flow", "ttl", "bitmap", "newest", "arrived", "heardepoch"];
  const offsets = [...names, "incident", "reserved", "tag", "compensation"].map((name) => at(name) - at("magic"));
  assert.deepEqual(offsets, [0, 2, 3, 4, 8, 12, 16, 22, 23, 24, 32, 36, 42, 46, 50, 54, 62]);
  assert.equal(at("tag") - at("magic"), TAG_OFFSET);
});

test("what is written is what is read", () => {
  const { bytes, at } = readHex("probe-v4.hex");
  const fields = {
    flags: 2,
    agentId: AGENT,
    epoch: EPOCH,
    number: 0x0001_1234,
    sentUs: 1_600_000_007,
    flow: 3,
    ttl: 0,
    heard: null,
    incident: 0,
    tagHigh: 0xdeadbeef,
    tagLow: 0x01234567,
  };
  assert.deepEqual(readProbe(bytes, at("magic"), 64), fields);
  const largest = probe({ number: 0xffff_ffff, sentUs: 2 ** 48 - 1, ttl: 255, flags: 1, tagHigh: 0xffff_ffff, tagLow: 0 });
  assert.deepEqual(readProbe(largest, 8, 64), {
    ...fields,
    number: 0xffff_ffff,
    sentUs: 2 ** 48 - 1,
    ttl: 255,
    flags: 1,
    tagHigh: 0xffff_ffff,
    tagLow: 0,
  });
});

test("the checksum of a flow is right and the same in 1,000 packets, probes and trace packets, at every sum that a body can have", () => {
  const bytes = new Uint8Array(PROBE_BYTES);
  const buffer = createProbeBuffer(bytes, { family: 4, agentId: AGENT, epoch: EPOCH });
  for (const checksum of [0x0001, 0x35c3, 0x8000, 0xfffe]) {
    const flow = { index: 1, id: 0xfffe, checksum };
    for (let number = 0; number < 1_000; number++) {
      const tagHigh = (number * 2_654_435_761) >>> 0;
      const sequence = number % 3 === 0 ? 0x8000 | number : number * 32;
      stampProbe(buffer, stamp({ flow, number, sequence, sentUs: number * 1e9, tagHigh, tagLow: ~tagHigh >>> 0, ttl: number & 31 }));
      assert.equal(buffer.view.getUint16(2), checksum);
      assert.equal(checksumHolds(bytes, 0, PROBE_BYTES), true, `packet ${number}`);
    }
  }
});

test("on IPv6 the sum of the body is constant too, so the kernel's checksum is", () => {
  const sums = new Set<number>();
  for (let number = 0; number < 1_000; number++) {
    const body = probe({ number, sequence: number, tagHigh: (number * 2_654_435_761) >>> 0 }, 6);
    let sum = 0;
    for (let at = 0; at < PROBE_BYTES; at += 2) sum += ((body[at] as number) << 8) | (body[at + 1] as number);
    sums.add(sum % 0xffff);
  }
  assert.equal(sums.size, 1);
  assert.equal(probe({}, 6)[0], 128);
});

test("a buffer that is used again keeps nothing of the packet before", () => {
  const bytes = new Uint8Array(PROBE_BYTES).fill(0xaa);
  const buffer = createProbeBuffer(bytes, { family: 4, agentId: AGENT, epoch: EPOCH });
  stampProbe(buffer, stamp({ ttl: 9, flags: 255, sentUs: 2 ** 48 - 1 }));
  stampProbe(buffer, stamp());
  assert.deepEqual(bytes, probe());
});

test("another magic, another version and a payload that is cut are not ours", () => {
  const whole = probe();
  const changed = (at: number): Uint8Array => Uint8Array.from(whole, (byte, index) => (index === at ? byte ^ 1 : byte));
  for (const at of [8, 9, 10]) assert.equal(readProbe(changed(at), 8, 64), null);
  assert.equal(readProbe(whole, 8, 63), null);
  assert.equal(readProbe(whole, 9, 64), null);
  assert.notEqual(readProbe(whole, 8, 64), null);
});
