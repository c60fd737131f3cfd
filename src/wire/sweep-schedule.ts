/**
 * When to sweep: at a suspicion (at most one per peer in ten seconds), at the burst, 200 ms later, and no more fast ones; on the agent's request; and a baseline
 * when a peer first answers and then every `baselineMs`. What has time waits until the hop budget allows every hop it knows.
 */
import type { Clock } from "./clock.ts";
import type { SweepTrigger } from "./messages.ts";
import type { Peer } from "./peer.ts";
import { MAX_ACTIVE, type Sweeper } from "./sweeper.ts";

const SUSPECT_PAUSE_US = 10_000_000;
const SECOND_SWEEP_US = 200_000;
/** A baseline that got no tokens for this long goes out without the hops it may not ask. */
const BASELINE_PATIENCE_US = 60_000_000;
/** How long a trace after a burst waits for tokens. */
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
}

export class SweepSchedule {
  readonly #clock: Clock;
  readonly #sweeper: Sweeper;
  readonly #baselineUs: number;
  readonly #suspectedUs = new Map<Peer, number>();
  readonly #baselines = new Map<Peer, Baseline>();
  /** Second sweeps of a burst; `atUs` is when. */
  readonly #second: Wanted[] = [];
  /** Sweeps that wait for tokens; `atUs` is when they wait no longer. */
  readonly #patient: Wanted[] = [];

  constructor(options: { readonly clock: Clock; readonly sweeper: Sweeper; readonly baselineMs: number }) {
    this.#clock = options.clock;
    this.#sweeper = options.sweeper;
    this.#baselineUs = options.baselineMs * 1000;
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
    this.#sweeper.launch(peer, "burst", flow);
    this.#second.push({ peer, trigger: "burst", atUs: this.#clock.nowUs() + SECOND_SWEEP_US, flow });
  }

  firstReply(peer: Peer): void {
    const nowUs = this.#clock.nowUs();
    this.#baselines.set(peer, { nextUs: nowUs, wantedSinceUs: nowUs });
  }

  /** A sweep that the agent asks for. */
  request(peer: Peer, trigger: SweepTrigger, flow: number): void {
    const canWait = trigger === "after" || trigger === "recapture";
    if (!canWait || this.#patient.length >= MAX_ACTIVE) return this.#sweeper.launch(peer, trigger, flow);
    this.#patient.push({ peer, trigger, flow, atUs: this.#clock.nowUs() + PATIENCE_US });
  }

  /** Called every tick. */
  tick(nowUs: number): void {
    while (this.#second.length > 0 && (this.#second[0] as Wanted).atUs <= nowUs) {
      const { peer, trigger, flow } = this.#second.shift() as Wanted;
      if (peer.detector.inBurst) this.#sweeper.launch(peer, trigger, flow);
    }
    for (const wanted of this.#patient.filter(({ peer, trigger, atUs }) => nowUs >= atUs || this.#sweeper.mayAskAll(peer, trigger))) {
      this.#patient.splice(this.#patient.indexOf(wanted), 1);
      this.#sweeper.launch(wanted.peer, wanted.trigger, wanted.flow);
    }
  }

  /** Called once a second: the next baselines that are due and may go out. */
  baselines(peers: readonly Peer[], nowUs: number): void {
    for (const peer of peers) {
      if (this.#sweeper.active >= MAX_ACTIVE / 2) return;
      if (!peer.everReplied || peer.address === null || peer.detector.troubled) continue;
      let baseline = this.#baselines.get(peer);
      if (baseline === undefined) this.#baselines.set(peer, (baseline = { nextUs: 0, wantedSinceUs: 0 }));
      if (baseline.nextUs > nowUs) continue;
      if (baseline.wantedSinceUs === 0) baseline.wantedSinceUs = nowUs;
      const whole = this.#sweeper.mayAskAll(peer, "baseline");
      if (!whole && nowUs - baseline.wantedSinceUs < BASELINE_PATIENCE_US) continue;
      // One with holes is better than none, and wanted again soon.
      baseline.nextUs = nowUs + (whole ? this.#baselineUs : BASELINE_PATIENCE_US);
      baseline.wantedSinceUs = 0;
      this.#sweeper.launch(peer, "baseline", 0);
    }
  }
}
