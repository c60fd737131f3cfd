/**
 * Requests of ours that TCP may have had to send again: those that failed or took as long as its shortest timer. The kernel counts segments sent again for the host
 * as a whole, and what the agent did to itself must not stand as evidence that real traffic suffered, too.
 */

/** Linux sends a segment again after 200 ms at the earliest (TCP_RTO_MIN); what is answered sooner was sent once. */
const SUSPECT_MS = 200;

export interface OwnRequests {
  /** So far, with those under way. Only grows. */
  readonly suspect: number;
  readonly underWay: boolean;
}

export class RequestLog {
  readonly #nowMs: () => number;
  readonly #begun = new Set<{ readonly atMs: number }>();
  #ended = 0;

  /** Monotonic. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Returns what is to be called at its end. */
  begin(): (failed: boolean) => void {
    const request = { atMs: this.#nowMs() };
    this.#begun.add(request);
    return (failed) => {
      if (!this.#begun.delete(request)) return;
      if (failed || this.#nowMs() - request.atMs >= SUSPECT_MS) this.#ended++;
    };
  }

  get requests(): OwnRequests {
    const nowMs = this.#nowMs();
    const slow = [...this.#begun].filter(({ atMs }) => nowMs - atMs >= SUSPECT_MS).length;
    return { suspect: this.#ended + slow, underWay: this.#begun.size > 0 };
  }
}
