/**
 * Reads the sockets at moments of our choosing: fully before deadlines are judged, and a little between sends, where what answers at once is read for the
 * price of a system call instead of a wake-up.
 */
import type { Clock } from "../clock.ts";
import type { IcmpSocket } from "./icmp-socket.ts";
import type { Readiness } from "./readiness.ts";

/** After this many sends the sockets are looked at. */
export const SENDS_PER_DRAIN = 4;
const DRAIN_ALL = 20_000;
/** So many fruitless looks in a row, and only each 64th is made: on long paths nothing answers at once. */
const MISSES = 4;
const SKIPS = 64;

/** So many looks for requests in vain, and only each tenth tick has one: without agents at the peers there never are any. */
const SILENT_LOOKS = 10;

export type Sockets = { readonly [family in 4 | 6]: IcmpSocket | null };

export class Drain {
  readonly #sockets: Sockets;
  readonly #clock: Clock;
  readonly #readiness: Readiness;
  #packets = 0;
  #misses = 0;
  #skips = 0;
  #requestDrops = 0;
  #silentLooks = 0;
  #skippedLooks = 0;

  constructor(options: { readonly sockets: Sockets; readonly clock: Clock; readonly readiness: Readiness }) {
    this.#sockets = options.sockets;
    this.#clock = options.clock;
    this.#readiness = options.readiness;
  }

  /** A packet came in. */
  count(): void {
    this.#packets++;
  }

  some(): void {
    if (this.#misses >= MISSES && ++this.#skips % SKIPS !== 0) return;
    const before = this.#packets;
    this.#sockets[4]?.drain(SENDS_PER_DRAIN);
    this.#sockets[6]?.drain(SENDS_PER_DRAIN);
    this.#misses = this.#packets > before ? 0 : this.#misses + 1;
    this.#readiness.left(this.#clock.nowUs());
  }

  all(): void {
    this.#sockets[4]?.drain(DRAIN_ALL);
    this.#sockets[6]?.drain(DRAIN_ALL);
    this.#readiness.emptied(this.#clock.nowUs());
  }

  /** The requests of others, after our own sends. True when some were lost because they waited too long for us. */
  requests(): boolean {
    if (this.#silentLooks >= SILENT_LOOKS && ++this.#skippedLooks % SILENT_LOOKS !== 0) return false;
    const before = this.#packets;
    const drops = (this.#sockets[4]?.drainRequests(DRAIN_ALL) ?? 0) + (this.#sockets[6]?.drainRequests(DRAIN_ALL) ?? 0);
    this.#silentLooks = this.#packets > before ? 0 : this.#silentLooks + 1;
    const more = drops !== this.#requestDrops;
    this.#requestDrops = drops;
    return more;
  }

  /** Packets that the kernel threw away because a receive buffer was full, in all. */
  drops(): number {
    return (this.#sockets[4]?.drops() ?? 0) + (this.#sockets[6]?.drops() ?? 0);
  }
}
