/**
 * The mesh keys: HMAC-SHA-256 (RFC 2104) over the first 54 bytes of a probe's payload and the agent id of who it is for, cut to 8 bytes (RFC 2104
 * section 5). The first key signs, all verify, so that keys can be rotated without a moment of silence.
 *
 * Each probe that leaves and each request that comes needs a tag, and a message is 58 bytes: what OpenSSL costs there is not the hashing. Here the state behind the
 * padded key is kept, and so is the schedule of the block that holds nothing but the length: three compressions and two expansions are left.
 */
import { hash } from "node:crypto";
import { TAG_OFFSET } from "../../packet/probe.ts";
import { BLOCK_WORDS, compress, expand, SCHEDULE_WORDS, SHA256_START, STATE_WORDS } from "../../packet/sha256.ts";

const BLOCK_BYTES = 64;
const INNER_PAD = 0x36363636;
const OUTER_PAD = 0x5c5c5c5c;
/** The bit that ends a message (FIPS 180-4 section 5.1.1), at the front of its word. */
const END = 0x8000_0000;
/** 54 bytes and the destination: words 0 to 12, half of word 13, then the destination across words. */
const WHOLE_WORDS = 13;
const MESSAGE_BITS = (BLOCK_BYTES + TAG_OFFSET + 4) * 8;
const OUTER_BITS = (BLOCK_BYTES + STATE_WORDS * 4) * 8;

export interface Tag {
  readonly high: number;
  readonly low: number;
}

/** The states behind the padded key. */
interface Prepared {
  readonly inner: Int32Array;
  readonly outer: Int32Array;
}

/** A message of 58 bytes and its end fill 59: its length has a block of its own, which is always the same. */
const LENGTH_BLOCK = expanded([...Array.from({ length: BLOCK_WORDS - 1 }, () => 0), MESSAGE_BITS]);

function expanded(block: readonly number[]): Int32Array {
  const schedule = new Int32Array(SCHEDULE_WORDS);
  schedule.set(block);
  expand(schedule);
  return schedule;
}

function prepare(key: Uint8Array): Prepared {
  const padded = new DataView(new ArrayBuffer(BLOCK_BYTES));
  const short = key.length > BLOCK_BYTES ? hash("sha256", key, "buffer") : key;
  short.forEach((byte, at) => padded.setUint8(at, byte));
  const behind = (pad: number): Int32Array => {
    const state = Int32Array.from(SHA256_START);
    compress(state, expanded(Array.from({ length: BLOCK_WORDS }, (_, word) => padded.getInt32(word * 4) ^ pad)), state);
    return state;
  };
  return { inner: behind(INNER_PAD), outer: behind(OUTER_PAD) };
}

export class MeshKeys {
  readonly #keys: readonly Prepared[];
  readonly #message = new Int32Array(SCHEDULE_WORDS);
  readonly #digest = new Int32Array(SCHEDULE_WORDS);
  readonly #state = new Int32Array(STATE_WORDS);

  /** At least one key. */
  constructor(keys: readonly Uint8Array[]) {
    this.#keys = keys.map(prepare);
    this.#digest[STATE_WORDS] = END;
    this.#digest[BLOCK_WORDS - 1] = OUTER_BITS;
  }

  /** The tag of the payload at `offset`, for the agent that it is sent to. */
  sign(bytes: Uint8Array, offset: number, destination: number): Tag {
    this.#read(bytes, offset, destination);
    this.#mac(this.#keys[0] as Prepared);
    return { high: (this.#state[0] as number) >>> 0, low: (this.#state[1] as number) >>> 0 };
  }

  /** Whether the payload's tag was made with one of our keys for this agent. */
  verifies(bytes: Uint8Array, offset: number, destination: number): boolean {
    this.#read(bytes, offset, destination);
    const high = wordAt(bytes, offset + TAG_OFFSET);
    const low = wordAt(bytes, offset + TAG_OFFSET + 4);
    for (const key of this.#keys) {
      this.#mac(key);
      // Both halves at once: how much of a tag is right shows in no time.
      if (((high ^ (this.#state[0] as number)) | (low ^ (this.#state[1] as number))) === 0) return true;
    }
    return false;
  }

  /** The message as an expanded block. */
  #read(bytes: Uint8Array, offset: number, destination: number): void {
    const message = this.#message;
    for (let word = 0; word < WHOLE_WORDS; word++) message[word] = wordAt(bytes, offset + word * 4);
    const rest = offset + WHOLE_WORDS * 4;
    message[WHOLE_WORDS] = ((bytes[rest] as number) << 24) | ((bytes[rest + 1] as number) << 16) | (destination >>> 16);
    message[WHOLE_WORDS + 1] = (destination << 16) | (END >>> 16);
    expand(message);
  }

  /** Leaves the MAC of the message in the state. */
  #mac(key: Prepared): void {
    const state = this.#state;
    const digest = this.#digest;
    compress(key.inner, this.#message, state);
    compress(state, LENGTH_BLOCK, digest);
    expand(digest);
    compress(key.outer, digest, state);
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
}
