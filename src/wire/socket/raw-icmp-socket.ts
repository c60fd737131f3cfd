/**
 * raw-socket behind the IcmpSocket port. Its Socket class reads one packet per readiness event through several layers and closes itself on an error, so only
 * its `wrap` is used: an own `emit`, `recv` and `send` called directly. What that costs and what it does after `close` is in native-notes.md.
 *
 * Every errno reaches JavaScript as the text of strerror(3) in an Error, also the EAGAIN of an empty socket: 90 µs when the caches are cold, as they are
 * after each sleep (measured). So the socket is asked how much it holds before each read: SO_MEMINFO costs a tenth of that, and tells of drops as well.
 */
import raw from "raw-socket";
import type { Socket } from "raw-socket";
import type { IcmpSocket, IcmpSocketEvents } from "./icmp-socket.ts";
import { RECEIVE_BUFFER_BYTES, REPLY_MEMORY_BYTES } from "./receive-buffer.ts";
import { say } from "../../phrases/evidence.ts";

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
/** Linux 4.12: nine uint32, include/uapi/linux/sock_diag.h. */
const SO_MEMINFO = 55;
const MEMINFO_BYTES = 36;
const RMEM_ALLOC = 0;
const DROPS = 8;
const IPPROTO_IP = 0;
const IP_TOS = 1;
const IP_TTL = 2;
const SOL_RAW = 255;
const ICMP_FILTER = 1;
const IPPROTO_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;
const IPV6_TCLASS = 67;
const IPPROTO_ICMPV6 = 58;
const ICMP6_FILTER = 1;

const ERRNO_TEXT: Readonly<Record<string, string>> = {
  "Resource temporarily unavailable": "EAGAIN",
  "Operation not permitted": "EPERM",
  "Permission denied": "EACCES",
  "Network is unreachable": "ENETUNREACH",
  "No route to host": "EHOSTUNREACH",
  "Network is down": "ENETDOWN",
  "Host is down": "EHOSTDOWN",
  "Invalid argument": "EINVAL",
  "Message too long": "EMSGSIZE",
  "No buffer space available": "ENOBUFS",
  "Cannot assign requested address": "EADDRNOTAVAIL",
  "Cannot allocate memory": "ENOMEM",
  "No such device": "ENODEV",
  "Connection refused": "ECONNREFUSED",
};

function errnoName(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return ERRNO_TEXT[text] ?? text;
}

function filterFor(family: 4 | 6, passed: readonly number[]): Buffer {
  const filter = Buffer.alloc(family === 4 ? 4 : 32, 0xff);
  for (const type of passed) {
    const word = (type >>> 5) * 4;
    filter.writeUInt32LE((filter.readUInt32LE(word) & ~(1 << (type & 31))) >>> 0, word);
  }
  return filter;
}

/** Echo reply, destination unreachable, time exceeded. Requests of others go to the other socket, everything else stays in the kernel. */
const PASSED = { 4: [0, 3, 11], 6: [129, 1, 3] } as const;
const REQUESTS = { 4: [8], 6: [128] } as const;

function create(family: 4 | 6): Socket {
  return raw.createSocket({
    protocol: family === 4 ? raw.Protocol.ICMP : raw.Protocol.ICMPv6,
    addressFamily: family === 4 ? raw.AddressFamily.IPv4 : raw.AddressFamily.IPv6,
  });
}

export class RawIcmpSocket implements IcmpSocket {
  readonly family: 4 | 6;
  readonly #socket: Socket;
  /** Sends the packets of sweeps, so that their TTL never touches a probe, and holds the requests of others until they are asked for. */
  readonly #trace: Socket;
  readonly #buffer = Buffer.alloc(2048);
  readonly #events: IcmpSocketEvents;
  readonly #memory = Buffer.alloc(MEMINFO_BYTES);
  #closed = false;
  #traceTtl = 0;
  readonly #receive: (buffer: Buffer, length: number, source: string) => void;
  readonly #sent = (): void => {};

  /** Throws an Error whose message is an errno name or text when the socket cannot be opened (EPERM without CAP_NET_RAW). */
  constructor(family: 4 | 6, options: { readonly dscp: number; readonly events: IcmpSocketEvents }) {
    this.family = family;
    this.#events = options.events;
    this.#receive = options.events.onPacket;
    try {
      this.#socket = create(family);
      this.#trace = create(family);
    } catch (error) {
      throw new Error(errnoName(error), { cause: error });
    }
    const level = family === 4 ? SOL_RAW : IPPROTO_ICMPV6;
    const option = family === 4 ? ICMP_FILTER : ICMP6_FILTER;
    const passed = filterFor(family, PASSED[family]);
    const requests = filterFor(family, REQUESTS[family]);
    this.#socket.wrap.setOption(level, option, passed, passed.length);
    this.#trace.wrap.setOption(level, option, requests, requests.length);
    this.#trace.wrap.pause(true, true);
    for (const socket of [this.#socket, this.#trace]) socket.wrap.setOption(SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES);
    if (options.dscp > 0) {
      for (const socket of [this.#socket, this.#trace]) {
        if (family === 4) socket.wrap.setOption(IPPROTO_IP, IP_TOS, options.dscp << 2);
        else socket.wrap.setOption(IPPROTO_IPV6, IPV6_TCLASS, options.dscp << 2);
      }
    }
    this.#socket.wrap.emit = (event, argument): void => {
      if (this.#closed) return;
      if (event === "recvReady") this.#receiveOne();
      else if (event === "error") this.#events.onError(pollError(argument?.message ?? ""));
    };
    // Packets that arrived before the filters were set are still queued.
    this.drain(256);
    this.drainRequests(256);
  }

  /** Bytes of kernel memory that the receive buffer may use (the kernel doubles what was asked for, and caps it at net.core.rmem_max). */
  get receiveBuffer(): number {
    const value = Buffer.alloc(4);
    this.#socket.wrap.getOption(SOL_SOCKET, SO_RCVBUF, value, 4);
    return value.readUInt32LE(0);
  }

  send(packet: Buffer, address: string): string | null {
    if (this.#closed) return "EBADF";
    try {
      this.#socket.wrap.send(packet, 0, packet.length, address, this.#sent);
      return null;
    } catch (error) {
      return errnoName(error);
    }
  }

  sendWithTtl(packet: Buffer, address: string, ttl: number): string | null {
    if (this.#closed) return "EBADF";
    try {
      if (ttl !== this.#traceTtl) {
        if (this.family === 4) this.#trace.wrap.setOption(IPPROTO_IP, IP_TTL, ttl);
        else this.#trace.wrap.setOption(IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
        this.#traceTtl = ttl;
      }
      this.#trace.wrap.send(packet, 0, packet.length, address, this.#sent);
      return null;
    } catch (error) {
      return errnoName(error);
    }
  }

  drain(limit: number): boolean {
    return this.#drain(this.#socket, limit);
  }

  drainRequests(limit: number): number {
    this.#drain(this.#trace, limit);
    // The last look at what it holds told of its drops as well.
    return this.#closed ? 0 : this.#memory.readUInt32LE(DROPS * 4);
  }

  #drain(socket: Socket, limit: number): boolean {
    let left = limit;
    try {
      while (left > 0) {
        if (this.#closed) return true;
        const held = this.#meminfo(socket, RMEM_ALLOC);
        if (held === 0) return true;
        for (let waiting = Math.min(left, Math.max(1, Math.floor(held / REPLY_MEMORY_BYTES))); waiting > 0; waiting--, left--) {
          socket.wrap.recv(this.#buffer, this.#receive);
        }
      }
      return false;
    } catch (error) {
      const name = errnoName(error);
      if (name !== "EAGAIN" && !this.#closed) this.#events.onError(say("receiveFailed", { code: name }));
      return true;
    }
  }

  /** One packet, known to be there because the socket is readable. */
  #receiveOne(): void {
    try {
      this.#socket.wrap.recv(this.#buffer, this.#receive);
    } catch (error) {
      const name = errnoName(error);
      if (name !== "EAGAIN" && !this.#closed) this.#events.onError(say("receiveFailed", { code: name }));
    }
  }

  drops(): number {
    return this.#closed ? 0 : this.#meminfo(this.#socket, DROPS);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.wrap.close();
    this.#trace.wrap.close();
  }

  #meminfo(socket: Socket, index: number): number {
    socket.wrap.getOption(SOL_SOCKET, SO_MEMINFO, this.#memory, MEMINFO_BYTES);
    return this.#memory.readUInt32LE(index * 4);
  }
}

function pollError(message: string): string {
  return message === "" ? say("pollError") : say("pollErrorOf", { message });
}
