/**
 * Every limit of the collector's HTTP side, in one place. What is beyond one is refused and counted (`meshprobe_collector_refused_total`). They hold before anything is
 * parsed; tests make them smaller.
 */
export interface Limits {
  readonly connections: number;
  readonly crowdedAt: number;
  readonly handshakes: number;
  readonly handshakeMs: number;
  readonly headersMs: number;
  readonly idleMs: number;
  readonly crowdedIdleMs: number;
  readonly stalledMs: number;
  readonly pipelined: number;
  readonly compressedBytes: number;
  readonly inflatedBytes: number;
  readonly smallBytes: number;
  readonly small: number;
  readonly bulk: number;
  readonly bulkBytes: number;
  readonly reads: number;
  readonly perHolder: number;
  readonly smallPerHolder: number;
  readonly smallAtOnce: number;
  readonly bulkAtOnce: number;
  readonly readsAtOnce: number;
  readonly paceGraceMs: number;
  readonly paceBytesPerS: number;
  readonly lingerMs: number;
  readonly lingerBytes: number;
  readonly closeMs: number;
}

export const LIMITS: Limits = {
  /** A TLS connection takes about 50 kB: 150 MB. Nodes beyond it are turned away at accept and come again in 2–3 s. */
  connections: 3_000,
  /** From here on connections that say nothing are closed sooner. */
  crowdedAt: 1_000,
  /** A handshake takes 1–2 ms of processor, and a node gives up after 2 s: so many are through in half a second, also on a slow machine in time. */
  handshakes: 200,
  /** Longer than a node waits (2 s): what lasts longer has no node behind it. */
  handshakeMs: 3_000,
  /** Headers fit into one packet. */
  headersMs: 5_000,
  /** Above the pause between two requests of one node. */
  idleMs: 65_000,
  crowdedIdleMs: 2_000,
  /** Neither sent nor taken anything in the midst of a request: a node pauses for 10 s at a time, a few times in a row. */
  stalledMs: 60_000,
  /** Requests that may wait behind one another on one connection; our nodes send one at a time. */
  pipelined: 4,
  /** As it is sent: a body of 256 kB that does not compress, twice. */
  compressedBytes: 512 * 1024,
  /** What it may become: four bodies. */
  inflatedBytes: 1024 * 1024,
  /** A few heads: they go first. */
  smallBytes: 16 * 1024,
  /** All nodes of a fleet at once: 32 MB in all. */
  small: 2_048,
  /** Bodies that are being received or wait for the store. */
  bulk: 128,
  /** Bytes that those may have in all, as announced. */
  bulkBytes: 32 * 1024 * 1024,
  reads: 32,
  /** With one token, of bulk and of reads each: a node has one, and may come again before an old one is given up; so one that sends slowly locks out nobody else. */
  perHolder: 8,
  /**
   * Of small ones. While a link loses packets a head is tried again every two to three seconds, and what is left of each attempt may be here for twenty
   * (paceGraceMs), for its end is lost too: the next one must still come in.
   */
  smallPerHolder: 16,
  /** Given to the store at once: the more, the fewer waits for the disk they share. */
  smallAtOnce: 64,
  /** Bodies that are inflated, parsed and stored at once: each takes up to some ten times its size, and a database has only so many connections. */
  bulkAtOnce: 8,
  readsAtOnce: 4,
  /** Before a sender is measured: at 8 kbit/s a slice of 8 kB takes 8 s, and a pause 10 s. */
  paceGraceMs: 20_000,
  /** Averaged from the start. The slowest `collector.rate` is 1000 B/s and leaves room for pauses; a body takes 45 min at most. */
  paceBytesPerS: 200,
  /** How long a sender that was refused may go on sending before the connection is closed: a reset would take our answer with it. */
  lingerMs: 500,
  lingerBytes: 1024 * 1024,
  /** From the order to stop until what is still at work is cut. */
  closeMs: 4_000,
};
