/**
 * The mesh keys: HMAC-SHA-256 (RFC 2104) over the first 54 bytes of a probe's payload and the agent id of who it is for, cut to 8 bytes (RFC 2104
 * section 5). The first key signs, all verify, so that keys can be rotated without a moment of silence.
 *
 * crypto.hash twice over prepared blocks costs less than a Hmac object, and its digests as strings a third of what they cost as buffers (measured: 1.95 µs instead
 * of 5.1; createHmac 4.6).
 */
import { hash } from "node:crypto";
import { TAG_BYTES, TAG_OFFSET } from "../packet/probe.ts";

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

export interface Tag {
  readonly high: number;
  readonly low: number;
}

interface Prepared {
  /** Padded key, then the message. */
  readonly inner: Buffer;
  /** Padded key, then the inner digest. */
  readonly outer: Buffer;
}

function prepare(key: Uint8Array): Prepared {
  const short = key.length > BLOCK_BYTES ? hash("sha256", key, "buffer") : key;
  const inner = Buffer.alloc(BLOCK_BYTES + TAG_OFFSET + 4, 0);
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0);
  for (let at = 0; at < BLOCK_BYTES; at++) {
    inner[at] = (short[at] ?? 0) ^ INNER_PAD;
    outer[at] = (short[at] ?? 0) ^ OUTER_PAD;
  }
  return { inner, outer };
}

export class MeshKeys {
  readonly #keys: readonly Prepared[];

  /** At least one key. */
  constructor(keys: readonly Uint8Array[]) {
    this.#keys = keys.map(prepare);
  }

  /** The tag of the payload at `offset`, for the agent that it is sent to. */
  sign(bytes: Uint8Array, offset: number, destination: number): Tag {
    const digest = digestOf(this.#keys[0] as Prepared, bytes, offset, destination);
    return { high: wordAt(digest, 0), low: wordAt(digest, 4) };
  }

  /** Whether the payload's tag was made with one of our keys for this agent. */
  verifies(bytes: Uint8Array, offset: number, destination: number): boolean {
    return this.#keys.some((key) => isTag(digestOf(key, bytes, offset, destination), bytes, offset + TAG_OFFSET));
  }
}

/** A digest as a string, one character a byte. */
function digestOf(key: Prepared, bytes: Uint8Array, offset: number, destination: number): string {
  for (let at = 0; at < TAG_OFFSET; at++) key.inner[BLOCK_BYTES + at] = bytes[offset + at] as number;
  key.inner.writeUInt32BE(destination, BLOCK_BYTES + TAG_OFFSET);
  key.outer.write(hash("sha256", key.inner, "binary"), BLOCK_BYTES, "latin1");
  return hash("sha256", key.outer, "binary");
}

function wordAt(digest: string, at: number): number {
  const code = (index: number): number => digest.charCodeAt(at + index);
  return ((code(0) << 24) | (code(1) << 16) | (code(2) << 8) | code(3)) >>> 0;
}

/** In constant time. */
function isTag(expected: string, bytes: Uint8Array, at: number): boolean {
  let difference = 0;
  for (let byte = 0; byte < TAG_BYTES; byte++) difference |= expected.charCodeAt(byte) ^ (bytes[at + byte] as number);
  return difference === 0;
}
