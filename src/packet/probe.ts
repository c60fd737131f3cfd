/**
 * The probe packet, version 1: an ICMP echo request whose 64 payload bytes say who sent it, when, and on which flow.
 *
 * Routers hash the first bytes behind the IP header, the ICMP checksum among them, to choose one of several links. So the checksum of a flow is constant
 * (Paris traceroute): two compensation bytes at the end of the payload absorb whatever changes from packet to packet. On IPv6 the kernel computes the
 * checksum over addresses that we do not know; it is constant all the same, because the sum of the body is.
 *
 * Offsets, big endian, from the start of the ICMP header (8 bytes) and of the payload behind it:
 *   0 2 magic  2 1 version  3 1 flags  4 4 agent id  8 4 epoch  12 4 number  16 6 send time µs  22 1 flow  23 1 TTL
 *   24 8 bitmap  32 4 newest heard  36 6 its arrival  42 4 its epoch  46 4 incident  50 4 reserved  54 8 tag  62 2 compensation
 */
import { fold } from "./checksum.ts";

export const ICMP_HEADER_BYTES = 8;
export const PAYLOAD_BYTES = 64;
export const PROBE_BYTES: number = ICMP_HEADER_BYTES + PAYLOAD_BYTES;
export const PROBE_VERSION = 1;
const MAGIC = 0x6d70;

export const FLAG_TRACE = 1;
export const FLAG_IN_INCIDENT = 2;
export const FLAG_HEARD = 4;

export const ECHO_REQUEST_4 = 8;
export const ECHO_REQUEST_6 = 128;

/** Where the tag lies within the payload. */
export const TAG_OFFSET = 54;

/** A flow: what a load balancer sees of our packets. `checksum` is neither 0x0000 nor 0xffff. */
export interface Flow {
  readonly index: number;
  readonly id: number;
  readonly checksum: number;
}

/** A packet under construction; one is reused for every probe of a family. */
export interface ProbeBuffer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly words: Uint16Array;
  readonly family: 4 | 6;
}

export interface ProbeFields {
  readonly flags: number;
  readonly agentId: number;
  readonly epoch: number;
  readonly number: number;
  readonly sentUs: number;
  readonly flow: number;
  readonly ttl: number;
  readonly incident: number;
  readonly tagHigh: number;
  readonly tagLow: number;
}

/** An empty packet of this agent and boot. The bytes may be any buffer of `PROBE_BYTES` with an even offset. */
export function createProbeBuffer(
  bytes: Uint8Array,
  options: { readonly family: 4 | 6; readonly agentId: number; readonly epoch: number },
): ProbeBuffer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, PROBE_BYTES);
  bytes.fill(0, 0, PROBE_BYTES);
  view.setUint8(0, options.family === 4 ? ECHO_REQUEST_4 : ECHO_REQUEST_6);
  view.setUint16(8, MAGIC);
  view.setUint8(10, PROBE_VERSION);
  view.setUint32(12, options.agentId);
  view.setUint32(16, options.epoch);
  return { bytes, view, words: new Uint16Array(bytes.buffer, bytes.byteOffset, PROBE_BYTES / 2), family: options.family };
}

/** What differs from packet to packet. `sentUs` is monotonic, µs, below 2^48; tag halves are uint32. */
export interface ProbeStamp {
  flow: Flow;
  /** ICMP sequence: low 15 bits of the probe number, or 0x8000 + handle for a trace packet. */
  sequence: number;
  number: number;
  sentUs: number;
  flags: number;
  /** TTL of a trace packet, else 0. */
  ttl: number;
  tagHigh: number;
  tagLow: number;
}

/** Writes the changing fields and the compensation that keeps the flow's checksum. */
export function stampProbe(buffer: ProbeBuffer, stamp: ProbeStamp): void {
  const { view, words } = buffer;
  view.setUint16(2, stamp.flow.checksum);
  view.setUint16(4, stamp.flow.id);
  view.setUint16(6, stamp.sequence);
  view.setUint8(11, stamp.flags);
  view.setUint32(20, stamp.number);
  const sentUs = Math.floor(stamp.sentUs);
  view.setUint16(24, Math.floor(sentUs / 0x1_0000_0000) & 0xffff);
  view.setUint32(26, sentUs >>> 0);
  view.setUint8(30, stamp.flow.index);
  view.setUint8(31, stamp.ttl);
  view.setUint32(62, stamp.tagHigh);
  view.setUint32(66, stamp.tagLow);
  let sum = 0;
  for (let word = 0; word < 35; word++) sum += words[word] as number;
  words[35] = 0xffff - fold(sum);
}

/** Reads a payload of ours, null when it is not one (magic, version, length). */
export function readProbe(bytes: Uint8Array, offset: number, length: number): ProbeFields | null {
  if (length < PAYLOAD_BYTES || offset + PAYLOAD_BYTES > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, PAYLOAD_BYTES);
  if (view.getUint16(0) !== MAGIC || view.getUint8(2) !== PROBE_VERSION) return null;
  return {
    flags: view.getUint8(3),
    agentId: view.getUint32(4),
    epoch: view.getUint32(8),
    number: view.getUint32(12),
    sentUs: view.getUint16(16) * 0x1_0000_0000 + view.getUint32(18),
    flow: view.getUint8(22),
    ttl: view.getUint8(23),
    incident: view.getUint32(46),
    tagHigh: view.getUint32(TAG_OFFSET),
    tagLow: view.getUint32(TAG_OFFSET + 4),
  };
}
