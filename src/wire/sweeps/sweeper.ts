/**
 * Sweeps: one packet for every TTL at once, so the whole path answers within one round trip. They ride on the flow of the probes that were lost, and
 * every TTL costs a token of the hop budget: what it refuses is left out and said, so that no table shows a loss that we made ourselves.
 *
 * Baselines take from others what these have just asked (`BaselinePlans`), and are believed only if what they asked themselves fits. A trace after a burst has
 * its hops reserved (`AfterRuns`) and asks them all.
 */
import type { Flow } from "../../packet/probe.ts";
import type { IcmpPacket } from "../../packet/icmp.ts";
import type { SweepHop } from "../../path/hop.ts";
import type { Clock } from "../clock.ts";
import { SENDS_PER_DRAIN } from "../socket/drain.ts";
import { BaselinePlans, type BaselinePlan, type HopPlan } from "./baseline-plan.ts";
import { HopBudget } from "./hop-budget.ts";
import { HopClaims } from "./hop-claims.ts";
import type { SweepReport, SweepTrigger } from "../messages.ts";
import { Paths } from "./paths.ts";
import { NOT_ASKED, reachedAt, SweepLessons, type MutableHop, type Sweep } from "./sweep-lessons.ts";
import type { Traced } from "../peer.ts";
import { TraceHandles } from "./trace-handles.ts";
import { UrgentPlans } from "./urgent-plan.ts";
import { say } from "../../phrases/evidence.ts";

/** What has answered by then is reported, so that it is on disk before the burst is over. */
const INTERIM_US = 100_000;
const DEADLINE_US = 1_000_000;
/** Sweeps under way at once; beyond, baselines wait and others are skipped with the reason. */
export const MAX_ACTIVE = 400;

export interface TracePacket {
  readonly peer: Traced;
  readonly flow: Flow;
  readonly ttl: number;
  readonly handle: number;
  readonly tagHigh: number;
  readonly tagLow: number;
}

/** Sends one trace packet now; an errno name when the kernel refused. */
export type SendTrace = (packet: TracePacket) => string | null;

export class Sweeper {
  readonly #budget = new HopBudget();
  readonly #handles = new TraceHandles();
  readonly #active = new Set<Sweep>();
  readonly #failed = new Map<Traced, number>();
  readonly #paths = new Paths();
  readonly #plans = new BaselinePlans({ paths: this.#paths, budget: this.#budget });
  readonly #urgent = new UrgentPlans({ paths: this.#paths, budget: this.#budget });
  readonly #claims = new HopClaims({ paths: this.#paths, budget: this.#budget });
  readonly #lessons: SweepLessons;
  readonly #clock: Clock;
  readonly #send: SendTrace;
  readonly #drain: () => void;
  readonly #post: (report: SweepReport) => void;
  readonly #random: () => number;
  #nextId = 1;

  constructor(options: {
    readonly clock: Clock;
    readonly send: SendTrace;
    /** Reads what has already been answered. */
    readonly drain: () => void;
    readonly post: (report: SweepReport) => void;
    readonly random: () => number;
  }) {
    this.#clock = options.clock;
    this.#lessons = new SweepLessons({ paths: this.#paths, plans: this.#plans, clock: options.clock });
    this.#send = options.send;
    this.#drain = options.drain;
    this.#post = options.post;
    this.#random = options.random;
  }

  get active(): number {
    return this.#active.size;
  }

  /** Sends a sweep now, as far as the hop budget allows; one that may ask too little is reported as skipped. */
  launch(peer: Traced, trigger: SweepTrigger, flow: number): void {
    if (peer.address === null) return;
    const sweep = this.#create(peer, trigger, { flow });
    if (this.#active.size >= MAX_ACTIVE) return this.#skip(sweep, say("sweepsUnderWay", { n: MAX_ACTIVE }));
    const plan = this.#urgent.plan(peer, flow, sweep.startedUs);
    if (typeof plan === "string") return this.#skip(sweep, plan);
    this.#go(sweep, plan);
  }

  /** Sends a baseline; false when it would have holes for want of tokens and `holes` does not allow that. */
  baseline(peer: Traced, flow: number, { holes }: { readonly holes: boolean }): boolean {
    const plan = this.#plans.plan(peer, flow, this.#clock.nowUs());
    if (peer.address === null || this.#active.size >= MAX_ACTIVE || !(plan.whole || holes)) return false;
    if (this.#failed.get(peer) === flow) this.#failed.delete(peer);
    this.#go(this.#create(peer, "baseline", { flow, plan }), plan.hops);
    return true;
  }

  /** The flow whose last baseline did not reach the peer, or found another path than others made it look like; null when it is well. */
  failedFlow(peer: Traced): number | null {
    return this.#failed.get(peer) ?? null;
  }

  /** The path of this flow was seen whole, by packets of its own. */
  knows(peer: Traced, flow: number): boolean {
    return this.#plans.isSure(peer, flow);
  }

  /** There is a path at all, be it assumed. */
  hasPath(peer: Traced): boolean {
    return this.#paths.length(peer, 0) !== null;
  }

  /** Another host from now on, or none: the paths to the one before are none of its. */
  forget(peer: Traced): void {
    for (const sweep of this.#active) if (sweep.peer === peer) this.#finish(sweep, this.#clock.nowUs());
    this.#paths.forgetAll(peer);
    this.#failed.delete(peer);
  }

  /** There are tokens for what was only assumed of a path. */
  mayVerify(peer: Traced): boolean {
    return this.#plans.plan(peer, 0, this.#clock.nowUs()).assumed === 0;
  }

  /** One sweep of a trace after a burst: its hops are reserved for it. */
  after(peer: Traced, flow: number, cycle: NonNullable<SweepReport["cycle"]>): void {
    if (peer.address === null) return;
    const hops = Array.from({ length: this.#paths.lastTtl(peer, flow) }, (): HopPlan => ({ kind: "ask", key: null, routers: 1 }));
    this.#go(this.#create(peer, "after", { flow, cycle }), hops);
  }

  /** Reports a sweep that was not made; with the trigger "after", a trace after a burst that was not made, or not to its end. */
  skip(peer: Traced, { trigger, flow }: { readonly trigger: SweepTrigger; readonly flow: number }, reason: string): void {
    this.#skip(this.#create(peer, trigger, { flow }), reason);
  }

  /** Reserves the routers towards a peer for traces at one a second; null while they have no answers left for that. */
  lendHops(peer: Traced, flow: number): readonly string[] | null {
    return this.#claims.lend(peer, flow, this.#clock.nowUs());
  }

  giveBack(hops: readonly string[]): void {
    this.#claims.giveBack(hops, this.#clock.nowUs());
  }

  /** An echo reply or an ICMP error that quotes a trace packet of this flow. False when it is not one of ours. */
  answer(
    peer: Traced,
    flow: Flow,
    packet: IcmpPacket,
    arrival: { readonly bytes: Buffer; readonly source: string; readonly nowUs: number },
  ): boolean {
    const entry = this.#handles.match(peer, flow, packet, arrival.bytes);
    if (entry === null || packet.kind === "request") return false;
    const { sweep, hop } = entry;
    const kind = packet.kind === "reply" ? "echo-reply" : packet.kind;
    hop.answer = { address: arrival.source, kind, code: packet.code, rttUs: Math.max(0, arrival.nowUs - entry.sentUs) };
    sweep.firstHopUs ??= arrival.nowUs;
    if (this.#complete(sweep)) this.#finish(sweep, arrival.nowUs);
    return true;
  }

  /** A running mtr asks the hops towards this peer, which are returned, once a second: nothing is added to that. */
  mtrStarted(pid: number, peer: Traced, firstTtl: number): readonly string[] {
    return this.#claims.mtrStarted(pid, { peer, firstTtl, nowUs: this.#clock.nowUs() });
  }

  mtrEnded(pid: number): void {
    this.#claims.mtrEnded(pid, this.#clock.nowUs());
  }

  /** Called every tick after the sockets were drained. */
  tick(nowUs: number): void {
    for (const sweep of this.#active) {
      if (nowUs - sweep.startedUs >= DEADLINE_US) this.#finish(sweep, nowUs);
      else if (!sweep.interim && nowUs - sweep.startedUs >= INTERIM_US) {
        sweep.interim = true;
        this.#post(this.#report(sweep, null));
      }
    }
  }

  /** Whether every hop known towards the peer may be asked now. */
  mayAskAll(peer: Traced, flow: number): boolean {
    return this.#urgent.mayAskAll(peer, flow, this.#clock.nowUs());
  }

  #create(
    peer: Traced,
    trigger: SweepTrigger,
    of: { readonly flow: number; readonly plan?: BaselinePlan; readonly cycle?: NonNullable<SweepReport["cycle"]> },
  ): Sweep {
    const progress = { firstHopUs: null, interim: false, launched: false, done: false };
    const { flow, plan = null, cycle = null } = of;
    return { id: this.#nextId++, peer, trigger, flow, startedUs: this.#clock.nowUs(), ...progress, plan, cycle, hops: [], handles: [] };
  }

  #go(sweep: Sweep, plan: readonly HopPlan[]): void {
    const use = sweep.trigger === "baseline" ? "baseline" : "urgent";
    const nowUs = sweep.startedUs;
    this.#active.add(sweep);
    for (let ttl = 1; ttl <= plan.length && !sweep.done; ttl++) {
      const wish = plan[ttl - 1] as HopPlan;
      const hop: MutableHop = { ttl, sent: false, answer: null, note: null, shared: null, sharedMs: null };
      sweep.hops.push(hop);
      if (wish.kind === "share") hop.shared = wish.node;
      else if (wish.kind === "ask" && (wish.key === null || this.#budget.take(wish.key, { use, nowUs, routers: wish.routers })))
        this.#sendHop(sweep, hop);
      else hop.note = NOT_ASKED;
      // Answers of near hops must not wait until the last packet has left; the target may even have answered by then.
      if (ttl % SENDS_PER_DRAIN === 0) this.#drain();
    }
    sweep.launched = true;
    if (!sweep.done && this.#complete(sweep)) this.#finish(sweep, this.#clock.nowUs());
  }

  #sendHop(sweep: Sweep, hop: MutableHop): void {
    const tagHigh = this.#random();
    const tagLow = this.#random();
    const flow = sweep.peer.flows[sweep.flow] as Flow;
    const sentUs = this.#clock.nowUs();
    const handle = this.#handles.add({ sweep, hop, sentUs, tagHigh, tagLow });
    const error = this.#send({ peer: sweep.peer, flow, ttl: hop.ttl, handle, tagHigh, tagLow });
    hop.sent = error === null;
    const node = this.#paths.of(sweep.peer, sweep.flow)?.nodes[hop.ttl - 1];
    if (node !== undefined && hop.sent) node.askedUs = sentUs;
    if (error !== null) hop.note = say("notSent", { code: error });
  }

  /** Nothing more can come that would change the path: every hop before the target answered. */
  #complete(sweep: Sweep): boolean {
    const reached = reachedAt(sweep);
    if (reached === null && !sweep.launched) return false;
    return sweep.hops.every((hop) => hop.answer !== null || !hop.sent || (reached !== null && hop.ttl > reached));
  }

  #finish(sweep: Sweep, nowUs: number): void {
    if (sweep.done) return;
    sweep.done = true;
    this.#active.delete(sweep);
    if (sweep.trigger !== "baseline") this.#lessons.take(sweep);
    else if (!this.#lessons.takeBaseline(sweep)) this.#failed.set(sweep.peer, sweep.flow);
    this.#handles.close(sweep);
    this.#post(this.#report(sweep, nowUs));
  }

  #skip(sweep: Sweep, reason: string): void {
    sweep.done = true;
    this.#post({ ...this.#report(sweep, sweep.startedUs), skipped: reason });
  }

  #report(sweep: Sweep, finishedUs: number | null): SweepReport {
    const hops = sweep.hops.map(({ ttl, sent, answer, note, sharedMs }): SweepHop => ({
      ttl,
      sent: sent || sharedMs !== null,
      answer,
      note,
      ...(sharedMs === null ? {} : { sharedMs }),
    }));
    return {
      id: sweep.id,
      peer: sweep.peer.name,
      target: sweep.peer.address ?? "",
      trigger: sweep.trigger,
      flow: sweep.flow,
      startedMs: this.#clock.wallMs(sweep.startedUs),
      firstHopMs: sweep.firstHopUs === null ? null : this.#clock.wallMs(sweep.firstHopUs),
      finishedMs: finishedUs === null ? null : this.#clock.wallMs(finishedUs),
      skipped: null,
      ...(sweep.cycle === null ? {} : { cycle: sweep.cycle }),
      hops,
    };
  }
}
