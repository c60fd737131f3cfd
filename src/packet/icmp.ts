/**
 * Reads what a raw ICMP socket delivers: on IPv4 with the IP header in front, on IPv6 without. Replies, requests of others and the errors that quote our
 * packets are told apart; anything else is null. Nothing here throws, whatever the bytes.
 *
 * Sources: RFC 792 (ICMP), RFC 4443 (ICMPv6), RFC 791 section 3.1 and RFC 8200 section 3 (the quoted headers).
 */
import { ECHO_REQUEST_4, ECHO_REQUEST_6, ICMP_HEADER_BYTES } from "./probe.ts";

export type IcmpKind = "reply" | "request" | "time-exceeded" | "unreachable";

/** One read packet; reused by the reader, so copy what must outlive the next call. */
export interface IcmpPacket {
  kind: IcmpKind;
  code: number;
  /** Of the reply or request, or of the quoted request. */
  id: number;
  sequence: number;
  /** Checksum of the quoted request, else 0. */
  checksum: number;
  /** Where the payload of a reply or request lies; length 0 for an error. */
  payloadOffset: number;
  payloadLength: number;
  /** IPv4 TTL with which it arrived, else 0. */
  ttl: number;
  /** Where the quoted destination address lies (4 or 16 bytes); 0 where nothing is quoted. */
  destinationOffset: number;
}

export function createIcmpPacket(): IcmpPacket {
  return { kind: "reply", code: 0, id: 0, sequence: 0, checksum: 0, payloadOffset: 0, payloadLength: 0, ttl: 0, destinationOffset: 0 };
}

const ECHO_REPLY_6 = 129;
const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;

function word(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}

function readEcho(bytes: Uint8Array, at: number, length: number, into: IcmpPacket): IcmpPacket {
  into.code = 0;
  into.id = word(bytes, at + 4);
  into.sequence = word(bytes, at + 6);
  into.checksum = 0;
  into.payloadOffset = at + ICMP_HEADER_BYTES;
  into.payloadLength = length - into.payloadOffset;
  into.destinationOffset = 0;
  return into;
}

/** Our echo request, quoted at `at`. */
function readQuoted(bytes: Uint8Array, at: number, length: number, into: IcmpPacket): IcmpPacket | null {
  if (at + 8 > length) return null;
  into.checksum = word(bytes, at + 2);
  into.id = word(bytes, at + 4);
  into.sequence = word(bytes, at + 6);
  into.payloadOffset = at + ICMP_HEADER_BYTES;
  into.payloadLength = 0;
  return into;
}

/** IPv4: `bytes[0..length)` starts with the IP header. Returns `into` filled, or null when it is nothing for us. */
export function readIcmp4(bytes: Uint8Array, length: number, into: IcmpPacket): IcmpPacket | null {
  if (length < 28 || (bytes[0] as number) >>> 4 !== 4) return null;
  const at = ((bytes[0] as number) & 15) * 4;
  if (at < 20 || at + ICMP_HEADER_BYTES > length || bytes[9] !== IPPROTO_ICMP) return null;
  into.ttl = bytes[8] as number;
  const type = bytes[at];
  if (type === 0 || type === ECHO_REQUEST_4) {
    into.kind = type === 0 ? "reply" : "request";
    return readEcho(bytes, at, length, into);
  }
  if (type !== 11 && type !== 3) return null;
  into.kind = type === 11 ? "time-exceeded" : "unreachable";
  into.code = bytes[at + 1] as number;
  const quoted = at + ICMP_HEADER_BYTES;
  if (quoted + 20 > length || (bytes[quoted] as number) >>> 4 !== 4 || bytes[quoted + 9] !== IPPROTO_ICMP) return null;
  const inner = quoted + ((bytes[quoted] as number) & 15) * 4;
  if (inner < quoted + 20 || inner + 8 > length || bytes[inner] !== ECHO_REQUEST_4) return null;
  into.destinationOffset = quoted + 16;
  return readQuoted(bytes, inner, length, into);
}

/** IPv6: `bytes[0..length)` starts with the ICMPv6 header. */
export function readIcmp6(bytes: Uint8Array, length: number, into: IcmpPacket): IcmpPacket | null {
  if (length < ICMP_HEADER_BYTES) return null;
  into.ttl = 0;
  const type = bytes[0];
  if (type === ECHO_REPLY_6 || type === ECHO_REQUEST_6) {
    into.kind = type === ECHO_REPLY_6 ? "reply" : "request";
    return readEcho(bytes, 0, length, into);
  }
  if (type !== 1 && type !== 3) return null;
  into.kind = type === 3 ? "time-exceeded" : "unreachable";
  into.code = bytes[1] as number;
  const quoted = ICMP_HEADER_BYTES;
  if (quoted + 48 > length || (bytes[quoted] as number) >>> 4 !== 6 || bytes[quoted + 6] !== IPPROTO_ICMPV6 || bytes[quoted + 40] !== ECHO_REQUEST_6)
    return null;
  into.destinationOffset = quoted + 24;
  return readQuoted(bytes, quoted + 40, length, into);
}
