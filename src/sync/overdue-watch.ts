/**
 * Whether our own deliveries delay probes. The wire tells which peers had an overdue probe; one that had none in the minute before, while nothing was being sent,
 * and has one while something is, is a reason to pause. The pause is the experiment: a peer that turns overdue in it too does so by itself, and for a minute it is no
 * reason any more. So a link that is lossy all the time does not starve the delivery, and one that our deliveries hurt goes on being spared.
 */
const FINE_MS = 60_000;
export const PAUSE_MS = 10_000;
/** Some packet of a thousand peers is always late: after a pause so much is sent at least, a sixth of the time in the worst case. */
const LEAST_SENDING_MS = 2_000;
/** What was written this long ago may still be the cause: a probe waits for a second at most before it is overdue. */
const TAIL_MS = 1_000;

export class OverdueWatch {
  /** Per peer: when it last turned overdue without our doing. */
  readonly #byItself = new Map<string, number>();
  #pausedUntilMs = Number.NEGATIVE_INFINITY;

  /** Peers with an overdue probe at this moment. Returns the one because of which to pause for `PAUSE_MS`; null for none. Monotonic ms. */
  note(peers: readonly string[], { nowMs, lastWrittenMs }: { readonly nowMs: number; readonly lastWrittenMs: number }): string | null {
    if (nowMs - lastWrittenMs > TAIL_MS) {
      for (const peer of peers) this.#byItself.set(peer, nowMs);
      return null;
    }
    if (nowMs < this.#pausedUntilMs + LEAST_SENDING_MS) return null;
    const hurt = peers.find((peer) => nowMs - (this.#byItself.get(peer) ?? Number.NEGATIVE_INFINITY) > FINE_MS);
    if (hurt === undefined) return null;
    this.#pausedUntilMs = nowMs + PAUSE_MS;
    return hurt;
  }

  /** They are not probed any more. */
  forget(peers: readonly string[]): void {
    for (const peer of peers) this.#byItself.delete(peer);
  }
}
