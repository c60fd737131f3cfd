/** A collector's database as two arrays: what the port says, and nothing else. */
import type { CollectorStore, RecordQuery, StoredNode, StoredRecord, StoredRollup } from "../../../../src/collector/store/port.ts";

export interface Stored {
  readonly records: readonly StoredRecord[];
  readonly rollups?: readonly StoredRollup[];
  readonly nodes: readonly StoredNode[];
}

export function listStore({ records, rollups = [], nodes }: Stored): CollectorStore {
  const ordered = records.toSorted((a, b) => a.atMs - b.atMs);
  return {
    deliver: () => Promise.reject(new Error("this list is only read")),
    records: (query) => Promise.resolve(ordered.filter((record) => matches(record, query)).slice(-query.limit)),
    rollups: ({ node, peer, from, to, limit }) =>
      Promise.resolve(
        rollups
          .filter((row) => (node === undefined || row.node === node) && (peer === undefined || row.peer === peer) && row.at >= from && row.at < to)
          .slice(-limit),
      ),
    nodes: () => Promise.resolve([...nodes]),
    evict: () => Promise.resolve(false),
    close: () => Promise.resolve(),
  };
}

function matches(record: StoredRecord, query: RecordQuery): boolean {
  const { types, node, peer, ids, idPrefix, parents, sinceMs, untilMs } = query;
  return (
    types.includes(record.type) &&
    (node === undefined || record.node === node) &&
    (peer === undefined || record.peer === peer) &&
    (ids === undefined || ids.includes(record.id)) &&
    (idPrefix === undefined || record.id.startsWith(idPrefix)) &&
    (parents === undefined || (record.parent !== null && parents.includes(record.parent))) &&
    (untilMs === undefined || record.atMs < untilMs) &&
    (sinceMs === undefined || record.untilMs === null || record.untilMs >= sinceMs)
  );
}
