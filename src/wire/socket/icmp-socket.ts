/**
 * The one door to the network. Two implementations: raw-socket, and a fake network in the tests. Small on purpose, so that a native path with
 * sendmmsg, recvmmsg and kernel time stamps can take its place.
 */
export interface IcmpSocket {
  readonly family: 4 | 6;
  /** Sends one ICMP packet now. Returns null, or the errno name (ENETUNREACH, EPERM, EAGAIN …): a local fact, never loss. */
  send(packet: Buffer, address: string): string | null;
  /** The same with a TTL (hop limit) of its own, 1–255. */
  sendWithTtl(packet: Buffer, address: string, ttl: number): string | null;
  /** Reads at most `limit` packets that have already arrived and hands each to the receiver. True when the socket is known to be empty now. */
  drain(limit: number): boolean;
  /**
   * Reads at most `limit` echo requests of others, which wait in a buffer of their own and wake nobody: they can neither delay a reply nor push one out. Returns
   * how many the kernel threw away since the socket was opened because that buffer was full.
   */
  drainRequests(limit: number): number;
  /** Packets that the kernel threw away because this socket's buffer was full, since it was opened. */
  drops(): number;
  close(): void;
}

/** Called for each packet: IPv4 with the IP header in front, IPv6 without. The bytes are valid only during the call. */
export type Receiver = (bytes: Buffer, length: number, source: string) => void;

export interface IcmpSocketEvents {
  readonly onPacket: Receiver;
  /** The socket failed and must be replaced. */
  readonly onError: (reason: string) => void;
}
