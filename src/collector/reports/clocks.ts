/**
 * Times of two nodes on one clock. Each node measures its wall clock against the collector's (RFC 5905 section 8), so the difference of two of them is known without
 * either having asked the other; the errors add up.
 */
import type { ClockDifference } from "../../report/page/ticket.ts";
import type { StoredNode, StoredRecord } from "../store/port.ts";

/** Of a node: its wall clock plus `offsetMs` is the collector's. */
export interface NodeClock {
  readonly offsetMs: number;
  readonly errorMs: number;
}

/** A clock that is further off is none, and a time that it is added to could not be printed. */
const MAX_OFFSET_MS = 20 * 365 * 86_400_000;

/** As measured when the record came, where it tells; else as measured last. */
export function clockOf(
  record: Pick<StoredRecord, "clockOffsetMs" | "clockErrorMs"> | null,
  node: Pick<StoredNode, "clock"> | undefined,
): NodeClock | null {
  if (record !== null && record.clockOffsetMs !== null && record.clockErrorMs !== null)
    return sane({ offsetMs: record.clockOffsetMs, errorMs: record.clockErrorMs });
  return sane(node?.clock ?? null);
}

/** The node itself has measured it, and may say anything. */
function sane(clock: NodeClock | null): NodeClock | null {
  if (clock === null || !(Math.abs(clock.offsetMs) <= MAX_OFFSET_MS)) return null;
  return clock.errorMs >= 0 && clock.errorMs <= MAX_OFFSET_MS ? clock : null;
}

/** The clock over there plus this is that here; null where one of them was not measured. */
export function clockAgainst(there: NodeClock | null, here: NodeClock | null): ClockDifference | null {
  if (there === null || here === null) return null;
  return { offset_ms: Math.round(there.offsetMs - here.offsetMs), error_ms: Math.ceil(there.errorMs + here.errorMs) };
}

/** As a report gives it: that clock against the collector's. */
export function againstCollector(clock: NodeClock | null): ClockDifference | null {
  return clock === null ? null : { offset_ms: Math.round(clock.offsetMs), error_ms: Math.ceil(clock.errorMs) };
}
