/**
 * When to sweep: at a suspicion (at most one per peer in ten seconds), at the burst, 200 ms later, and no more fast ones; on the agent's request; and a baseline
 * when a peer first answers and then every `baselineMs`, over the flows in turn. What has time waits until the hop budget allows every hop that it wants.
 */
import { AfterRuns } from "./after-runs.ts";
import type { Clock } from "../clock.ts";
import type { SweepTrigger } from "../messages.ts";
import { FLOWS, type Peer } from "../peer.ts";
import { MAX_ACTIVE, type Sweeper } from "./sweeper.ts";
import { say } from "../../phrases/evidence.ts";

const SUSPECT_PAUSE_US = 10_000_000;
const SECOND_SWEEP_US = 200_000;
/** A baseline that got no tokens for this long goes out without the hops it may not ask. */
const BASELINE_PATIENCE_US = 60_000_000;
/** How many times as long it waits for its tokens after that. */
const HOLES_AGAIN = 10;
/** A path that is not known yet, or assumed, or was not seen whole, is asked again after twice as long, then four times, … */
const UNSURE_US = 5_000_000;
const MAX_DOUBLINGS = 10;
/** How much earlier than its period a baseline may come, so that it is not always the same peer that asks for a shared hop. */
const JITTER_US = 10_000_000;
const JITTER_SHARE = 6;
/** Peers of unknown path that are swept in one second: what they find spares the next ones most of their packets. */
const STRANGERS_PER_S = 8;
/** Baselines looked at in one second that had no tokens, and when such a one is looked at again. */
const MAX_REFUSED = 100;
const REFUSED_US = 2_000_000;
/** Time that baselines may take of one tick: with thousands of peers the others come in the next second, and no probe waits. */
const SLICE_US = 3_000;
/** How long a trace of a lasting incident waits for tokens. */
const PATIENCE_US = 20_000_000;

interface Wanted {
  readonly peer: Peer;
  readonly trigger: SweepTrigger;
  readonly flow: number;
  readonly atUs: number;
}

interface Baseline {
  nextUs: number;
  /** Since when it waits for tokens, 0 while it does not. */
  wantedSinceUs: number;
  flow: number;
  launchedUs: number;
  /** When it is tried again if this one fails. */
  againUs: number;
  /** Sweeps in a row before which the path was unsure. */
  unsure: number;
}

const FRESH = { flow: 0, launchedUs: 0, againUs: 0, unsure: 0 } as const;

export class SweepSchedule {
  readonly #clock: Clock;
  readonly #sweeper: Sweeper;
  readonly #baselineUs: number;
  readonly #random: () => number;
  readonly #after: AfterRuns;
  readonly #suspectedUs = new Map<Peer, number>();
  readonly #baselines = new Map<Peer, Baseline>();
  /** The peers in an order of chance: neighbours in a configuration share their paths, and the first ones should not. */
  #order: readonly Peer[] | null = null;
  #turn = 0;
  /** Peers whose path is only assumed, as of the last look at all of them: they come before flows that were never asked. */
  #assumed = 0;
  /** Second sweeps of a burst; `atUs` is when. */
  readonly #second: Wanted[] = [];
  /** Sweeps that wait for tokens; `atUs` is when they wait no longer. */
  readonly #patient: Wanted[] = [];

  /** `random`: 32 bits. */
  constructor(options: { readonly clock: Clock; readonly sweeper: Sweeper; readonly baselineMs: number; readonly random: () => number }) {
    this.#clock = options.clock;
    this.#sweeper = options.sweeper;
    this.#baselineUs = options.baselineMs * 1000;
    this.#random = options.random;
    this.#after = new AfterRuns(options.sweeper);
  }

  /** The peers are others now: `gone` are no longer traced. */
  peersChanged(gone: readonly Peer[]): void {
    this.#order = null;
    this.#turn = 0;
    for (const peer of gone) {
      this.#suspectedUs.delete(peer);
      this.#baselines.delete(peer);
      this.#after.forget(peer);
      this.#sweeper.forget(peer);
      for (const list of [this.#second, this.#patient]) for (let at = list.length - 1; at >= 0; at--) if (list[at]?.peer === peer) list.splice(at, 1);
    }
  }

  suspect(peer: Peer, flow: number): void {
    const nowUs = this.#clock.nowUs();
    const beforeUs = this.#suspectedUs.get(peer);
    if (beforeUs !== undefined && nowUs - beforeUs < SUSPECT_PAUSE_US) return;
    this.#suspectedUs.set(peer, nowUs);
    this.#sweeper.launch(peer, "suspect", flow);
  }

  /** One sweep now and one more 200 ms later. */
  burst(peer: Peer, flow: number): void {
    this.#after.burstBegan(peer, this.#clock.nowUs());
    this.#sweeper.launch(peer, "burst", flow);
    this.#second.push({ peer, trigger: "burst", atUs: this.#clock.nowUs() + SECOND_SWEEP_US, flow });
  }

  firstReply(peer: Peer): void {
    const nowUs = this.#clock.nowUs();
    this.#baselines.set(peer, { nextUs: nowUs, wantedSinceUs: nowUs, ...FRESH });
  }

  /** A sweep that the agent asks for. */
  request(peer: Peer, trigger: SweepTrigger, flow: number): void {
    if (trigger === "baseline") return void this.#sweeper.baseline(peer, flow, { holes: true });
    if (trigger !== "recapture" || this.#patient.length >= MAX_ACTIVE) return this.#sweeper.launch(peer, trigger, flow);
    this.#patient.push({ peer, trigger, flow, atUs: this.#clock.nowUs() + PATIENCE_US });
  }

  /** A trace of a path that is whole again. */
  traceAfter(peer: Peer, order: { readonly flow: number; readonly cycles: number }): void {
    this.#after.add(peer, { ...order, nowUs: this.#clock.nowUs() });
  }

  /** An mtr asks these hops from now on. */
  mtrBegan(hops: readonly string[]): void {
    this.#after.mtrBegan(hops, this.#clock.nowUs());
  }

  /** Called every tick. */
  tick(nowUs: number): void {
    while (this.#second.length > 0 && (this.#second[0] as Wanted).atUs <= nowUs) {
      const { peer, trigger, flow } = this.#second.shift() as Wanted;
      if (peer.detector.inBurst) this.#sweeper.launch(peer, trigger, flow);
    }
    const isDue = ({ peer, flow, atUs }: Wanted): boolean => nowUs >= atUs || !peer.detector.inBurst || this.#sweeper.mayAskAll(peer, flow);
    for (const wanted of this.#patient.filter(isDue)) {
      const { peer, trigger, flow } = wanted;
      this.#patient.splice(this.#patient.indexOf(wanted), 1);
      // What is asked now would be shown among what was asked while it lasted.
      if (peer.detector.inBurst) this.#sweeper.launch(peer, trigger, flow);
      else this.#sweeper.skip(peer, { trigger, flow }, say("budgetOver"));
    }
    this.#after.tick(nowUs);
  }

  /** Called once a second: the next baselines that are due and may go out. `peers` is the same list until it is told that they changed. */
  baselines(peers: readonly Peer[], nowUs: number): void {
    const order = (this.#order ??= shuffled(peers, this.#random));
    let strangers = 0;
    let refused = 0;
    let mayVerify = true;
    let assumed = 0;
    const first = this.#turn;
    const untilUs = this.#clock.nowUs() + SLICE_US;
    for (let n = 0; n < order.length && refused < MAX_REFUSED && this.#sweeper.active < MAX_ACTIVE / 2; n++) {
      if (this.#clock.nowUs() > untilUs) break;
      const peer = order[(first + n) % order.length] as Peer;
      this.#turn = (first + n + 1) % order.length;
      if (!peer.everReplied || peer.address === null || peer.detector.troubled) continue;
      const baseline = this.#baselineOf(peer);
      const failed = this.#sweeper.failedFlow(peer);
      if (baseline.nextUs > nowUs && (failed === null || baseline.againUs > nowUs)) continue;
      const isSure = this.#sweeper.knows(peer, 0);
      const isStranger = !this.#sweeper.hasPath(peer);
      if (!isSure && !isStranger) assumed++;
      const isEarly = nowUs - baseline.launchedUs < this.#baselineUs - JITTER_US;
      if (isSure && failed === null && baseline.unsure > 0) {
        baseline.unsure = 0;
        baseline.nextUs = baseline.launchedUs + this.#periodUs();
      } else if (isStranger && strangers >= STRANGERS_PER_S) continue;
      // What is assumed of a path is shared by all of which it is assumed: where one finds no token the others need not look.
      else if (!isSure && !isStranger && isEarly && !(mayVerify &&= this.#sweeper.mayVerify(peer))) continue;
      else if (this.#launch(peer, baseline, { isSure, failed, nowUs })) strangers += isStranger ? 1 : 0;
      else refused++;
    }
    this.#assumed = assumed;
  }

  #baselineOf(peer: Peer): Baseline {
    let baseline = this.#baselines.get(peer);
    if (baseline === undefined) this.#baselines.set(peer, (baseline = { nextUs: 0, wantedSinceUs: 0, ...FRESH }));
    return baseline;
  }

  #periodUs(): number {
    return this.#baselineUs - (this.#random() / 2 ** 32) * Math.min(JITTER_US, this.#baselineUs / JITTER_SHARE);
  }

  /** False when there are not tokens enough. */
  #launch(peer: Peer, baseline: Baseline, state: { readonly isSure: boolean; readonly failed: number | null; readonly nowUs: number }): boolean {
    const { isSure, failed, nowUs } = state;
    if (baseline.wantedSinceUs === 0) baseline.wantedSinceUs = nowUs;
    // Another flow may take another path, so nothing is assumed of it: it has its turn when there are tokens for all of its hops.
    const next = (baseline.flow + 1) % FLOWS;
    const turn = failed ?? (isSure && (this.#assumed === 0 || this.#sweeper.knows(peer, next)) ? next : 0);
    // One with holes is better than none; more of them would take the tokens that make others whole.
    const holes = nowUs - baseline.wantedSinceUs >= BASELINE_PATIENCE_US * (baseline.unsure === 0 ? 1 : HOLES_AGAIN);
    const went = [turn, 0].some((flow) => this.#sweeper.baseline(peer, flow, { holes: holes && flow === 0 }));
    if (!went) {
      baseline.nextUs = nowUs + REFUSED_US;
      baseline.againUs = baseline.nextUs;
      return false;
    }
    baseline.flow = turn;
    baseline.launchedUs = nowUs;
    baseline.wantedSinceUs = 0;
    baseline.unsure = isSure && failed === null ? 0 : baseline.unsure + 1;
    const periodUs = this.#periodUs();
    const againUs = Math.min(periodUs, UNSURE_US * 2 ** Math.min(baseline.unsure, MAX_DOUBLINGS));
    baseline.againUs = nowUs + againUs;
    baseline.nextUs = nowUs + (isSure ? periodUs : againUs);
    return true;
  }
}

function shuffled(peers: readonly Peer[], random: () => number): Peer[] {
  const order = [...peers];
  for (let last = order.length - 1; last > 0; last--) {
    const other = random() % (last + 1);
    [order[last], order[other]] = [order[other] as Peer, order[last] as Peer];
  }
  return order;
}
