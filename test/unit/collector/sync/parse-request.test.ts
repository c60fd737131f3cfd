import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRequest } from "../../../../src/collector/sync/parse-request.ts";
import { ROLLUP_COLUMNS } from "../../../../src/sync/record-types.ts";
import type { Lane, WireRecord } from "../../../../src/sync/wire.ts";
import { fullRequest, HEAD, laneOf, record, SHA256, smallRequest, START_MS, TYPES, VERDICT } from "../sample-records.ts";

const RECEIVED_MS = START_MS + 61_000;

function parse(body: unknown) {
  const result = parseRequest(body, RECEIVED_MS);
  assert.equal(result.kind, "ok", JSON.stringify(result));
  return result.kind === "ok" ? result : assert.fail();
}

function codeOf(lane: Lane, one: WireRecord): string | null {
  const { rejected, delivery } = parse(smallRequest("sh-a1", [laneOf(lane, [one])]));
  const [parsed] = delivery.files[0]?.lanes ?? [];
  assert.equal((parsed?.records.length ?? 0) + (parsed?.rollups.length ?? 0) + rejected.length, 1);
  assert.deepEqual(
    parsed?.rejected,
    rejected.map(({ seq }) => seq),
  );
  return rejected[0]?.code ?? null;
}

test("one of everything is read, with what the database can be asked for", () => {
  const { delivery, rejected } = parse(JSON.parse(JSON.stringify(fullRequest())));
  assert.deepEqual(rejected, []);
  assert.equal(delivery.clock?.offsetMs, 1.5);
  const lanes = delivery.files[0]?.lanes ?? [];
  const records = new Map(lanes.flatMap((lane) => lane.records).map((one) => [one.type, one]));
  assert.deepEqual([...records.keys(), "rollup"].sort(), [...TYPES].sort());
  const about = (type: string): unknown[] => {
    const { parent, peer, atMs, untilMs, rank } = records.get(type) ?? assert.fail(type);
    return [parent, peer, atMs, untilMs, rank];
  };
  assert.deepEqual(about("incident"), [HEAD.event_id, "bj-b1", START_MS, START_MS + 9_000, 1]);
  assert.equal(records.get("incident")?.digest, SHA256);
  assert.deepEqual(about("verdict"), [VERDICT.event_id, null, START_MS + 9_000, START_MS + 9_000, 3]);
  assert.deepEqual(about("row.captures"), [HEAD.id, "bj-b1", START_MS, START_MS + 9_000, 1]);
  assert.deepEqual(about("row.lines"), ["c1", null, START_MS, START_MS + 250, 0]);
  assert.deepEqual(about("row.samples"), [HEAD.id, null, START_MS, START_MS + 1_000, 0]);
  assert.deepEqual(about("row.peers"), [null, "bj-b1", RECEIVED_MS, null, 0]);
  const [rollup] = lanes[2]?.rollups ?? [];
  assert.equal(rollup?.counts.length, ROLLUP_COLUMNS.length - 3);
  assert.ok((rollup?.histogram.length ?? 0) > 0);
  assert.deepEqual(JSON.parse(records.get("incident")?.data ?? ""), HEAD);
});

/** As our nodes write them, as others may, and as nobody may. */
const LINES: readonly (readonly [text: string, isGood: boolean])[] = [
  [String.raw`[[1790000000000,"h 0 10.0.0.1"],[1790000000000.125,"quote \" slash \\ \u00e9 \n \/ é"]]`, true],
  [String.raw`[[1790000000000,""]]`, true],
  [String.raw` [ [ 1.79e12 , "x" ] , [ 0 , "1970" ] ] `, true],
  [String.raw`[[1790000000000,"\ud800"]]`, true],
  ["[]", false],
  ["[1790000000000]", false],
  [String.raw`[[1790000000000,"x"],]`, false],
  [String.raw`[[1790000000000,"x"][1790000000000,"x"]]`, false],
  [String.raw`[[1790000000000,"x"]`, false],
  [String.raw`[[1790000000000,"x"]],`, false],
  [String.raw`[[1790000000000,"x","y"]]`, false],
  [String.raw`[[1790000000000.,"x"]]`, false],
  [String.raw`[[01790000000000,"x"]]`, false],
  [String.raw`[[7990000000000,"after 2200"]]`, false],
  [String.raw`[[1790000000000,"x\"]]`, false],
  [String.raw`[[1790000000000,"\x"]]`, false],
  [String.raw`[[1790000000000,"\u12"]]`, false],
  [`[[1790000000000,"a\nb"]]`, false],
  // What is never closed must not take longer than its length.
  [`[[1790000000000,"${"a".repeat(200_000)}`, false],
  [`[[1790000000000,"${String.raw`\n`.repeat(100_000)}`, false],
  [`[${'[1790000000000,"x"],'.repeat(10_000)}`, false],
];

test("a record that is bad is rejected by number and holds up no other", () => {
  assert.equal(codeOf(0, record("incident")), null);
  assert.equal(codeOf(0, record("incident", { data: { ...HEAD, sent: -1 } })), "malformed");
  assert.equal(codeOf(0, record("incident", { id: "another" })), "malformed");
  assert.equal(codeOf(0, record("incident", { data: { ...HEAD, evidence: { ...HEAD.evidence, sha256: "nine" } } })), "malformed");
  assert.equal(codeOf(0, record("incident", { data: { ...HEAD, more: "x".repeat(5_000) } })), "too-large");
  assert.equal(codeOf(0, record("incident", { data: { ...HEAD, more: "from a newer node", kind: "newer" } })), null);
  assert.equal(codeOf(0, { ...record("incident"), type: "incidents" }), "unknown-type");
  assert.equal(codeOf(0, { ...record("incident"), type: "constructor" }), "unknown-type");
  assert.equal(codeOf(1, record("incident")), "wrong-lane");
  assert.equal(codeOf(0, record("verdict", { id: "another" })), "malformed", "it goes by its event");
  assert.equal(codeOf(0, record("verdict", { version: 0 })), "malformed");
  assert.equal(codeOf(0, record("verdict", { id: "a\u0000b" })), "malformed");
  assert.equal(codeOf(0, record("verdict", { id: "\ud800" })), "malformed");
  assert.equal(codeOf(1, record("row.node", { data: [1, "{"] })), "malformed");
  assert.equal(codeOf(1, record("row.node", { data: [1, "[".repeat(100_000)] })), "malformed");
  assert.equal(codeOf(1, record("row.node", { data: [1, "{}", "a column that a newer node has"] })), null);
  assert.equal(codeOf(1, record("row.node", { data: [1] })), "malformed");
  assert.equal(codeOf(1, record("row.lines", { data: ["c1", 0, [[0, "no list"]]] })), "malformed");
  for (const [lines, isGood] of LINES)
    assert.equal(codeOf(1, record("row.lines", { data: ["c1", 0, [[0, lines]]] })), isGood ? null : "malformed", lines);
  assert.equal(codeOf(3, record("row.samples", { data: ["i", 1, 0, START_MS, 100, "AAAAAA=="] })), null);
  assert.equal(codeOf(3, record("row.samples", { data: ["i", 1, 0, START_MS, 100, "AAA="] })), "malformed", "no whole samples");
  const rollup = record("rollup").data as unknown[];
  assert.equal(codeOf(2, record("rollup", { data: rollup.with(2, 1.5) })), "malformed");
  assert.equal(codeOf(2, record("rollup", { data: rollup.with(2, 2 ** 40) })), "malformed");
  assert.equal(codeOf(2, record("rollup", { data: rollup.with(rollup.length - 1, "////") })), "malformed", "no histogram");
  const { delivery } = parse(smallRequest("sh-a1", [laneOf(0, [record("incident"), record("verdict", { data: 1 }), record("verdict")])]));
  assert.deepEqual(delivery.files[0]?.lanes[0]?.rejected, [2]);
  assert.deepEqual(
    delivery.files[0]?.lanes[0]?.records.map(({ seq }) => seq),
    [1, 3],
  );
});

test("a request that is not the contract is refused whole, and says why", () => {
  const good = smallRequest("sh-a1");
  const refuse = (body: unknown, message: RegExp): void => {
    const result = parseRequest(body, RECEIVED_MS);
    assert.equal(result.kind, "bad");
    assert.match(result.kind === "bad" ? result.message : "", message);
  };
  refuse(null, /no object/);
  refuse([], /no object/);
  refuse({ ...good, api: 2 }, /api is not 1/);
  refuse({ ...good, node: "" }, /node is no name/);
  refuse({ ...good, sent_at: "yesterday" }, /sent_at is no time/);
  refuse({ ...good, files: {} }, /files is no list/);
  refuse({ ...good, files: [...good.files, ...good.files] }, /twice/);
  refuse({ ...good, files: [{ db: "a", lanes: [laneOf(0), laneOf(0)] }] }, /a lane stands in a file twice/);
  refuse({ ...good, files: [{ db: "a", lanes: [{ ...laneOf(0), lane: 4 }] }] }, /none of 0 to 3/);
  refuse({ ...good, files: [{ db: "a", lanes: [{ lane: 0, records: [{ ...record("incident"), seq: 0 }], tombstones: [] }] }] }, /rising numbers/);
  refuse({ ...good, files: [{ db: "a", lanes: [laneOf(0, [], [{ from: 3, to: 2, reason: "evicted" }])] }] }, /no range/);
  refuse({ ...good, files: [{ db: "a", lanes: [laneOf(0, [], [{ from: 3, to: 4, reason: "lost" as "evicted" }])] }] }, /reason of a tombstone/);
});
