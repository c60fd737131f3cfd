/**
 * Traces after a burst: sweeps at one a second, as many as asked for. As with mtr there is one through any one hop, for a router answers about once a second, so
 * others wait. They live on what baselines may use, so that a burst elsewhere keeps its tokens, and pause when one begins, or an mtr: what happens now comes first.
 */
import type { Peer } from "../peer.ts";
import type { Sweeper } from "./sweeper.ts";
import { say } from "../../phrases/evidence.ts";

const EACH_US = 1_000_000;
/** How long one waits for hops that an mtr or another trace is asking; the longest of those takes about that. */
const PATIENCE_US = 120_000_000;
/** How long they leave the routers to a burst that has just begun; its mtr, if it has one, keeps them longer. */
const PAUSE_US = 5_000_000;
/** Under way and waiting; beyond, they are skipped with the reason. */
const MAX_RUNS = 100;

interface Run {
  readonly peer: Peer;
  readonly flow: number;
  readonly cycles: number;
  sinceUs: number;
  done: number;
  nextUs: number;
  /** Budget keys of its hops, null while it waits. */
  hops: readonly string[] | null;
}

export class AfterRuns {
  readonly #sweeper: Sweeper;
  #runs: Run[] = [];

  constructor(sweeper: Sweeper) {
    this.#sweeper = sweeper;
  }

  add(peer: Peer, order: { readonly flow: number; readonly cycles: number; readonly nowUs: number }): void {
    const { flow, cycles, nowUs } = order;
    if (this.#runs.length >= MAX_RUNS) return this.#sweeper.skip(peer, { trigger: "after", flow }, say("aftersWait", { n: MAX_RUNS }));
    this.#runs.push({ peer, flow, cycles, sinceUs: nowUs, done: 0, nextUs: nowUs, hops: null });
  }

  /** Called every tick. */
  tick(nowUs: number): void {
    for (const run of this.#runs) {
      if (run.nextUs > nowUs) continue;
      run.hops ??= this.#sweeper.lendHops(run.peer, run.flow);
      if (run.hops === null) {
        if (nowUs - run.sinceUs >= PATIENCE_US) this.#end(run, say("budgetTrace"));
        continue;
      }
      run.done++;
      run.nextUs = nowUs + EACH_US;
      this.#sweeper.after(run.peer, run.flow, { number: run.done, of: run.cycles });
      if (run.done === run.cycles) this.#end(run, null);
    }
  }

  /** The peer is retired. */
  forget(peer: Peer): void {
    for (const run of this.#runs) if (run.peer === peer) this.#end(run, null);
  }

  /** A burst began: its own traces need the routers. What was asked for after an earlier burst of the same peer is over. */
  burstBegan(peer: Peer, nowUs: number): void {
    for (const run of this.#runs) {
      if (run.peer === peer) this.#end(run, say("anotherBurst", { n: run.done, of: run.cycles }));
      else this.#pause(run, nowUs);
    }
  }

  /** An mtr asks these hops from now on: it was told to begin without a look at us. */
  mtrBegan(hops: readonly string[], nowUs: number): void {
    const asked = new Set(hops);
    for (const run of this.#runs) if (run.hops?.some((hop) => asked.has(hop)) === true) this.#pause(run, nowUs);
  }

  #pause(run: Run, nowUs: number): void {
    if (run.hops !== null) this.#sweeper.giveBack(run.hops);
    run.hops = null;
    run.sinceUs = nowUs;
    run.nextUs = nowUs + PAUSE_US;
  }

  #end(run: Run, reason: string | null): void {
    this.#runs = this.#runs.filter((other) => other !== run);
    if (run.hops !== null) this.#sweeper.giveBack(run.hops);
    if (reason !== null) this.#sweeper.skip(run.peer, { trigger: "after", flow: run.flow }, reason);
  }
}
