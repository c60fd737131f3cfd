import assert from "node:assert/strict";
import { test } from "node:test";
import { addressBytes } from "../../src/packet/address.ts";
import { createIcmpPacket, readIcmp4, readIcmp6 } from "../../src/packet/icmp.ts";
import { createProbeBuffer, FLAG_HEARD, FLAG_IN_INCIDENT, PROBE_BYTES, readProbe, stampProbe } from "../../src/packet/probe.ts";
import { readHex } from "../fixtures/packets/read-hex.ts";
import { randomFor } from "./random.ts";
import { checksumHolds } from "../unit/packet/sum16.ts";

const RUNS = 20_000;

test("random bytes, and real packets with random bytes in them, are read or refused, and nothing that is read lies outside the packet", (t) => {
  const random = randomFor(t);
  const real = ["probe-v4.hex", "time-exceeded-v4.hex", "unreachable-v6.hex"].map((file) => readHex(file).bytes);
  let read = 0;
  for (let run = 0; run < RUNS; run++) {
    const bytes = random.chance(0.3) ? random.bytes(random.below(200)) : (real[random.below(real.length)] as Uint8Array).slice();
    for (let change = random.below(4); change > 0; change--) bytes[random.below(bytes.length)] = random.below(256);
    const length = random.chance(0.5) ? bytes.length : random.below(bytes.length + 1);
    for (const reader of [readIcmp4, readIcmp6]) {
      const packet = reader(bytes, length, createIcmpPacket());
      if (packet === null) continue;
      read++;
      assert.ok(packet.payloadOffset + packet.payloadLength <= length && packet.payloadLength >= 0, JSON.stringify(packet));
      assert.ok(
        packet.kind === "reply" || packet.kind === "request" || packet.destinationOffset + (reader === readIcmp4 ? 4 : 16) <= length,
        JSON.stringify(packet),
      );
      readProbe(bytes, packet.payloadOffset, packet.payloadLength);
    }
  }
  assert.ok(read > RUNS / 20, `only ${read} were read`);
});

test("whatever a probe carries comes back, with the right constant checksum", (t) => {
  const random = randomFor(t);
  const bytes = new Uint8Array(PROBE_BYTES);
  for (let run = 0; run < RUNS; run++) {
    const [agentId, epoch, number, tagHigh, tagLow] = Array.from({ length: 5 }, () => random.below(2 ** 32)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const sentUs = random.below(2 ** 16) * 2 ** 32 + random.below(2 ** 32);
    const ttl = random.below(256);
    const [word, sixBytes] = [(): number => random.below(2 ** 32), (): number => random.below(2 ** 16) * 2 ** 32 + random.below(2 ** 32)];
    const told = random.below(2) === 0;
    const heard = told ? null : { bitmapHigh: word(), bitmapLow: word(), number: word(), arrivedUs: sixBytes(), epoch: word() };
    const incident = random.below(2) === 0 ? 0 : 1 + random.below(2 ** 32 - 1);
    // The flags of heard-fields and incident follow from these.
    const flags = random.below(256) & ~(FLAG_HEARD | FLAG_IN_INCIDENT);
    const written = flags | (heard === null ? 0 : FLAG_HEARD) | (incident === 0 ? 0 : FLAG_IN_INCIDENT);
    const flow = { index: random.below(4), id: random.below(0x10000), checksum: 1 + random.below(0xfffe) };
    const sequence = random.below(0x10000);
    stampProbe(createProbeBuffer(bytes, { family: 4, agentId, epoch }), {
      flow,
      sequence,
      number,
      sentUs,
      flags,
      ttl,
      heard,
      incident,
      tagHigh,
      tagLow,
    });
    assert.deepEqual(readProbe(bytes, 8, 64), {
      flags: written,
      agentId,
      epoch,
      number,
      sentUs,
      flow: flow.index,
      ttl,
      heard,
      incident,
      tagHigh,
      tagLow,
    });
    assert.ok(checksumHolds(bytes, 0, PROBE_BYTES));
    const view = new DataView(bytes.buffer);
    assert.deepEqual([view.getUint16(2), view.getUint16(4), view.getUint16(6)], [flow.checksum, flow.id, sequence]);
  }
});

test("any text is an address or not, and never an exception", (t) => {
  const random = randomFor(t);
  const alphabet = "0123456789abcdef::::....%zG -";
  for (let run = 0; run < RUNS; run++) {
    const text = Array.from({ length: random.below(24) }, () => alphabet[random.below(alphabet.length)]).join("");
    assert.ok([undefined, 4, 16].includes(addressBytes(text)?.length), text);
  }
});
