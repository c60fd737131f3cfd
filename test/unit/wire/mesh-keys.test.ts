/** The tag is HMAC-SHA-256 (RFC 2104) cut to 8 bytes, as RFC 4231 tests it: keys shorter than, as long as and longer than a block. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { TAG_OFFSET } from "../../../src/packet/probe.ts";
import { MeshKeys, type Tag } from "../../../src/wire/hearing/mesh-keys.ts";
import { randomFor } from "../../property/random.ts";

const OFFSET = 28;
const DESTINATION = 0xdead_beef;

/** A packet with something in all of its bytes. */
function packet(fill: number): Buffer {
  return Buffer.from(Array.from({ length: OFFSET + 64 }, (_, at) => (at * 7 + fill) & 0xff));
}

function expectedTag(key: Uint8Array, bytes: Buffer, destination: number): Buffer {
  const id = Buffer.alloc(4);
  id.writeUInt32BE(destination);
  return createHmac("sha256", key)
    .update(bytes.subarray(OFFSET, OFFSET + TAG_OFFSET))
    .update(id)
    .digest()
    .subarray(0, 8);
}

function tagBytes({ high, low }: Tag): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(high, 0);
  bytes.writeUInt32BE(low, 4);
  return bytes;
}

function signed(keys: MeshKeys, bytes: Buffer, destination = DESTINATION): Buffer {
  const copy = Buffer.from(bytes);
  copy.set(tagBytes(keys.sign(copy, OFFSET, destination)), OFFSET + TAG_OFFSET);
  return copy;
}

describe("a tag equals node:crypto's", () => {
  for (const length of [4, 20, 25, 32, 63, 64, 65, 131, 200]) {
    test(`with a key of ${length} bytes`, (t) => {
      const random = randomFor(t);
      for (let run = 0; run < 20; run++) {
        const key = random.bytes(length);
        const bytes = packet(run);
        const destination = random.below(2 ** 32);
        const tag = new MeshKeys([key]).sign(bytes, OFFSET, destination);
        assert.deepEqual(tagBytes(tag), expectedTag(key, bytes, destination));
      }
    });
  }
});

test("any bit of what it covers, of the tag or of the destination changes the verdict; what follows the tag does not", () => {
  const keys = new MeshKeys([Buffer.alloc(32, 0x0b)]);
  const good = signed(keys, packet(3));
  assert.ok(keys.verifies(good, OFFSET, DESTINATION));
  for (let bit = 0; bit < (TAG_OFFSET + 8) * 8; bit++) {
    const bad = Buffer.from(good);
    const at = OFFSET + (bit >> 3);
    bad[at] = (bad[at] as number) ^ (1 << (bit & 7));
    assert.equal(keys.verifies(bad, OFFSET, DESTINATION), false, `bit ${bit}`);
  }
  for (let bit = 0; bit < 32; bit++)
    assert.equal(keys.verifies(good, OFFSET, (DESTINATION ^ (1 << bit)) >>> 0), false, `bit ${bit} of the destination`);
  const compensated = Buffer.from(good);
  compensated.writeUInt16BE(0x5a5a, OFFSET + 62);
  assert.ok(keys.verifies(compensated, OFFSET, DESTINATION));
});

test("keys are rotated without a moment of silence: the new one is spread as second, then signs, then the old one goes", () => {
  const [old, fresh] = [Buffer.from("the old key of thirty-two characters"), Buffer.from("the new key of thirty-two characters")];
  const stages = [[old], [old, fresh], [fresh, old], [fresh]].map((keys) => new MeshKeys(keys));
  for (let stage = 0; stage + 1 < stages.length; stage++) {
    const [here, there] = [stages[stage] as MeshKeys, stages[stage + 1] as MeshKeys];
    assert.ok(there.verifies(signed(here, packet(1)), OFFSET, DESTINATION), `stage ${stage} to ${stage + 1}`);
    assert.ok(here.verifies(signed(there, packet(1)), OFFSET, DESTINATION), `stage ${stage + 1} to ${stage}`);
  }
  assert.equal((stages[3] as MeshKeys).verifies(signed(stages[0] as MeshKeys, packet(1)), OFFSET, DESTINATION), false);
});

test("signing and verifying by turns, with several keys, leave nothing behind in each other", () => {
  const keys = new MeshKeys([Buffer.alloc(32, 1), Buffer.alloc(70, 2)]);
  const other = new MeshKeys([Buffer.alloc(70, 2)]);
  for (let round = 0; round < 50; round++) {
    const mine = signed(keys, packet(round), round);
    const theirs = signed(other, packet(round + 100), round);
    assert.ok(keys.verifies(theirs, OFFSET, round));
    assert.ok(keys.verifies(mine, OFFSET, round));
    assert.equal(other.verifies(mine, OFFSET, round), false);
  }
});
