/** Heads of incidents, of all nodes or of one, from the database of a collector. */
import type { IncidentHead } from "../../sync/record-types.ts";
import type { CollectorStore, RecordQuery, StoredRecord } from "../store/port.ts";
import { parseHead } from "./heads.ts";

/** More are in no list: narrower questions have answers. */
export const MAX_HEADS = 5_000;

export interface FoundHead {
  readonly node: string;
  readonly head: IncidentHead;
  readonly startedMs: number;
  /** Infinity while it lasts. */
  readonly endedMs: number;
  readonly record: StoredRecord;
}

/** In order of time; what is no head is left out. */
export async function findHeads(
  store: Pick<CollectorStore, "records">,
  query: Omit<RecordQuery, "types" | "limit">,
  limit: number = MAX_HEADS,
): Promise<FoundHead[]> {
  const records = await store.records({ ...query, types: ["incident"], limit });
  return records.flatMap((record) => {
    const head = parseHead(parsed(record.data));
    if (head === null || head.id !== record.id) return [];
    const endedMs = head.ended_at === null ? Number.POSITIVE_INFINITY : Date.parse(head.ended_at);
    return [{ node: record.node, head, startedMs: Date.parse(head.started_at), endedMs, record }];
  });
}

/** Null for what is no JSON. */
export function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
