/**
 * SHA-256 (FIPS 180-4 section 6.2.2), block by block, for who makes very short messages and keeps what is known of them beforehand. Words are int32. The round is
 * written out for two, which saves half of the shifting of the working variables; written out further it gets no faster.
 */

export const STATE_WORDS = 8;
export const BLOCK_WORDS = 16;
/** A block, and the 48 words that follow from it. */
export const SCHEDULE_WORDS = 64;

/** Section 5.3.3. */
export const SHA256_START: readonly number[] = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/** Section 4.2.2. */
const K = Int32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
);

/** Fills the schedule behind the block in its first 16 words. */
export function expand(schedule: Int32Array): void {
  for (let at = BLOCK_WORDS; at < SCHEDULE_WORDS; at++) {
    const x = schedule[at - 15] as number;
    const y = schedule[at - 2] as number;
    const sigma0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const sigma1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    schedule[at] = (schedule[at - 16] as number) + sigma0 + (schedule[at - 7] as number) + sigma1;
  }
}

/** The state behind an expanded block, written to the first words of `into`, which may be `state` itself. */
export function compress(state: Int32Array, schedule: Int32Array, into: Int32Array): void {
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let at = 0; at < SCHEDULE_WORDS; at += 2) {
    const first = (h + Sigma1(e) + choose(e, f, g) + (K[at] as number) + (schedule[at] as number)) | 0;
    const e1 = (d + first) | 0;
    const a1 = (first + Sigma0(a) + majority(a, b, c)) | 0;
    const second = (g + Sigma1(e1) + choose(e1, e, f) + (K[at + 1] as number) + (schedule[at + 1] as number)) | 0;
    h = f;
    g = e;
    f = e1;
    e = (c + second) | 0;
    d = b;
    c = a;
    b = a1;
    a = (second + Sigma0(a1) + majority(a1, a, d)) | 0;
  }
  into[0] = (state[0] as number) + a;
  into[1] = (state[1] as number) + b;
  into[2] = (state[2] as number) + c;
  into[3] = (state[3] as number) + d;
  into[4] = (state[4] as number) + e;
  into[5] = (state[5] as number) + f;
  into[6] = (state[6] as number) + g;
  into[7] = (state[7] as number) + h;
}

// The functions of section 4.1.2.

function choose(x: number, y: number, z: number): number {
  return z ^ (x & (y ^ z));
}

function majority(x: number, y: number, z: number): number {
  return (x & y) | (z & (x | y));
}

function Sigma0(x: number): number {
  return ((x >>> 2) | (x << 30)) ^ ((x >>> 13) | (x << 19)) ^ ((x >>> 22) | (x << 10));
}

function Sigma1(x: number): number {
  return ((x >>> 6) | (x << 26)) ^ ((x >>> 11) | (x << 21)) ^ ((x >>> 25) | (x << 7));
}
