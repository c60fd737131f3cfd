/**
 * A whole network as ordinary code: hosts answer by a function, packets take virtual time, the receive buffer has an end, and the kernel refuses what it is
 * told to refuse. The socket keeps the contract of src/wire/socket/icmp-socket.ts; icmp-socket.test.ts runs one suite on it and on the real one.
 */
import { addressBytes } from "../../src/packet/address.ts";
import type { IcmpSocket, IcmpSocketEvents } from "../../src/wire/socket/icmp-socket.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** An echo request as a host, or a router on the way, sees it. */
export interface Request {
  readonly packet: Buffer;
  readonly target: string;
  readonly family: 4 | 6;
  /** Null for a probe: it arrives. */
  readonly ttl: number | null;
  /** Probes (not trace packets) sent to this target before this one. */
  readonly nth: number;
}

export interface Answer {
  readonly afterUs: number;
  readonly bytes: Buffer;
  readonly source: string;
}

export type Responder = (request: Request) => readonly Answer[];

interface Arrival {
  readonly atUs: number;
  readonly bytes: Buffer;
  readonly source: string;
}

function header4(source: string, destination: string, bodyBytes: number): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 + bodyBytes, 2);
  header[8] = 61;
  header[9] = 1;
  header.set(addressBytes(source) ?? [], 12);
  header.set(addressBytes(destination) ?? [], 16);
  return header;
}

/** An ICMP packet as an IPv4 raw socket delivers it. */
export function ipv4Packet(body: Buffer, between: { readonly source: string; readonly destination: string }): Buffer {
  return Buffer.concat([header4(between.source, between.destination, body.length), body]);
}

/** The echo reply to a request, as its raw socket delivers it. */
export function echoReply(request: Request, options: { readonly afterUs?: number; readonly source?: string } = {}): Answer {
  const { afterUs = 5_000, source = request.target } = options;
  const body = Buffer.from(request.packet);
  body[0] = request.family === 4 ? 0 : 129;
  return { afterUs, source, bytes: request.family === 4 ? Buffer.concat([header4(source, "10.0.0.1", body.length), body]) : body };
}

/** Time Exceeded from a router, quoting the request as a router would: headers and eight bytes on IPv4, all of it on IPv6. */
export function timeExceeded(request: Request, router: string, afterUs = 3_000): Answer {
  if (request.family === 4) {
    const body = Buffer.concat([
      Buffer.from([11, 0, 0, 0, 0, 0, 0, 0]),
      header4("10.0.0.1", request.target, request.packet.length),
      request.packet.subarray(0, 8),
    ]);
    return { afterUs, source: router, bytes: Buffer.concat([header4(router, "10.0.0.1", body.length), body]) };
  }
  const quoted = Buffer.alloc(40);
  quoted[0] = 0x60;
  quoted[6] = 58;
  quoted.set(addressBytes(request.target) ?? [], 24);
  return { afterUs, source: router, bytes: Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 0, 0, 0]), quoted, request.packet]) };
}

/** The default network: everybody answers after 5 ms, at the end of the path that was given, and routers answer for themselves. */
export class FakeNetwork {
  readonly #responders = new Map<string, Responder>();
  readonly #paths = new Map<string, readonly string[]>();
  readonly #counts = new Map<string, number>();
  readonly sent: Request[] = [];
  /** Errno with which the kernel refuses sends to an address. */
  readonly refusals: Map<string, string> = new Map();

  host(address: string, responder: Responder): void {
    this.#responders.set(address, responder);
  }

  /** Routers between us and a target; "" for one that never answers. */
  path(target: string, routers: readonly string[]): void {
    this.#paths.set(target, routers);
  }

  handle(target: string, packet: Buffer, how: { readonly family: 4 | 6; readonly ttl: number | null }): readonly Answer[] {
    const nth = this.#counts.get(target) ?? 0;
    if (how.ttl === null) this.#counts.set(target, nth + 1);
    const request: Request = { packet: Buffer.from(packet), target, ...how, nth };
    this.sent.push(request);
    const router = how.ttl === null ? undefined : this.#paths.get(target)?.[how.ttl - 1];
    if (router === "") return [];
    if (router !== undefined) return [timeExceeded(request, router)];
    return (this.#responders.get(target) ?? ((one) => [echoReply(one)]))(request);
  }
}

export class FakeIcmpSocket implements IcmpSocket {
  readonly family: 4 | 6;
  readonly #network: FakeNetwork;
  readonly #clock: VirtualClock;
  readonly #events: IcmpSocketEvents;
  readonly #capacity: number;
  #arrivals: Arrival[] = [];
  #requests: Arrival[] = [];
  #drops = 0;
  #closed = false;

  /** `capacity` is how many packets the receive buffer holds. */
  constructor(
    family: 4 | 6,
    options: { readonly network: FakeNetwork; readonly clock: VirtualClock; readonly events: IcmpSocketEvents; readonly capacity?: number },
  ) {
    this.family = family;
    this.#network = options.network;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#capacity = options.capacity ?? 10_000;
  }

  send(packet: Buffer, address: string): string | null {
    return this.#send(packet, address, null);
  }

  sendWithTtl(packet: Buffer, address: string, ttl: number): string | null {
    return this.#send(packet, address, ttl);
  }

  drain(limit: number): boolean {
    for (let left = limit; left > 0; left--) if (!this.deliverOne()) return true;
    return !this.#hasArrived(0);
  }

  drainRequests(limit: number): number {
    const nowUs = this.#clock.nowUs();
    const due = this.#requests.filter((arrival) => arrival.atUs <= nowUs).slice(0, limit);
    this.#requests = this.#requests.filter((arrival) => !due.includes(arrival));
    if (!this.#closed) for (const { bytes, source } of due) this.#events.onPacket(bytes, bytes.length, source);
    return 0;
  }

  drops(): number {
    if (this.#closed) return 0;
    this.#overflow();
    return this.#drops;
  }

  close(): void {
    this.#closed = true;
    this.#arrivals = [];
  }

  /** When the next packet arrives (or has arrived), infinite when none is on its way: for who moves the clock. */
  get nextArrivalUs(): number {
    return this.#arrivals[0]?.atUs ?? Number.POSITIVE_INFINITY;
  }

  /** What the event loop does when the socket is readable. False when nothing has arrived. */
  deliverOne(): boolean {
    this.#overflow();
    if (this.#closed || !this.#hasArrived(0)) return false;
    const { bytes, source } = this.#arrivals.shift() as Arrival;
    this.#events.onPacket(bytes, bytes.length, source);
    return true;
  }

  /** Packets that nobody asked for. */
  inject(answer: Answer): void {
    const atUs = this.#clock.nowUs() + answer.afterUs;
    if (isRequest(this.family, answer.bytes)) {
      this.#requests.push({ atUs, bytes: answer.bytes, source: answer.source });
      return;
    }
    let place = this.#arrivals.length;
    while (place > 0 && (this.#arrivals[place - 1] as Arrival).atUs > atUs) place--;
    this.#arrivals.splice(place, 0, { atUs, bytes: answer.bytes, source: answer.source });
  }

  #send(packet: Buffer, address: string, ttl: number | null): string | null {
    if (this.#closed) return "EBADF";
    const refusal = this.#network.refusals.get(address);
    if (refusal !== undefined) return refusal;
    for (const answer of this.#network.handle(address, packet, { family: this.family, ttl })) this.inject(answer);
    return null;
  }

  #hasArrived(place: number): boolean {
    const arrival = this.#arrivals[place];
    return arrival !== undefined && arrival.atUs <= this.#clock.nowUs();
  }

  /** What arrived while the buffer was full is gone. */
  #overflow(): void {
    if (!this.#hasArrived(this.#capacity)) return;
    const nowUs = this.#clock.nowUs();
    const next = this.#arrivals.findIndex((arrival) => arrival.atUs > nowUs);
    const lost = this.#arrivals.splice(this.#capacity, (next < 0 ? this.#arrivals.length : next) - this.#capacity);
    this.#drops += lost.length;
  }
}

/** Requests of others wait in a queue of their own. */
function isRequest(family: 4 | 6, bytes: Buffer): boolean {
  return family === 4 ? bytes[((bytes[0] ?? 0) & 15) * 4] === 8 : bytes[0] === 128;
}
