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
const PAYLOAD_BYTES = 64;
export const PROBE_BYTES: number = ICMP_HEADER_BYTES + PAYLOAD_BYTES;
const PROBE_VERSION = 1;
const MAGIC = 0x6d70;

export const FLAG_TRACE = 1;
export const FLAG_IN_INCIDENT = 2;
export const FLAG_HEARD = 4;

export const ECHO_REQUEST_4 = 8;
export const ECHO_REQUEST_6 = 128;

/** Where the tag lies within the payload, and how much of it the tag covers. */
export const TAG_OFFSET = 54;
export const TAG_BYTES = 8;

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

/** What a node tells a peer of the peer's probes: the heard-fields. Bit i of the bitmap (0 is the lowest) stands for probe `number` − i; its halves are 32 bits, signed or not. */
export interface Heard {
  readonly bitmapHigh: number;
  readonly bitmapLow: number;
  /** Newest probe number heard. */
  readonly number: number;
  /** When it arrived, monotonic µs of who heard it. */
  readonly arrivedUs: number;
  /** Boot epoch of the peer to which the numbers belong. */
  readonly epoch: number;
}

export interface ProbeFields {
  readonly flags: number;
  readonly agentId: number;
  readonly epoch: number;
  readonly number: number;
  readonly sentUs: number;
  readonly flow: number;
  readonly ttl: number;
  /** Null unless the packet says that its heard-fields are valid. */
  readonly heard: Heard | null;
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
  heard: Heard | null;
  /** Number of our incident with this peer, 0 for none. */
  incident: number;
  tagHigh: number;
  tagLow: number;
}

/** Writes all fields and the compensation that keeps the flow's checksum. */
export function stampProbe(buffer: ProbeBuffer, stamp: ProbeStamp): void {
  writeProbe(buffer, stamp);
  sealProbe(buffer, stamp.tagHigh, stamp.tagLow);
}

/** Writes all fields but the tag, which may be computed from them. The flags of heard-fields and incident are set as the fields say. */
export function writeProbe(buffer: ProbeBuffer, stamp: Omit<ProbeStamp, "tagHigh" | "tagLow">): void {
  const { view } = buffer;
  const { heard, incident } = stamp;
  view.setUint16(2, stamp.flow.checksum);
  view.setUint16(4, stamp.flow.id);
  view.setUint16(6, stamp.sequence);
  view.setUint8(11, stamp.flags | (heard === null ? 0 : FLAG_HEARD) | (incident === 0 ? 0 : FLAG_IN_INCIDENT));
  view.setUint32(20, stamp.number);
  const sentUs = Math.floor(stamp.sentUs);
  view.setUint16(24, Math.floor(sentUs / 0x1_0000_0000) & 0xffff);
  view.setUint32(26, sentUs >>> 0);
  view.setUint8(30, stamp.flow.index);
  view.setUint8(31, stamp.ttl);
  view.setUint32(32, heard === null ? 0 : heard.bitmapHigh);
  view.setUint32(36, heard === null ? 0 : heard.bitmapLow);
  view.setUint32(40, heard === null ? 0 : heard.number);
  const arrivedUs = heard === null ? 0 : Math.floor(heard.arrivedUs);
  view.setUint16(44, Math.floor(arrivedUs / 0x1_0000_0000) & 0xffff);
  view.setUint32(46, arrivedUs >>> 0);
  view.setUint32(50, heard === null ? 0 : heard.epoch);
  view.setUint32(54, incident);
}

/** Writes the tag and the compensation: the last thing before a packet leaves. */
export function sealProbe(buffer: ProbeBuffer, tagHigh: number, tagLow: number): void {
  const { view, words } = buffer;
  view.setUint32(62, tagHigh);
  view.setUint32(66, tagLow);
  let sum = 0;
  for (let word = 0; word < 35; word++) sum += words[word] as number;
  words[35] = 0xffff - fold(sum);
}

/** Reads a payload of ours, null when it is not one (magic, version, length). */
export function readProbe(bytes: Uint8Array, offset: number, length: number): ProbeFields | null {
  if (length < PAYLOAD_BYTES || offset + PAYLOAD_BYTES > bytes.length) return null;
  if (bytes[offset] !== MAGIC >>> 8 || bytes[offset + 1] !== (MAGIC & 0xff) || bytes[offset + 2] !== PROBE_VERSION) return null;
  const flags = bytes[offset + 3] as number;
  return {
    flags,
    agentId: word(bytes, offset + 4),
    epoch: word(bytes, offset + 8),
    number: word(bytes, offset + 12),
    sentUs: time(bytes, offset + 16),
    flow: bytes[offset + 22] as number,
    ttl: bytes[offset + 23] as number,
    heard: (flags & FLAG_HEARD) === 0 ? null : readHeard(bytes, offset),
    incident: word(bytes, offset + 46),
    tagHigh: word(bytes, offset + TAG_OFFSET),
    tagLow: word(bytes, offset + TAG_OFFSET + 4),
  };
}

function readHeard(bytes: Uint8Array, offset: number): Heard {
  return {
    bitmapHigh: word(bytes, offset + 24),
    bitmapLow: word(bytes, offset + 28),
    number: word(bytes, offset + 32),
    arrivedUs: time(bytes, offset + 36),
    epoch: word(bytes, offset + 42),
  };
}

// By bytes: a view for each packet costs more than all that is read through it.

function word(bytes: Uint8Array, at: number): number {
  return (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>> 0;
}

/** Six bytes, µs. */
function time(bytes: Uint8Array, at: number): number {
  return (((bytes[at] as number) << 8) | (bytes[at + 1] as number)) * 0x1_0000_0000 + word(bytes, at + 2);
}
