/**
 * One echo request to each peer, through the socket of the wire, for when no agent runs. The packet is not a probe: it has no magic, so agents at the peers do not
 * count it. Requests leave a few at a time, because a thousand at once would overflow a queue and look like dead peers; what comes back is matched on its id, its
 * random payload and its source.
 */
import { isIPv6 } from "node:net";
import { addressBytes } from "../packet/address.ts";
import { fold } from "../packet/checksum.ts";
import { createIcmpPacket, readIcmp4, readIcmp6 } from "../packet/icmp.ts";
import { ECHO_REQUEST_4, ECHO_REQUEST_6, ICMP_HEADER_BYTES, PROBE_BYTES } from "../packet/probe.ts";
import type { IcmpSocket, IcmpSocketEvents } from "../wire/socket/icmp-socket.ts";

/** As probe.timeout by default: longer than any healthy path. */
export const PATIENCE_MS = 2_000;
const TICK_MS = 10;
/** 500 a second. */
const SENDS_PER_TICK = 5;
const DRAIN_LIMIT = 1_000;
const COOKIE_BYTES = 16;
const MAX_SEQUENCE = 0x1_0000;
const NO_PERMISSION: readonly string[] = ["EPERM", "EACCES"];

export type EchoAnswer =
  | { readonly kind: "answered"; readonly rttMs: number }
  | { readonly kind: "silent" }
  /** A router, or the peer itself, says that it cannot be reached. */
  | { readonly kind: "unreachable"; readonly by: string }
  /** The kernel refused the send; an errno. */
  | { readonly kind: "refused"; readonly errno: string };

export interface EchoPorts {
  /** Throws an Error whose message is an errno when it cannot be opened. */
  readonly open: (family: 4 | 6, events: IcmpSocketEvents) => IcmpSocket;
  readonly nowMs: () => number;
  readonly pause: (ms: number) => Promise<void>;
  readonly random: (bytes: Uint8Array) => void;
}

/**
 * Asks at most 65,536 addresses (IP literals, zones allowed). Without the capability it rejects with the errno; where only one family is missing, the peers of that
 * one are refused.
 */
export async function askAll(addresses: readonly string[], ports: EchoPorts): Promise<EchoAnswer[]> {
  if (addresses.length > MAX_SEQUENCE) throw new RangeError(`Cannot ask ${addresses.length} peers: at most ${MAX_SEQUENCE}`);
  const round = new EchoRound(addresses, ports);
  try {
    while (!round.isOver) {
      round.step();
      await ports.pause(TICK_MS);
    }
    return round.answers();
  } finally {
    round.close();
  }
}

interface Asked {
  readonly bytes: Uint8Array | null;
  sentMs: number | null;
  answer: EchoAnswer | null;
}

class EchoRound {
  readonly #addresses: readonly string[];
  readonly #asked: readonly Asked[];
  readonly #ports: EchoPorts;
  readonly #cookie = new Uint8Array(COOKIE_BYTES);
  readonly #id: number;
  readonly #sockets = new Map<4 | 6, IcmpSocket>();
  /** Errno of a family that this host does not have. */
  readonly #missing = new Map<4 | 6, string>();
  readonly #packet = createIcmpPacket();
  #next = 0;
  #open = 0;

  constructor(addresses: readonly string[], ports: EchoPorts) {
    this.#addresses = addresses;
    this.#asked = addresses.map((address) => ({ bytes: addressBytes(address), sentMs: null, answer: null }));
    this.#open = addresses.length;
    this.#ports = ports;
    ports.random(this.#cookie);
    this.#id = ((this.#cookie[0] as number) << 8) | (this.#cookie[1] as number);
    for (const family of new Set(addresses.map(familyOf))) this.#openSocket(family);
  }

  get isOver(): boolean {
    return this.#open === 0;
  }

  answers(): EchoAnswer[] {
    return this.#asked.map(({ answer }) => answer ?? { kind: "silent" });
  }

  /** Reads first: what has arrived is not late. */
  step(): void {
    for (const socket of this.#sockets.values()) socket.drain(DRAIN_LIMIT);
    this.#expire();
    for (let sends = SENDS_PER_TICK; sends > 0 && this.#next < this.#asked.length; sends--) this.#send(this.#next++);
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
  }

  #openSocket(family: 4 | 6): void {
    try {
      const socket = this.#ports.open(family, {
        onPacket: (bytes, length, source) => this.#receive(family, bytes, length, source),
        // Every peer of this family then stays silent, which is what the operator is told.
        onError: () => {},
      });
      this.#sockets.set(family, socket);
    } catch (error) {
      const errno = error instanceof Error ? error.message : String(error);
      if (NO_PERMISSION.includes(errno)) {
        this.close();
        throw error;
      }
      this.#missing.set(family, errno);
    }
  }

  #send(index: number): void {
    const address = this.#addresses[index] as string;
    const asked = this.#asked[index] as Asked;
    const family = familyOf(address);
    asked.sentMs = this.#ports.nowMs();
    const socket = this.#sockets.get(family);
    const errno = socket === undefined ? (this.#missing.get(family) ?? "ENOTSOCK") : socket.send(this.#request(family, index), address);
    if (errno !== null) this.#settle(asked, { kind: "refused", errno });
  }

  #request(family: 4 | 6, sequence: number): Buffer {
    const packet = Buffer.alloc(PROBE_BYTES);
    packet[0] = family === 4 ? ECHO_REQUEST_4 : ECHO_REQUEST_6;
    packet.writeUInt16BE(this.#id, 4);
    packet.writeUInt16BE(sequence, 6);
    packet.set(this.#cookie, ICMP_HEADER_BYTES);
    let sum = 0;
    for (let at = 0; at < packet.length; at += 2) sum += packet.readUInt16BE(at);
    // On IPv6 the kernel writes its own.
    packet.writeUInt16BE(0xffff - fold(sum), 2);
    return packet;
  }

  #receive(family: 4 | 6, bytes: Buffer, length: number, source: string): void {
    const found = (family === 4 ? readIcmp4 : readIcmp6)(bytes, length, this.#packet);
    if (found === null || found.id !== this.#id) return;
    const asked = this.#asked[found.sequence];
    if (asked === undefined || asked.sentMs === null || asked.answer !== null || asked.bytes === null) return;
    const at = (offset: number, wanted: Uint8Array): boolean => wanted.every((byte, index) => bytes[offset + index] === byte);
    switch (found.kind) {
      case "reply":
        if (!at(found.payloadOffset, this.#cookie) || !sameBytes(addressBytes(source), asked.bytes)) return;
        return this.#settle(asked, { kind: "answered", rttMs: this.#ports.nowMs() - asked.sentMs });
      case "unreachable":
      case "time-exceeded":
        if (at(found.destinationOffset, asked.bytes)) this.#settle(asked, { kind: "unreachable", by: source });
        return;
      case "request":
        return;
    }
  }

  #settle(asked: Asked, answer: EchoAnswer): void {
    asked.answer = answer;
    this.#open--;
  }

  #expire(): void {
    const before = this.#ports.nowMs() - PATIENCE_MS;
    for (const asked of this.#asked) {
      if (asked.answer === null && asked.sentMs !== null && asked.sentMs <= before) this.#settle(asked, { kind: "silent" });
    }
  }
}

function familyOf(address: string): 4 | 6 {
  return isIPv6(address) ? 6 : 4;
}

function sameBytes(a: Uint8Array | null, b: Uint8Array): boolean {
  return a !== null && a.length === b.length && a.every((byte, index) => byte === b[index]);
}
