/**
 * How the wire fares: what it says of its own troubles is logged when it gets worse, not every second, and the time between the last word of one wire and the
 * "ready" of the next, which nobody watched, becomes one blind interval.
 */
import type { FactLog } from "../fact-log.ts";
import type { BlindRow } from "../store/rows.ts";
import type { RefusedRequests, WireMessage } from "../wire/messages.ts";

type Ready = Extract<WireMessage, { kind: "ready" }>;
type Alive = Extract<WireMessage, { kind: "alive" }>;

/** A wrong key is refused ten times a second and peer: said at once, and then no more often than somebody can change that. */
const REFUSED_AGAIN_MS = 600_000;

const REASONS: { readonly [reason in keyof RefusedRequests]: (count: number, peer: string) => string } = {
  wrongTag: (count, peer) =>
    `${requests(count)} came with a wrong tag, the last in the name of ${peer}: is the mesh key the same on every node? (mesh.key_file)`,
  oldBoot: (count, peer) =>
    `${requests(count)} of a boot that is over came, the last in the name of ${peer}: replayed, or its clock was set back and its data removed`,
};

export class WireHealth {
  readonly #log: Pick<FactLog, "warn">;
  /** Since when nobody watches, null while the wire runs. Wall ms, as all times here. */
  #unwatched: { readonly sinceMs: number; readonly cause: "wire-restart" | "agent-restart" } | null = null;
  #lastAliveMs = 0;
  /** Kinds of send errors seen from this wire, and messages it had to drop. */
  #sendErrors = 0;
  #dropped = 0;
  /** Requests refused by this wire of which something was said, and when. */
  readonly #refused = { wrongTag: { count: 0, saidMs: Number.NEGATIVE_INFINITY }, oldBoot: { count: 0, saidMs: Number.NEGATIVE_INFINITY } };

  constructor(log: Pick<FactLog, "warn">) {
    this.#log = log;
  }

  /** Since when nobody watches, null while the wire does. */
  get unwatchedSinceMs(): number | null {
    return this.#unwatched?.sinceMs ?? null;
  }

  /** When the agent before us was last alive. */
  agentRestarted(lastAliveMs: number, nowMs: number): void {
    // In the future: the wall clock was set back meanwhile, and how long nobody watched is not known.
    this.#unwatched = { sinceMs: Math.min(lastAliveMs, nowMs), cause: "agent-restart" };
  }

  /** The wire died; until the next one is ready nobody watches. */
  gone(nowMs: number): void {
    const sinceMs = this.#unwatched?.sinceMs ?? (this.#lastAliveMs > 0 ? this.#lastAliveMs : nowMs);
    this.#unwatched = { sinceMs, cause: "wire-restart" };
  }

  /** A wire watches again. Returns the interval that nobody watched, if there was one. */
  ready(message: Pick<Ready, "receiveBuffer" | "wantedBuffer">, nowMs: number): BlindRow | null {
    if (message.receiveBuffer > 0 && message.receiveBuffer < message.wantedBuffer) {
      const wanted = message.wantedBuffer / 2;
      this.#log.warn(
        { receive_buffer: message.receiveBuffer },
        `the receive buffer is smaller than wanted, a stall may overflow it: sysctl -w net.core.rmem_max=${wanted} (and in /etc/sysctl.d), then restart`,
      );
    }
    const unwatched = this.#unwatched;
    if (unwatched === null) return null;
    this.#unwatched = null;
    return { startedMs: unwatched.sinceMs, endedMs: Math.max(unwatched.sinceMs, nowMs), cause: unwatched.cause, detail: null };
  }

  alive(message: Pick<Alive, "atMs" | "sendErrors" | "dropped" | "refused">): void {
    this.#lastAliveMs = message.atMs;
    const errors = Object.keys(message.sendErrors);
    if (errors.length > this.#sendErrors)
      this.#log.warn({ errors: message.sendErrors }, "the kernel refused to send probes: a fault of this node, never counted as loss");
    this.#sendErrors = errors.length;
    if (message.dropped > this.#dropped) this.#log.warn({ messages: message.dropped }, "the agent was too slow for its wire: rollups were dropped");
    this.#dropped = message.dropped;
    this.#tellRefused("wrongTag", message);
    this.#tellRefused("oldBoot", message);
  }

  /** Hearing goes without these requests; why, nobody but the operator can know. */
  #tellRefused(reason: keyof RefusedRequests, { atMs, refused }: Pick<Alive, "atMs" | "refused">): void {
    const said = this.#refused[reason];
    const { count, peer } = refused[reason];
    // Another wire counts from zero.
    if (count < said.count) said.count = 0;
    // Wall time: after it was set back, waiting would last longer than meant.
    if (count === said.count || peer === null || (atMs >= said.saidMs && atMs - said.saidMs < REFUSED_AGAIN_MS)) return;
    this.#log.warn({ requests: count - said.count, peer }, REASONS[reason](count - said.count, peer));
    said.count = count;
    said.saidMs = atMs;
  }
}

function requests(count: number): string {
  return count === 1 ? "1 request" : `${count} requests`;
}
