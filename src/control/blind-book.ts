/** The times about which this agent can say nothing, as they are told: how many, how long in all, and the last of them. */
import { iso } from "../report/figures.ts";
import type { BlindRow } from "../store/rows.ts";
import type { Status } from "./status.ts";

/** What fits on a screen; the report has all of them. */
const MAX_LAST = 5;

export class BlindBook {
  #count = 0;
  #ms = 0;
  #last: BlindRow[] = [];

  /** One that grew (same start and cause) takes the place of what was told before. */
  add(row: BlindRow): void {
    const before = this.#last.at(-1);
    const grew = before !== undefined && before.startedMs === row.startedMs && before.cause === row.cause;
    if (grew) {
      this.#last.pop();
      this.#ms -= Math.max(0, before.endedMs - before.startedMs);
    } else this.#count++;
    this.#ms += Math.max(0, row.endedMs - row.startedMs);
    this.#last = [...this.#last, row].slice(-MAX_LAST);
  }

  get seconds(): number {
    return this.#ms / 1000;
  }

  get count(): number {
    return this.#count;
  }

  summary(): Status["blind"] {
    const last = this.#last.map(({ startedMs, endedMs, cause, detail }) => ({ started_at: iso(startedMs), ended_at: iso(endedMs), cause, detail }));
    return { count: this.#count, seconds: this.seconds, last };
  }
}
