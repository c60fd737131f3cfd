/** The paths as they are while all is well: of each peer the routers of the last baseline sweep that reached it, in memory, since verdicts ask for many. */
import type { CaptureRow } from "../store/rows.ts";
import type { SweepReport } from "../wire/messages.ts";
import { routersOf, type RouterPath } from "./incident-facts.ts";

export class Baselines {
  readonly #paths = new Map<string, RouterPath | null>();
  readonly #stored: (peer: string) => CaptureRow | null;

  /** `stored`: the last complete baseline from the store, also of an earlier run. */
  constructor(stored: (peer: string) => CaptureRow | null) {
    this.#stored = stored;
  }

  put(report: SweepReport): void {
    if (report.finishedMs === null || report.skipped !== null) return;
    const path = routersOf(report.hops, report.target);
    if (path !== null) this.#paths.set(report.peer, path);
  }

  path(peer: string): RouterPath | null {
    const known = this.#paths.get(peer);
    if (known !== undefined) return known;
    const row = this.#stored(peer);
    const path = row === null || row.reached !== true ? null : row.hops.slice(0, -1).map((hop) => hop.address);
    this.#paths.set(peer, path);
    return path;
  }
}
