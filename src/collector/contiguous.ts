/**
 * Up to which number a lane is present: what the collector answers. Pure; the databases only keep the number.
 *
 * Every number is passed once in the life of a file, for the acknowledged number never falls. So the numbers that a tombstone stands for are counted as they are
 * passed: a delivery that comes twice, or ranges that overlap, count nothing twice.
 */
import type { TombstoneReason } from "../sync/wire.ts";
import type { ParsedLane } from "./store/port.ts";

export interface Progress {
  readonly acked: number;
  /** How many numbers between the old and the new one stood for nothing, by reason. */
  readonly passed: readonly { readonly reason: TombstoneReason; readonly numbers: number }[];
}

/** A number that was rejected is not present, also when a record came with it, until a tombstone takes its place. */
export function contiguous(acked: number, lane: Pick<ParsedLane, "records" | "rollups" | "tombstones" | "rejected">): Progress {
  const { records, rollups } = lane;
  const rejected = new Set(lane.rejected);
  const tombstones = lane.tombstones.length > 1 ? lane.tombstones.toSorted((a, b) => a.from - b.from) : lane.tombstones;
  const passed = new Map<TombstoneReason, number>();
  let last = acked;
  for (let record = 0, rollup = 0, tombstone = 0; ;) {
    while ((records[record]?.seq ?? Infinity) <= last) record++;
    while ((rollups[rollup]?.seq ?? Infinity) <= last) rollup++;
    while ((tombstones[tombstone]?.to ?? Infinity) <= last) tombstone++;
    const next = last + 1;
    const here = records[record]?.seq === next || rollups[rollup]?.seq === next;
    const gone = tombstones[tombstone];
    if (here && !rejected.has(next)) last = next;
    else if (gone !== undefined && gone.from <= next) {
      // Up to the next record: one that came is none that went.
      const to = Math.max(next, Math.min(gone.to, (records[record]?.seq ?? Infinity) - 1, (rollups[rollup]?.seq ?? Infinity) - 1));
      passed.set(gone.reason, (passed.get(gone.reason) ?? 0) + to - last);
      last = to;
    } else break;
  }
  return { acked: last, passed: [...passed].map(([reason, numbers]) => ({ reason, numbers })) };
}
