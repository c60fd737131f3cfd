/** Numbers of a lane that stand for nothing: as tombstones, with the reason where one is known. */
import type { Lane, Tombstone, TombstoneReason } from "../sync/wire.ts";
import type { StatementCache } from "./statement-cache.ts";

/** Of one look, 50 bytes each in a request. */
export const MAX_TOMBSTONES = 64;
/** More free numbers than this with a reason of their own: those next to each other are told as one range, with what was replaced in between. */
const MAX_GAPS = 1_000;

export interface Unknown {
  /** Numbers up to here were told once and are told again with others. */
  readonly toldSeq: number;
  /** What others stand for. */
  readonly otherwise: TombstoneReason;
}

export class OutboxGaps {
  readonly #sql: StatementCache;

  constructor(sql: StatementCache) {
    this.#sql = sql;
  }

  add(lane: Lane, seq: number, reason: TombstoneReason): void {
    this.#sql.run("INSERT INTO outbox_gaps (lane, first, last, reason) VALUES (?, ?, ?, ?)", lane, seq, seq, reason);
  }

  forget(lane: Lane, untilSeq: number): void {
    this.#sql.run("DELETE FROM outbox_gaps WHERE lane = ? AND last <= ?", lane, untilSeq);
  }

  /** All of these numbers are free. At least one range, the first beginning at `from`; where there are many the rest is left to another call. */
  between(lane: Lane, { from, to }: { readonly from: number; readonly to: number }, unknown: Unknown): Tombstone[] {
    const known = this.#sql
      .all(
        "SELECT first, last, reason FROM outbox_gaps WHERE lane = ? AND last >= ? AND first <= ? ORDER BY first LIMIT ?",
        lane,
        from,
        to,
        MAX_TOMBSTONES + 1,
      )
      .map((cells): Tombstone => ({
        from: Math.max(from, Number(cells["first"])),
        to: Math.min(to, Number(cells["last"])),
        reason: String(cells["reason"]) as TombstoneReason,
      }));
    const end = known.length > MAX_TOMBSTONES ? (known.at(-1)?.to ?? to) : to;
    const all: Tombstone[] = [];
    let next = from;
    for (const gap of known) {
      all.push(...ranges(next, gap.from - 1, unknown), gap);
      next = gap.to + 1;
    }
    return [...all, ...ranges(next, end, unknown)];
  }

  areMany(lane: Lane): boolean {
    return Number(this.#sql.get("SELECT count(*) AS count FROM outbox_gaps WHERE lane = ?", lane)?.["count"]) > MAX_GAPS;
  }

  /** `nextSeq` is the number of the first record that waits after another number. */
  join(lane: Lane, nextSeq: (seq: number) => number): void {
    const rows = this.#sql.all("SELECT first, last, reason FROM outbox_gaps WHERE lane = ? ORDER BY first", lane);
    let open = { first: 0, last: 0, reason: "" };
    for (const cells of rows) {
      const gap = { first: Number(cells["first"]), last: Number(cells["last"]), reason: String(cells["reason"]) };
      if (gap.reason === open.reason && nextSeq(open.last) > gap.first) {
        this.#sql.run("DELETE FROM outbox_gaps WHERE lane = ? AND first = ?", lane, gap.first);
        this.#sql.run("UPDATE outbox_gaps SET last = ? WHERE lane = ? AND first = ?", gap.last, lane, open.first);
        open = { ...open, last: gap.last };
      } else open = gap;
    }
  }
}

function ranges(from: number, to: number, { toldSeq, otherwise }: Unknown): Tombstone[] {
  const both: Tombstone[] = [
    { from, to: Math.min(to, toldSeq), reason: "replaced" },
    { from: Math.max(from, toldSeq + 1), to, reason: otherwise },
  ];
  return both.filter((range) => range.from <= range.to);
}
