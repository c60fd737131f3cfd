/** Peers that answer for the first time, and those that never have: a peer that has never answered has no incident, it is told once, and then once an hour. */
import type { Clock } from "../clock.ts";
import type { FirstReply, WireMessage } from "../messages.ts";
import type { Peer } from "../peer.ts";
import type { SweepSchedule } from "../sweeps/sweep-schedule.ts";

const NEVER_ANSWERED_US = 10_000_000;
const HOURLY_US = 3_600_000_000;

interface Options {
  readonly peers: readonly Peer[];
  readonly clock: Clock;
  readonly schedule: Pick<SweepSchedule, "firstReply" | "request">;
  readonly post: (message: WireMessage) => void;
}

export class FirstReplies {
  readonly #options: Options;
  #replies: FirstReply[] = [];
  /** Peers that have never answered, and when that is next to be said. */
  readonly #neverNextUs = new Map<Peer, number>();

  constructor(options: Options) {
    this.#options = options;
    for (const peer of options.peers) this.expect(peer);
  }

  /** A peer that is probed from now on. */
  expect(peer: Peer): void {
    if (!peer.everReplied) this.#neverNextUs.set(peer, peer.sinceUs + NEVER_ANSWERED_US);
  }

  forget(peer: Peer): void {
    this.#neverNextUs.delete(peer);
  }

  take(peer: Peer, nowUs: number): void {
    peer.everReplied = true;
    if (peer.canary || peer.retired) return;
    this.#neverNextUs.delete(peer);
    this.#replies.push({ peer: peer.name, address: peer.address ?? "", atMs: this.#options.clock.wallMs(nowUs) });
    this.#options.schedule.firstReply(peer);
  }

  /** All of a tick in one message: at the start a thousand peers answer within one interval. */
  send(): void {
    if (this.#replies.length === 0) return;
    this.#options.post({ kind: "first-reply", replies: this.#replies });
    this.#replies = [];
  }

  /** Called once a second. */
  neverAnswered(nowUs: number): void {
    const { clock, schedule, post } = this.#options;
    for (const [peer, atUs] of this.#neverNextUs) {
      if (nowUs < atUs || peer.address === null) continue;
      this.#neverNextUs.set(peer, nowUs + HOURLY_US);
      post({ kind: "never-answered", peer: peer.name, sinceMs: clock.wallMs(peer.sinceUs) });
      schedule.request(peer, "baseline", 0);
    }
  }
}
