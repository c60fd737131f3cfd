/** Who asks which hops once a second: a running mtr, or a trace after a burst. Nothing else is added there meanwhile. */
import type { HopBudget } from "./hop-budget.ts";
import type { Paths } from "./paths.ts";
import type { Traced } from "../peer.ts";

export class HopClaims {
  readonly #paths: Paths;
  readonly #budget: HopBudget;
  /** Hops that a running mtr asks, by its process id. */
  readonly #mtrs = new Map<number, readonly string[]>();

  constructor(options: { readonly paths: Paths; readonly budget: HopBudget }) {
    this.#paths = options.paths;
    this.#budget = options.budget;
  }

  /** Returns its hops. */
  mtrStarted(pid: number, of: { readonly peer: Traced; readonly firstTtl: number; readonly nowUs: number }): readonly string[] {
    const hops = this.#paths.routerKeys(of.peer, of.peer.lastFlow, of.firstTtl);
    this.#mtrs.set(pid, hops);
    this.#budget.reserve(hops, of.nowUs);
    return hops;
  }

  mtrEnded(pid: number, nowUs: number): void {
    this.#budget.release(this.#mtrs.get(pid) ?? [], nowUs);
    this.#mtrs.delete(pid);
  }

  /** The routers towards a peer, if nothing else asks them once a second and they have answers left; null while that is not so. */
  lend(peer: Traced, flow: number, nowUs: number): readonly string[] | null {
    const hops = this.#paths.routerKeys(peer, flow);
    if (!hops.every((hop) => this.#budget.available(hop, { use: "baseline", nowUs }))) return null;
    this.#budget.reserve(hops, nowUs);
    return hops;
  }

  giveBack(hops: readonly string[], nowUs: number): void {
    this.#budget.release(hops, nowUs);
  }
}
