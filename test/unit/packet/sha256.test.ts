/** Whole messages, built from blocks as FIPS 180-4 section 5 pads them, beside node:crypto and the vectors of RFC 4231. */
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { compress, expand, SCHEDULE_WORDS, SHA256_START } from "../../../src/packet/sha256.ts";
import { randomFor } from "../../property/random.ts";

const BLOCK_BYTES = 64;

function sha256(message: Uint8Array): Buffer {
  const padded = Buffer.alloc(Math.ceil((message.length + 9) / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(message);
  padded[message.length] = 0x80;
  padded.writeUInt32BE(message.length * 8, padded.length - 4);
  const state = Int32Array.from(SHA256_START);
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) {
    const schedule = new Int32Array(SCHEDULE_WORDS);
    for (let word = 0; word < BLOCK_BYTES / 4; word++) schedule[word] = padded.readInt32BE(at + word * 4);
    expand(schedule);
    compress(state, schedule, state);
  }
  const digest = Buffer.alloc(32);
  state.forEach((word, at) => digest.writeInt32BE(word, at * 4));
  return digest;
}

function hmac(key: Uint8Array, message: Uint8Array): Buffer {
  const padded = Buffer.alloc(BLOCK_BYTES);
  padded.set(key.length > BLOCK_BYTES ? sha256(key) : key);
  const pad = (byte: number): Buffer => Buffer.from(padded.map((one) => one ^ byte));
  return sha256(Buffer.concat([pad(0x5c), sha256(Buffer.concat([pad(0x36), message]))]));
}

test("the examples of FIPS 180-4", () => {
  assert.equal(sha256(Buffer.from("abc")).toString("hex"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(
    sha256(Buffer.from("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).toString("hex"),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
});

test("equals node:crypto at every length around two blocks", (t) => {
  const random = randomFor(t);
  for (let length = 0; length < 200; length++) {
    const message = random.bytes(length);
    assert.deepEqual(sha256(message), createHash("sha256").update(message).digest(), `${length} bytes`);
  }
});

test("a state is not touched by what is written behind a block, unless it is the same", () => {
  const start = Int32Array.from(SHA256_START);
  const into = new Int32Array(SCHEDULE_WORDS);
  compress(start, new Int32Array(SCHEDULE_WORDS), into);
  assert.deepEqual([...start], [...Int32Array.from(SHA256_START)]);
  assert.notDeepEqual([...into.subarray(0, 8)], [...start]);
});

describe("HMAC-SHA-256 of RFC 4231, section 4", () => {
  const vectors: readonly (readonly [name: string, key: Buffer, message: Buffer, mac: string])[] = [
    ["4.2", Buffer.alloc(20, 0x0b), Buffer.from("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
    [
      "4.3, a key shorter than the output",
      Buffer.from("Jefe"),
      Buffer.from("what do ya want for nothing?"),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ],
    ["4.4", Buffer.alloc(20, 0xaa), Buffer.alloc(50, 0xdd), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"],
    [
      "4.7, a key longer than a block",
      Buffer.alloc(131, 0xaa),
      Buffer.from("Test Using Larger Than Block-Size Key - Hash Key First"),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ],
  ];
  for (const [name, key, message, mac] of vectors) {
    test(name, () => {
      assert.equal(createHmac("sha256", key).update(message).digest("hex"), mac, "the vector itself");
      assert.equal(hmac(key, message).toString("hex"), mac);
    });
  }
});
