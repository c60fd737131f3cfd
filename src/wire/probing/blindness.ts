/**
 * When we could not see: a stall, a receive buffer that was full, a machine that slept, a socket that failed. What would have been judged then is no
 * fact about the network. Overflow is asked for before anybody is accused.
 */
import type { Clock } from "../clock.ts";
import type { BlindCause, WireMessage } from "../messages.ts";
import { say } from "../../phrases/evidence.ts";

/** Stalls that follow each other are one interval, told again at the latest after this long. */
const TELL_AFTER_US = 10_000_000;

interface Stall {
  readonly startUs: number;
  endUs: number;
  ticks: number;
}

interface Options {
  readonly clock: Clock;
  readonly post: (message: WireMessage) => void;
  /** Packets thrown away by the kernel, in all. */
  readonly drops: () => number;
  /** Forget what led up to this moment. */
  readonly forget: () => void;
  /** Do not judge what was under way with a deadline after this. */
  readonly censor: (sinceUs: number) => void;
}

export class Blindness {
  readonly #options: Options;
  #drops: number;
  #dropsUs: number;
  #stall: Stall | null = null;

  constructor(options: Options) {
    this.#options = options;
    this.#drops = options.drops();
    this.#dropsUs = options.clock.nowUs();
  }

  /** A tick that came much too late. It is told once a tick comes in time again: an overloaded machine has one long blindness, not hundreds. */
  stalled(startUs: number, endUs: number): void {
    this.#options.forget();
    if (this.#stall === null) this.#stall = { startUs, endUs, ticks: 1 };
    else {
      this.#stall.endUs = endUs;
      this.#stall.ticks++;
    }
    if (endUs - this.#stall.startUs > TELL_AFTER_US) this.tellStall();
  }

  /** Posts the stall that is over. */
  tellStall(): void {
    if (this.#stall === null) return;
    const { startUs, endUs, ticks } = this.#stall;
    this.#stall = null;
    const ms = Math.round((endUs - startUs) / 1000);
    this.#tell({ startUs, endUs }, "stall", ticks === 1 ? say("stalled", { n: ms }) : say("slow", { of: ticks, n: ms }));
  }

  /** Whether packets were thrown away since the last look; if so, nothing under way can be judged. */
  overflowed(nowUs: number): boolean {
    const drops = this.#options.drops();
    const sinceUs = this.#dropsUs;
    this.#dropsUs = nowUs;
    const more = drops - this.#drops;
    this.#drops = drops;
    if (more <= 0) return false;
    this.#options.forget();
    this.#tell({ startUs: sinceUs, endUs: nowUs }, "overflow", say("overflowed", { n: more }));
    this.#options.censor(sinceUs);
    return true;
  }

  /** The machine slept for this long, until about now; it is noticed at most `noticedUs` later. */
  suspended(nowUs: number, slept: { readonly ms: number; readonly noticedUs: number }): void {
    this.#options.forget();
    this.#tell({ startUs: nowUs - slept.ms * 1000, endUs: nowUs }, "suspend", say("slept", { n: Math.round(slept.ms) }));
    this.#options.censor(nowUs - slept.noticedUs);
  }

  /** A socket failed and was replaced; probes sent since `sentSinceUs` may have been answered to the old one. */
  socketReplaced(nowUs: number, replaced: { readonly reason: string; readonly sentSinceUs: number }): void {
    this.#drops = this.#options.drops();
    this.#options.forget();
    this.#tell({ startUs: nowUs, endUs: nowUs }, "socket-error", replaced.reason);
    this.#options.censor(replaced.sentSinceUs);
  }

  #tell(interval: { readonly startUs: number; readonly endUs: number }, cause: BlindCause, detail: string): void {
    const { clock, post } = this.#options;
    post({ kind: "blind", startedMs: clock.wallMs(interval.startUs), endedMs: clock.wallMs(interval.endUs), cause, detail });
  }
}
