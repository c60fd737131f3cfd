/**
 * What a sweep teaches when it is over: the path, and what its hops answered. A baseline is completed with what was asked for others, and is believed only if
 * what it asked itself fits: routers and length must be those of the path that is known, else the next one asks everything.
 */
import type { SweepAnswer } from "../../path/hop.ts";
import type { BaselinePlan, BaselinePlans } from "./baseline-plan.ts";
import type { Clock } from "../clock.ts";
import type { HopNode } from "./hop-tree.ts";
import type { SweepReport, SweepTrigger } from "../messages.ts";
import type { Paths } from "./paths.ts";
import type { Traced } from "../peer.ts";
import { say } from "../../phrases/evidence.ts";

/** How old an answer to another sweep may be that completes a baseline. */
const RECENT_ANSWER_US = 60_000_000;
/** TTLs that systems send with. */
const INITIAL_TTLS = [32, 64, 128, 255] as const;
export const NOT_ASKED: string = say("notAsked");
const ASSUMED = say("assumed");

export interface MutableHop {
  readonly ttl: number;
  sent: boolean;
  answer: SweepAnswer | null;
  note: string | null;
  /** Not asked now: what others asked stands here when the sweep is over. */
  shared: HopNode | null;
  /** Wall ms of that. */
  sharedMs: number | null;
}

export interface Sweep {
  readonly id: number;
  readonly peer: Traced;
  readonly trigger: SweepTrigger;
  readonly flow: number;
  readonly startedUs: number;
  firstHopUs: number | null;
  interim: boolean;
  /** All its packets have left. */
  launched: boolean;
  done: boolean;
  /** Null unless it is a baseline. */
  readonly plan: BaselinePlan | null;
  readonly cycle: NonNullable<SweepReport["cycle"]> | null;
  readonly hops: MutableHop[];
  readonly handles: number[];
}

/** The smallest TTL that reached the target, null when none did. */
export function reachedAt(sweep: Sweep): number | null {
  return sweep.hops.find((hop) => hop.answer?.kind === "echo-reply")?.ttl ?? null;
}

/** How many routers the replies with this TTL passed, null where that is not known (IPv6). */
function routersBack(replyTtl: number): number | null {
  const initial = INITIAL_TTLS.find((ttl) => ttl >= replyTtl);
  return replyTtl === 0 || initial === undefined ? null : initial - replyTtl;
}

function confirm(node: HopNode, { answer, startedUs }: { readonly answer: SweepAnswer; readonly startedUs: number }): void {
  node.answer = answer;
  node.answeredUs = startedUs + answer.rttUs;
}

export class SweepLessons {
  readonly #paths: Paths;
  readonly #plans: BaselinePlans;
  readonly #clock: Clock;

  constructor(options: { readonly paths: Paths; readonly plans: BaselinePlans; readonly clock: Clock }) {
    this.#paths = options.paths;
    this.#plans = options.plans;
    this.#clock = options.clock;
  }

  take(sweep: Sweep): void {
    this.#compare(sweep);
    this.#learn(sweep);
  }

  /** What others asked completes the path, if what was asked now fits it. False when it does not, or the target was not reached. */
  takeBaseline(sweep: Sweep): boolean {
    const { peer, flow } = sweep;
    const shared = sweep.hops.filter((hop) => hop.shared !== null);
    const reached = reachedAt(sweep);
    if (reached === null) {
      const path = this.#paths.of(peer, flow);
      if (path !== null) path.misses++;
    }
    const fits = shared.length === 0 || (reached !== null && this.#fits(sweep, reached));
    for (const hop of shared) {
      const { answer, answeredUs, askedUs } = hop.shared as HopNode;
      const isRecent = answeredUs >= sweep.startedUs - RECENT_ANSWER_US;
      if (fits) {
        hop.answer = isRecent ? answer : null;
        hop.sharedMs = this.#clock.wallMs(isRecent ? answeredUs : askedUs);
        if (hop.ttl <= (sweep.plan?.assumed ?? 0)) hop.note = ASSUMED;
      } else hop.note = NOT_ASKED;
    }
    this.#compare(sweep);
    // A hop that was not asked would look like a silent one.
    const hasHoles = sweep.hops.some((hop) => hop.shared === null && !hop.sent && (reached === null || hop.ttl < reached));
    if (fits && !(hasHoles && this.#paths.of(peer, flow) === null)) this.#learn(sweep);
    else if (!fits && reached !== null) this.#plans.doubt(peer, flow);
    return reached !== null && fits;
  }

  #fits(sweep: Sweep, reached: number): boolean {
    const { peer, plan } = sweep;
    const path = this.#paths.of(peer, sweep.flow);
    if (path === null) {
      // Right behind hops that were not asked the target may be nearer than it looks. Its replies tell how many routers they passed.
      const assumed = plan?.assumed ?? 0;
      return reached > assumed + 1 || routersBack(peer.replyTtls[sweep.flow] ?? 0) === reached - 1;
    }
    const differs = (hop: MutableHop): boolean => {
      const usual = path.addresses[hop.ttl - 1] ?? null;
      return hop.answer?.kind === "time-exceeded" && usual !== null && hop.answer.address !== usual;
    };
    return reached === path.length && !sweep.hops.some(differs);
  }

  #learn(sweep: Sweep): void {
    const { peer, flow } = sweep;
    const assumed = sweep.plan?.assumed ?? this.#paths.of(peer, flow)?.assumed ?? 0;
    const { nodes } = this.#paths.remember(peer, flow, { hops: sweep.hops, reachedTtl: reachedAt(sweep), assumed });
    for (const { ttl, sent, answer, shared } of sweep.hops) {
      const node = nodes[ttl - 1];
      if (node === undefined || shared !== null || !sent) continue;
      node.askedUs = Math.max(node.askedUs, sweep.startedUs);
      if (answer?.kind === "time-exceeded" && answer.address === node.address) confirm(node, { answer, startedUs: sweep.startedUs });
    }
  }

  /** The router that was asked answered, or another did: then whoever else has the first on its path asks for itself. */
  #compare({ peer, flow, startedUs, hops }: Sweep): void {
    const nodes = this.#paths.of(peer, flow)?.nodes ?? [];
    for (const { ttl, answer, shared } of hops) {
      const usual = nodes[ttl - 1];
      if (usual === undefined || shared !== null || answer === null) continue;
      if (answer.address !== usual.address) usual.askedUs = -Infinity;
      else confirm(usual, { answer, startedUs });
    }
  }
}
