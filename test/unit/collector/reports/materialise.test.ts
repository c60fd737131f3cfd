/** Rows put together again from records give what they gave on the node: the same report, the same page, the same sum. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { materialise, rowsOf, type NodeRecord } from "../../../../src/collector/reports/materialise.ts";
import type { StoredRecord } from "../../../../src/collector/store/port.ts";
import { renderTicket } from "../../../../src/commands/report-ticket.ts";
import { renderJson } from "../../../../src/report/json.ts";
import type { Database } from "../../../../src/store/database.ts";
import { readReport } from "../../../../src/store/query.ts";
import type { StoreReader } from "../../../../src/store/reader.ts";
import { COLLECTED_ROLLUP_MS, digestEvidence, readTicket } from "../../../../src/store/ticket-reader.ts";
import { chinese } from "../../../../src/verdict/words-zh.ts";
import { columnsOf, type EvidenceTable } from "../../../../src/sync/record-types.ts";
import { randomFor } from "../../../property/random.ts";
import { T0 } from "../../store/sample-rows.ts";
import { rollupRecords, rowRecords } from "./node-records.ts";
import { spoil } from "./spoil.ts";
import { filledNode, HERE, HERE_ID, NOW } from "./two-nodes.ts";

const RANGE = { sinceMs: Math.floor((T0 - 60_000) / 60_000) * 60_000, untilMs: Math.ceil((T0 + 60_000) / 60_000) * 60_000 };
const WHOLE = { ...RANGE, nowMs: NOW, peer: null, detailUpTo: 50, roundTrips: true };

function plain(records: readonly StoredRecord[]): NodeRecord[] {
  return records.map(({ type, data }) => ({ type, data: JSON.parse(data) as unknown }));
}

function page(reader: StoreReader, format: "text" | "html"): string {
  const db = reader.evidence as Database;
  const source = readTicket(reader, db, {
    kind: "incident",
    id: HERE_ID,
    incidentIds: [HERE_ID],
    nowMs: NOW,
    words: chinese,
    rollupMs: COLLECTED_ROLLUP_MS,
  });
  return renderTicket(source, [], { format, columns: 100 });
}

test("the rows of a node put together again give the same report, page and sum, byte for byte", (t) => {
  const { reader } = filledNode(t, HERE);
  const { evidence, metrics } = reader;
  assert.ok(evidence !== null && metrics !== null);
  const again = materialise({ node: HERE.name, records: plain(rowRecords(evidence, HERE.name)), rollups: rollupRecords(metrics, HERE.name) });
  t.after(() => again.reader.close());
  assert.deepEqual([again.leftOut, [...again.fromHeads]], [0, []]);
  const digest = digestEvidence(again.reader.evidence, { incidentIds: [HERE_ID] });
  assert.equal(digest.rows, 12);
  assert.deepEqual(digest, digestEvidence(evidence, { incidentIds: [HERE_ID] }));
  // The newest data of the node is of ten seconds, that of a copy of a minute.
  const json = (from: StoreReader): string => renderJson({ ...readReport(from, WHOLE), last_data_at: null });
  assert.ok(json(reader).includes("rtts_us") && json(reader).includes("core <1>"));
  assert.equal(json(again.reader), json(reader));
  for (const format of ["text", "html"] as const) assert.equal(page(again.reader, format), page(reader, format));
});

test("a copy queues nothing: it has no triggers, and a second one of the same records is the same", (t) => {
  const { reader } = filledNode(t, HERE);
  const records = plain(rowRecords(reader.evidence as Database, HERE.name));
  const again = materialise({ node: HERE.name, records: [...records, ...records], rollups: [] });
  t.after(() => again.reader.close());
  assert.deepEqual(again.reader.evidence.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all(), []);
  assert.equal(digestEvidence(again.reader.evidence, { incidentIds: [HERE_ID] }).rows, 12);
});

test("cells of another kind, missing columns, words that nobody knows and JSON that is none of the row are left out and counted", (t) => {
  const { reader } = filledNode(t, HERE);
  const records = plain(rowRecords(reader.evidence as Database, HERE.name));
  const rowOf = (table: EvidenceTable): unknown[] => {
    const data = records.find(({ type }) => type === `row.${table}`)?.data;
    assert.ok(Array.isArray(data), table);
    return data;
  };
  const spoiled = (table: EvidenceTable, column: string, cell: unknown): NodeRecord => {
    const data = [...rowOf(table)];
    data[columnsOf(table).indexOf(column)] = cell;
    return { type: `row.${table}`, data };
  };
  const deep = `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
  const bad: NodeRecord[] = [
    spoiled("incidents", "started_ms", "0"),
    spoiled("incidents", "started_ms", 1e300),
    spoiled("incidents", "ended_ms", -1),
    spoiled("incidents", "interval_ms", 0),
    spoiled("incidents", "status", "constructor"),
    spoiled("incidents", "peer", null),
    spoiled("incidents", "bursts", "5"),
    spoiled("incidents", "bursts", "[{}]"),
    spoiled("incidents", "bursts", "not JSON"),
    spoiled("captures", "phase", "later"),
    spoiled("captures", "facts", deep),
    spoiled("captures", "facts", "null"),
    spoiled("captures", "hops", '[{"ttl":0}]'),
    spoiled("captures", "reached", true),
    spoiled("lines", "body", "text"),
    spoiled("lines", "body", [[1, '[["x","y"]]']]),
    spoiled("verdicts", "verdict", '{"scope":"path"}'),
    spoiled("verdicts", "facts", "{}"),
    spoiled("samples", "data", "***"),
    spoiled("samples", "data", 5),
    spoiled("samples", "interval_ms", -100),
    spoiled("node", "only", 2),
    spoiled("node", "body", "[]"),
    spoiled("blind", "cause", {}),
    spoiled("peers", "active", 3),
    spoiled("hop_names", "address", null),
    { type: "row.incidents", data: rowOf("incidents").slice(0, -1) },
    { type: "row.incidents", data: null },
    { type: "row.incidents", data: { length: 14 } },
  ];
  for (const record of bad) assert.equal(rowsOf(record.type.slice(4) as EvidenceTable, record.data), null, JSON.stringify(record).slice(0, 200));
  const more: NodeRecord = { type: "row.incidents", data: [...rowOf("incidents"), "of a newer node"] };
  assert.ok(rowsOf("incidents", more.data) !== null, "columns of a newer node are let pass");
  const good = records.filter(({ type }) => type !== "row.incidents");
  const again = materialise({ node: HERE.name, records: [...bad, ...good, { type: "row.meta", data: ["uuid", "x"] }, more], rollups: [] });
  t.after(() => again.reader.close());
  assert.equal(again.leftOut, bad.length);
  assert.deepEqual(again.reader.problems, [`${bad.length} records of sh-a1 not understood here and left out`]);
});

test("rollups that are none are left out and counted", (t) => {
  const good = { at: 60, peer: "a", counts: Array.from({ length: 15 }, () => 1), histogram: new Uint8Array() };
  const bad = [
    { ...good, at: 61 },
    { ...good, at: Number.NaN },
    { ...good, counts: [1, 2] },
    { ...good, counts: good.counts.map(() => 0.5) },
    { ...good, histogram: "x" as unknown as Uint8Array },
  ];
  const again = materialise({ node: "n", records: [], rollups: [good, ...bad] });
  t.after(() => again.reader.close());
  assert.equal(again.leftOut, bad.length);
  assert.equal(readReport(again.reader, { sinceMs: 60_000, untilMs: 120_000, nowMs: NOW, peer: null, detailUpTo: 0 }).peers[0]?.sent, 1);
});

test("spoiled records never throw: the report, the page in both languages and the sum are made of what is left", (t) => {
  const random = randomFor(t);
  const { reader } = filledNode(t, HERE);
  const records = plain(rowRecords(reader.evidence as Database, HERE.name));
  let [leftOut, kept] = [0, 0];
  for (let round = 0; round < 60; round++) {
    const spoiled = records.map((record) => (random.below(2) === 0 ? record : { ...record, data: spoil(record.data, random) }));
    const again = materialise({ node: HERE.name, records: spoiled, rollups: [] });
    leftOut += again.leftOut;
    renderJson(readReport(again.reader, WHOLE));
    digestEvidence(again.reader.evidence, { incidentIds: [HERE_ID] });
    if (again.reader.evidence.prepare("SELECT 1 FROM incidents WHERE id = ?").get(HERE_ID) !== undefined) {
      kept++;
      for (const format of ["text", "html"] as const) page(again.reader, format);
    }
    again.reader.close();
  }
  assert.ok(leftOut > 60 && kept > 20, `${leftOut} records left out, ${kept} pages`);
});
