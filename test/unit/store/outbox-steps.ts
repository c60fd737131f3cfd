/** A batch as a test likes to see it, and a sender that always succeeds. */
import type { LaneBatch, Outbox } from "../../../src/sync/outbox.ts";
import type { Lane, WireRecord } from "../../../src/sync/wire.ts";

export const ALL = 1_000_000;

export function recordsOf(batch: LaneBatch | null): WireRecord[] {
  return (batch?.records ?? []).map((text) => JSON.parse(text) as WireRecord);
}

/** The cells of a row. */
export function cellsOf(record: WireRecord | undefined): readonly unknown[] {
  return (record?.data ?? []) as readonly unknown[];
}

export function idsOf(batch: LaneBatch | null): string[] {
  return recordsOf(batch).map(({ type, id }) => `${type} ${id}`);
}

/** Everything that waits in the lane, acknowledged. */
export function sendAll(outbox: Outbox, lane: Lane): WireRecord[] {
  const sent: WireRecord[] = [];
  for (let batch = outbox.next(lane, ALL); batch !== null; batch = outbox.next(lane, ALL)) {
    sent.push(...recordsOf(batch));
    outbox.acknowledge(lane, batch.lastSeq, batch);
  }
  return sent;
}
