/**
 * How long a packet may have waited for us before it was read: the error of its RTT, since raw-socket has no kernel time stamps. While the loop sleeps
 * in poll a packet is read when it comes; while it is busy, or wants to run and is not let in, a packet waits.
 */

/** A pause in our own code longer than this was sleep. */
const ASLEEP_US = 100;
/** A timer may come this late without anything being wrong. */
const TIMER_SLACK_US = 1_500;

export class Readiness {
  #tickUs: number;
  /** µs that this process has waited for a processor, in all. */
  readonly #runDelayUs: () => number;
  #lastTickUs: number;
  /** From here on packets may have waited. */
  #busySinceUs: number;
  /** When control last left our code, as far as we know. */
  #leftUs: number;
  /** What we had waited for a processor at the last tick and at the one before: a probe may have left in the one before. */
  #waitedUs: number;
  #waitedBeforeUs: number;

  constructor(options: { readonly tickUs: number; readonly nowUs: number; readonly runDelayUs: () => number }) {
    this.#tickUs = options.tickUs;
    this.#runDelayUs = options.runDelayUs;
    this.#lastTickUs = options.nowUs;
    this.#busySinceUs = options.nowUs;
    this.#leftUs = options.nowUs;
    this.#waitedUs = options.runDelayUs();
    this.#waitedBeforeUs = this.#waitedUs;
  }

  /** Ticks come at another pace from now on. */
  retime(tickUs: number): void {
    this.#tickUs = tickUs;
  }

  /** A packet or a timer woke us. */
  woke(nowUs: number): void {
    // Late for our own timer: we may have slept through the arrival of what we are about to read.
    if (nowUs - this.#leftUs > ASLEEP_US) this.#busySinceUs = nowUs > this.#lastTickUs + this.#tickUs + TIMER_SLACK_US ? this.#leftUs : nowUs;
    this.#leftUs = nowUs;
  }

  /** A tick begins. Returns since when there was none, and by how much it is late. */
  ticked(nowUs: number): { readonly sinceUs: number; readonly lagUs: number } {
    const sinceUs = this.#lastTickUs;
    this.woke(nowUs);
    this.#lastTickUs = nowUs;
    return { sinceUs, lagUs: nowUs - sinceUs - this.#tickUs };
  }

  /** The sockets are empty: what arrives from here on has not waited longer than this. */
  emptied(nowUs: number): void {
    this.#busySinceUs = nowUs;
    this.#leftUs = nowUs;
  }

  /** Once a tick, when all that had arrived was read. */
  accountWaiting(): void {
    this.#waitedBeforeUs = this.#waitedUs;
    this.#waitedUs = this.#runDelayUs();
  }

  left(nowUs: number): void {
    this.#leftUs = nowUs;
  }

  /** At most this much of the time from `sentUs` to `nowUs` is ours, µs. Would the reply be slow, it is looked at closely: were we not let in? */
  errorUs(reply: { readonly sentUs: number; readonly nowUs: number; readonly softUs: number }): number {
    const rttUs = Math.max(0, reply.nowUs - reply.sentUs);
    const busyUs = Math.max(0, reply.nowUs - Math.max(this.#busySinceUs, reply.sentUs));
    if (rttUs - busyUs <= reply.softUs) return busyUs;
    return Math.min(rttUs, busyUs + this.#runDelayUs() - this.#waitedBeforeUs);
  }
}
