/** What a node has on its disk, as the records that a collector gets of it; a small encoder of the test's own, by the contract in record-types.ts alone. */
import { readReport } from "../../../../src/store/query.ts";
import { digestEvidence } from "../../../../src/store/ticket-reader.ts";
import type { Database } from "../../../../src/store/database.ts";
import type { StoreReader } from "../../../../src/store/reader.ts";
import { columnsOf, ROLLUP_COLUMNS, type EvidenceTable } from "../../../../src/sync/record-types.ts";
import type { StoredNode, StoredRecord, StoredRollup } from "../../../../src/collector/store/port.ts";

export interface ClockOfTest {
  readonly offsetMs: number;
  readonly errorMs: number;
}

type Row = Readonly<Record<string, string | number | Uint8Array | null>>;

export function storedRecord(more: Partial<StoredRecord> & Pick<StoredRecord, "node" | "type" | "id" | "data">): StoredRecord {
  return {
    version: 1,
    parent: null,
    peer: null,
    atMs: 0,
    untilMs: null,
    digest: null,
    receivedMs: 0,
    digestMs: null,
    clockOffsetMs: null,
    clockErrorMs: null,
    changedDigest: null,
    changedDigestMs: null,
    ...more,
  };
}

export function storedNode(node: string, more: Partial<StoredNode> = {}): StoredNode {
  return {
    node,
    version: "0.1.0",
    address: null,
    firstHeardMs: 0,
    lastHeardMs: 0,
    clock: null,
    backlog: [],
    blindSinceMs: null,
    tombstones: [],
    ...more,
  };
}

/** All rows of a node's evidence. */
export function rowRecords(db: Database, node: string): StoredRecord[] {
  const rows = (table: string): Row[] => db.prepare<[], Row>(`SELECT * FROM ${table}`).all();
  const record = (table: EvidenceTable, row: Row, about: Partial<StoredRecord>): StoredRecord =>
    storedRecord({
      node,
      type: `row.${table}`,
      id: JSON.stringify(Object.values(row).slice(0, 3)),
      ...about,
      data: JSON.stringify(cellsOf(table, row)),
    });
  const text = (row: Row, column: string): string | null => (row[column] === null ? null : String(row[column]));
  const ms = (row: Row, column: string): number | null => (row[column] === null ? null : Number(row[column]));
  return [
    ...rows("incidents").map((row) =>
      record("incidents", row, {
        id: String(row["id"]),
        parent: text(row, "event_id"),
        peer: text(row, "peer"),
        atMs: Number(row["started_ms"]),
        untilMs: ms(row, "ended_ms"),
      }),
    ),
    ...rows("captures").map((row) =>
      record("captures", row, {
        id: String(row["id"]),
        parent: text(row, "incident_id"),
        peer: text(row, "peer"),
        atMs: Number(row["started_ms"]),
        untilMs: ms(row, "finished_ms"),
      }),
    ),
    ...[...Map.groupBy(rows("lines"), (row) => `${String(row["capture_id"])} ${Math.floor(Number(row["number"]) / 50)}`)].map(([id, chunks]) =>
      storedRecord({
        node,
        type: "row.lines",
        id,
        parent: String(chunks[0]?.["capture_id"]),
        data: JSON.stringify([chunks[0]?.["capture_id"], chunks[0]?.["number"], chunks.map((row) => [row["number"], row["body"]])]),
      }),
    ),
    ...rows("verdicts").map((row) =>
      record("verdicts", row, {
        id: `${String(row["event_id"])} ${String(row["version"])}`,
        parent: String(row["event_id"]),
        atMs: Number(row["at_ms"]),
        untilMs: Number(row["at_ms"]),
      }),
    ),
    ...rows("blind").map((row) => record("blind", row, { atMs: Number(row["started_ms"]), untilMs: Number(row["ended_ms"]) })),
    ...rows("peers").map((row) => record("peers", row, { peer: text(row, "name") })),
    ...rows("node").map((row) => record("node", row, {})),
    ...rows("hop_names").map((row) => record("hop_names", row, {})),
    ...rows("samples").map((row) => record("samples", row, { parent: String(row["incident_id"]), atMs: Number(row["started_ms"]) })),
  ];
}

function cellsOf(table: EvidenceTable, row: Row): (string | number | null)[] {
  return columnsOf(table).map((column) => {
    const cell = row[column] ?? null;
    return cell instanceof Uint8Array ? Buffer.from(cell).toString("base64") : cell;
  });
}

/** Heads of incidents and verdicts, with the sum of each incident that is over. */
export function headRecords(
  reader: StoreReader,
  { node, clock, receivedMs }: { node: string; clock: ClockOfTest | null; receivedMs: number },
): StoredRecord[] {
  const db = reader.evidence as Database;
  const report = readReport(reader, { sinceMs: 0, untilMs: receivedMs, nowMs: receivedMs, peer: null, detailUpTo: 0 });
  const incidents = report.incidents.map(({ captures: _c, strip: _s, strip_started_at: _a, verdict: _v, ...head }) => {
    const evidence = head.status === "closed" ? digestEvidence(db, { incidentIds: [head.id] }) : null;
    return storedRecord({
      node,
      type: "incident",
      id: head.id,
      parent: head.event_id,
      peer: head.peer,
      atMs: Date.parse(head.started_at),
      untilMs: head.ended_at === null ? null : Date.parse(head.ended_at),
      digest: evidence?.sha256 ?? null,
      digestMs: evidence === null ? null : receivedMs,
      clockOffsetMs: evidence === null ? null : (clock?.offsetMs ?? null),
      clockErrorMs: evidence === null ? null : (clock?.errorMs ?? null),
      data: JSON.stringify({ ...head, bursts_in_all: head.bursts.length, evidence }),
    });
  });
  const verdicts = report.events.flatMap(({ id, verdict }) =>
    verdict === null
      ? []
      : [
          storedRecord({
            node,
            type: "verdict",
            id,
            parent: id,
            atMs: Date.parse(verdict.at),
            untilMs: Date.parse(verdict.at),
            data: JSON.stringify({ ...verdict, event_id: id }),
          }),
        ],
  );
  return [...incidents, ...verdicts];
}

/** Its rollups of a minute. */
export function rollupRecords(db: Database, node: string): StoredRollup[] {
  const names = new Map(
    db
      .prepare<[], { id: number; name: string }>("SELECT id, name FROM peers")
      .all()
      .map(({ id, name }) => [id, name]),
  );
  return db
    .prepare<[], Row>("SELECT * FROM rollups_1m ORDER BY at")
    .all()
    .map((row) => ({
      node,
      version: 1,
      at: Number(row["at"]),
      peer: names.get(Number(row["peer_id"])) ?? "",
      counts: ROLLUP_COLUMNS.slice(2, -1).map((column) => Number(row[column])),
      histogram: row["histogram"] as Uint8Array,
    }));
}
