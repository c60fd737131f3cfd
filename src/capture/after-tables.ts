/** The trace after a burst: its sweeps, one a second, become one capture, stored again with each of them. */
import { mergeHops } from "../path/hop-table.ts";
import type { CaptureRow } from "../store/rows.ts";
import type { SweepReport } from "../wire/messages.ts";

export class AfterTables {
  /** Those that are not complete, by peer. */
  readonly #open = new Map<string, CaptureRow>();
  /** The incident that one was ordered for last, by peer: it may last beyond the close, and into the next incident. */
  readonly #incidents = new Map<string, string>();

  ordered({ peer, id }: { readonly peer: string; readonly id: string }): void {
    this.#incidents.set(peer, id);
  }

  /** The capture as it is with this sweep. Null while the sweep may still get answers. `row` is that of the sweep alone. */
  add(row: CaptureRow, { cycle, finishedMs }: SweepReport): CaptureRow | null {
    const incidentId = this.#incidents.get(row.peer);
    const before = cycle?.number === 1 ? undefined : this.#open.get(row.peer);
    if (finishedMs === null || incidentId === undefined) return null;
    if (cycle === undefined) {
      // The word that nothing more comes.
      this.#open.delete(row.peer);
      return before === undefined ? { ...row, incidentId } : { ...before, status: "partial", reason: row.reason };
    }
    const isLast = cycle.number === cycle.of;
    const first = before ?? { ...row, id: `${row.id}-after`, incidentId };
    const next: CaptureRow = {
      ...first,
      status: isLast ? "complete" : "running",
      reached: first.reached === true || row.reached === true,
      firstHopMs: first.firstHopMs ?? row.firstHopMs,
      finishedMs: row.finishedMs,
      facts: { ...row.facts, sweeps: cycle.number, of: cycle.of },
      hops: before === undefined ? row.hops : mergeHops([before.hops, row.hops]),
    };
    if (isLast) this.#open.delete(row.peer);
    else this.#open.set(row.peer, next);
    return next;
  }

  /** Nothing more will come of those that run, or of that of one peer: they stay as they are, with the reason. */
  end(reason: string, peer: string | null = null): CaptureRow[] {
    const ended = [...this.#open.values()].filter((row) => peer === null || row.peer === peer);
    for (const row of ended) this.#open.delete(row.peer);
    return ended.map((row): CaptureRow => ({ ...row, status: "partial", reason }));
  }
}
