/** What is counted in a rollup, and in which column: the one list that writing, adding up and reading go by. */
import type { RollupCounts } from "./rows.ts";

type RollupCount = keyof RollupCounts;

const COLUMN_OF: Readonly<Record<RollupCount, string>> = {
  sent: "sent",
  received: "received",
  lost: "lost",
  late: "late",
  duplicate: "duplicate",
  foreign: "foreign_replies",
  sendFailed: "send_failed",
  skipped: "skipped",
  blind: "blind",
  doubtful: "doubtful",
  heardExpected: "heard_expected",
  heardReceived: "heard_received",
};

export const ROLLUP_COUNTS: readonly RollupCount[] = Object.keys(COLUMN_OF) as RollupCount[];

/** In the order of `ROLLUP_COUNTS`. */
export const COUNT_COLUMNS: readonly string[] = ROLLUP_COUNTS.map((count) => COLUMN_OF[count]);

/** Each count as `of` gives it. */
export function countsBy(of: (count: RollupCount) => number): RollupCounts {
  return Object.fromEntries(ROLLUP_COUNTS.map((count) => [count, of(count)])) as Record<RollupCount, number>;
}
