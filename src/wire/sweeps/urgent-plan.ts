/** What a sweep asks while something is wrong: every hop that has a token left, or nothing when these are too few to show the path. */
import type { HopPlan } from "./baseline-plan.ts";
import type { HopBudget } from "./hop-budget.ts";
import type { Paths } from "./paths.ts";
import type { Traced } from "../peer.ts";
import { say } from "../../phrases/evidence.ts";

/** A sweep that may ask fewer of the hops it knows than this share is not worth sending. */
const MIN_SHARE = 0.5;
/** Whose sweeps used up a budget, for the reason of those that got none. */
const RECENT_US = 3_000_000;
const NAMED_PEERS = 3;

export class UrgentPlans {
  readonly #paths: Paths;
  readonly #budget: HopBudget;
  #recent: { readonly name: string; readonly atUs: number }[] = [];

  constructor(options: { readonly paths: Paths; readonly budget: HopBudget }) {
    this.#paths = options.paths;
    this.#budget = options.budget;
  }

  /** The plan, which counts as carried out; or why it is not worth it. */
  plan(peer: Traced, flow: number, nowUs: number): readonly HopPlan[] | string {
    const last = this.#paths.lastTtl(peer, flow);
    const known = this.#paths.length(peer, flow) ?? last;
    const hops = Array.from({ length: last }, (_, index): HopPlan => {
      const key = this.#paths.key(peer, flow, index + 1);
      return this.#budget.available(key, { use: "urgent", nowUs }) ? { kind: "ask", key, routers: 1 } : { kind: "deny" };
    });
    const granted = hops.filter((hop, index) => hop.kind === "ask" && index < known).length;
    if (granted < known * MIN_SHARE) return this.#reason(nowUs);
    this.#recent = [...this.#recent.filter((other) => other.name !== peer.name && nowUs - other.atUs < RECENT_US), { name: peer.name, atUs: nowUs }];
    return hops;
  }

  /** Whether every hop known towards the peer may be asked now. */
  mayAskAll(peer: Traced, flow: number, nowUs: number): boolean {
    return this.#paths.routerKeys(peer, flow).every((key) => this.#budget.available(key, { use: "urgent", nowUs }));
  }

  #reason(nowUs: number): string {
    const names = this.#recent.filter((other) => nowUs - other.atUs < RECENT_US).map((other) => other.name);
    if (names.length === 0) return say("budgetMtr");
    const peers = names.slice(0, NAMED_PEERS).join(", ");
    return names.length > NAMED_PEERS ? say("budgetPeersMore", { peers, n: names.length - NAMED_PEERS }) : say("budgetPeers", { peers });
  }
}
