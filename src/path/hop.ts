/** One line of a hop table: what was sent with this TTL and what came back. RFC 2330 words; the layout is mtr's. */
export interface Hop {
  readonly ttl: number;
  /** The address that answered most often, null when nothing answered. */
  readonly address: string | null;
  readonly addresses: readonly string[];
  /** 0 when no packet was sent with this TTL (see `note`): such a line says nothing about the hop. */
  readonly sent: number;
  readonly received: number;
  /** Percent, one decimal; null when nothing was sent. */
  readonly lossPct: number | null;
  readonly rttMs: HopRtt | null;
  readonly mpls: readonly string[];
  readonly note: string | null;
  /** Of every answer, µs, in the order in which they came. Absent where only their sums were kept. */
  readonly rttsUs?: readonly number[];
}

export interface HopRtt {
  readonly best: number;
  readonly avg: number;
  readonly worst: number;
  /** Of many answers of which only sums were kept. */
  readonly last?: number;
  readonly stdev?: number;
}

/** What one packet of a sweep brought back. */
export interface SweepAnswer {
  readonly address: string;
  readonly kind: "time-exceeded" | "echo-reply" | "unreachable";
  /** ICMP code, for `unreachable`. */
  readonly code: number;
  readonly rttUs: number;
}

/** One TTL of a sweep. `sent: false` with `note` when the hop budget or the kernel refused it. */
export interface SweepHop {
  readonly ttl: number;
  readonly sent: boolean;
  readonly answer: SweepAnswer | null;
  readonly note: string | null;
  /** Wall ms when it was asked in another sweep, for whichever peer, where this one did not ask again. */
  readonly sharedMs?: number;
}
