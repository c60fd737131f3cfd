/** The report over all nodes: both sides of one fault together, sums where somebody asked for them, and a large fleet at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fleetEvents, fleetReport, type FleetQuery } from "../../../../src/collector/reports/fleet-report.ts";
import type { CollectorStore, RecordQuery, StoredRecord } from "../../../../src/collector/store/port.ts";
import { parseFleetReport } from "../../../../src/report/fleet/parse-fleet.ts";
import type { ReportIncident, ReportVerdict } from "../../../../src/report/report.ts";
import { readReport } from "../../../../src/store/query.ts";
import { T0 } from "../../store/sample-rows.ts";
import { listStore } from "./list-store.ts";
import { storedNode, storedRecord } from "./node-records.ts";
import { fleetOf, HERE_ID, NOW, RECEIVED_MS, THERE_ID } from "./two-nodes.ts";

const DAY: FleetQuery = { sinceMs: T0 - 3_600_000, untilMs: NOW, nowMs: NOW };
const CLOCKS = { here: { offsetMs: 5_000, errorMs: 4 }, there: { offsetMs: -36_000, errorMs: 6.5 }, thereAheadMs: 41_000 };

function head(
  node: string,
  peer: string,
  more: { readonly id: string; readonly event?: string; readonly startMs?: number; readonly endMs?: number | null },
): StoredRecord {
  const { id, event = `e-${id}`, startMs = T0, endMs = T0 + 9_000 } = more;
  const iso = (ms: number): string => new Date(ms).toISOString();
  const data = {
    id,
    event_id: event,
    continues: null,
    peer,
    address: "10.0.0.1",
    kind: "loss",
    status: endMs === null ? "open" : "closed",
    started_at: iso(startMs),
    detected_at: iso(startMs + 400),
    ended_at: endMs === null ? null : iso(endMs),
    interval_ms: 100,
    timeout_ms: 2000,
    sent: 90,
    lost: 30,
    late: 0,
    loss_pct: 33.3,
    out: { sent: null, lost: null },
    in: { sent: null, lost: null },
    flows: [],
    bursts: [],
    bursts_in_all: 0,
    evidence: null,
  };
  return storedRecord({ node, type: "incident", id, parent: event, peer, atMs: startMs, untilMs: endMs, data: JSON.stringify(data) });
}

test("what two nodes saw of one fault is one event, over the offset of their clocks; another peer at the same time is another", async (t) => {
  const { store } = fleetOf(t, CLOCKS);
  const report = await fleetReport(store, DAY);
  assert.deepEqual(
    report.events.map(({ node, id, sides }) => [node, id, sides.map((side) => [side.node, side.incidents, side.clock?.offset_ms ?? null])]),
    [
      [
        "sh-a1",
        `e${HERE_ID}`,
        [
          ["sh-a1", [HERE_ID], 0],
          ["bj-b1", [THERE_ID], -41_000],
        ],
      ],
      ["sh-a1", `e${HERE_ID}-gz`, [["sh-a1", [`${HERE_ID}-gz`], 0]]],
      ["bj-b1", `e${THERE_ID}-gz`, [["bj-b1", [`${THERE_ID}-gz`], 0]]],
    ],
  );
  assert.deepEqual([report.node.name, report.peers_omitted, report.peers, report.problems], [null, true, [], []]);
  assert.deepEqual(report.events[0]?.verdict, report.incidents.find(({ id }) => id === HERE_ID)?.verdict);
  assert.ok(report.events[0]?.verdict !== null);
  const receipt = report.incidents.find(({ id }) => id === HERE_ID)?.receipt;
  assert.deepEqual([receipt?.received_at, receipt?.clock], [new Date(RECEIVED_MS).toISOString(), { offset_ms: 5_000, error_ms: 4 }]);
  assert.deepEqual(
    report.nodes.map(({ node, blind_since: blind, backlog }) => [node, blind !== null, backlog.length]),
    [
      ["bj-b1", false, 0],
      ["gz-c1", true, 1],
      ["sh-a1", false, 0],
    ],
  );
  assert.deepEqual(
    report.blind.map(({ node, cause }) => [node, cause]),
    [
      ["sh-a1", "stall"],
      ["bj-b1", "stall"],
    ],
  );
  assert.deepEqual(parseFleetReport(JSON.parse(JSON.stringify(report))), report, "the command reads it as it was made");
});

test("in Chinese the sentences are said from the stored facts; where only the head has come, its own stand", async (t) => {
  const { chinese } = await import("../../../../src/verdict/words-zh.ts");
  const [{ store, here }, { store: headsOnly }] = [fleetOf(t, CLOCKS), fleetOf(t, { arrived: ({ type }) => !type.startsWith("row.") })];
  const said = await fleetReport(store, { ...DAY, words: chinese });
  const own = readReport(here.reader, { ...DAY, peer: null, detailUpTo: 0, words: chinese });
  const verdictOf = (report: { readonly incidents: readonly ReportIncident[] }): ReportVerdict | null | undefined =>
    report.incidents.find(({ id }) => id === HERE_ID)?.verdict;
  assert.match(verdictOf(said)?.sentence ?? "", /\p{Script=Han}/u);
  assert.deepEqual(verdictOf(said), verdictOf(own), "as on the node itself");
  assert.deepEqual(said.events[0]?.verdict, verdictOf(said));
  assert.equal(verdictOf(await fleetReport(headsOnly, { ...DAY, words: chinese }))?.sentence, verdictOf(await fleetReport(store, DAY))?.sentence);
});

test("in Chinese the facts of the verdict in the head are read, not those of every version, and what they say has an end", async (t) => {
  const { chinese } = await import("../../../../src/verdict/words-zh.ts");
  const { records } = fleetOf(t, CLOCKS);
  const row = records.find(({ node, type }) => node === "sh-a1" && type === "row.verdicts") ?? assert.fail();
  const earlier = { ...row, id: row.id.replace(/\d+$/, "1"), version: 0, data: row.data.replace(/,2,/, ",1,") };
  const read: string[] = [];
  const over = (all: readonly StoredRecord[]): CollectorStore => {
    const store = listStore({ records: all, nodes: [storedNode("sh-a1"), storedNode("bj-b1")] });
    const records = async (query: RecordQuery): Promise<StoredRecord[]> => {
      const found = await store.records(query);
      read.push(...found.filter(({ type }) => type === "row.verdicts").map(({ id }) => id));
      return found;
    };
    return { ...store, records };
  };
  const sentenceIn = async (store: CollectorStore): Promise<string> =>
    (await fleetReport(store, { ...DAY, words: chinese })).incidents.find(({ id }) => id === HERE_ID)?.verdict?.sentence ?? "";
  const good = await sentenceIn(over([...records, earlier]));
  assert.match(good, /\p{Script=Han}/u);
  assert.deepEqual(new Set(read), new Set([`e${HERE_ID} 2`, `e${THERE_ID} 2`]));
  const long = { ...row, data: row.data.replaceAll("bj-b1", "x".repeat(20_000)) };
  const english = await sentenceIn(over(records.map((each) => (each === row ? long : each))));
  assert.doesNotMatch(english, /\p{Script=Han}|xxx/u);
});

test("of one node there are its incidents with their other sides, and the sums of its peers as it has them itself", async (t) => {
  const { store, here } = fleetOf(t, CLOCKS);
  const minutes = { sinceMs: Math.floor((T0 - 60_000) / 60_000) * 60_000, untilMs: Math.ceil((T0 + 60_000) / 60_000) * 60_000 };
  const report = await fleetReport(store, { ...DAY, ...minutes, node: "sh-a1" });
  assert.deepEqual(report.incidents.map(({ node, id }) => `${node} ${id}`).toSorted(), [
    `bj-b1 ${THERE_ID}`,
    `sh-a1 ${HERE_ID}`,
    `sh-a1 ${HERE_ID}-gz`,
  ]);
  const own = readReport(here.reader, { ...minutes, nowMs: NOW, peer: null, detailUpTo: 0 });
  assert.deepEqual(
    report.peers,
    own.peers.map((peer) => ({ node: "sh-a1", ...peer })),
  );
  assert.ok((report.peers[0]?.sent ?? 0) >= 1_000);
  const toPeer = await fleetReport(store, { ...DAY, peer: "gz-c1" });
  assert.deepEqual(
    toPeer.peers.map(({ node, peer }) => `${node} ${peer}`),
    ["bj-b1 gz-c1", "sh-a1 gz-c1"],
  );
  assert.equal((await fleetEvents(store, DAY)).events.length, 3);
});

test("sides: an event of several peers joins those of each; one that lasts overlaps; one that was over before does not; no node is its own other side", async () => {
  const records = [
    head("a", "b", { id: "a1", event: "ea" }),
    head("a", "c", { id: "a2", event: "ea" }),
    head("b", "a", { id: "b1", startMs: T0 + 500, endMs: null }),
    head("c", "a", { id: "c1", startMs: T0 + 11_500, endMs: T0 + 20_000 }),
    head("c", "b", { id: "c2" }),
    head("d", "d", { id: "d1" }),
    head("d", "d", { id: "d2" }),
  ];
  const nodes = ["a", "b", "c", "d"].map((node) => storedNode(node));
  const { events } = await fleetEvents(listStore({ records, nodes }), DAY);
  assert.deepEqual(
    events.map(({ sides }) => sides.map(({ node, incidents }) => `${node}:${incidents.join("+")}`)),
    [["a:a1+a2", "b:b1"], ["c:c2"], ["d:d1"], ["d:d2"], ["c:c1"]],
  );
  const off = nodes.map((each) => ({ ...each, clock: { offsetMs: each.node === "c" ? -2_500 : 0, errorMs: 10 } }));
  const aligned = await fleetEvents(listStore({ records, nodes: off }), DAY);
  assert.deepEqual(
    aligned.events[0]?.sides.map(({ node }) => node),
    ["a", "b", "c"],
  );
});

test("a clock that is years off, or no number, is none", async () => {
  const records = [head("a", "b", { id: "a1" }), head("b", "a", { id: "b1" })];
  for (const offsetMs of [1e300, Number.NaN, -Infinity, 1e13]) {
    const nodes = [storedNode("a", { clock: { offsetMs, errorMs: 1 } }), storedNode("b", { clock: { offsetMs: 0, errorMs: 1 } })];
    const report = await fleetReport(listStore({ records, nodes }), DAY);
    assert.deepEqual([report.nodes[0]?.clock, report.events.length, report.events[0]?.sides[1]?.clock], [null, 1, null]);
  }
});

test("heads that are none are left out, and nothing throws", async () => {
  const bad = [
    "",
    "null",
    "[]",
    "{}",
    '{"id":"x"}',
    "5",
    '{"id":"other","peer":"p","address":"a","status":"open","started_at":"2026-11-19T20:12:03.120Z"}',
  ];
  const records = [
    ...bad.map((data, index) => storedRecord({ node: "a", type: "incident", id: `x${index}`, atMs: T0, data })),
    ...bad.map((data, index) => storedRecord({ node: "a", type: "row.blind", id: `y${index}`, atMs: T0, data })),
    ...bad.map((data, index) => storedRecord({ node: "a", type: "row.peers", id: `z${index}`, atMs: T0, data })),
    head("a", "b", { id: "good" }),
  ];
  const report = await fleetReport(listStore({ records, nodes: [storedNode("a")] }), { ...DAY, node: "a" });
  assert.deepEqual([report.incidents.map(({ id }) => id), report.blind, report.peers], [["good"], [], []]);
});

test("two hundred nodes with two thousand incidents in a day are answered within two seconds", async () => {
  const [nodes, incidents] = [200, 2_000];
  const name = (index: number): string => `node-${index % nodes}`;
  const records = Array.from({ length: incidents }, (_, index) => {
    const startMs = NOW - 86_400_000 + index * 40_000;
    const side = { startMs, endMs: startMs + 9_000 };
    return index % 2 === 0
      ? head(name(index / 2), name(index / 2 + 1), { id: `i${index}`, ...side })
      : head(name((index - 1) / 2 + 1), name((index - 1) / 2), { id: `i${index}`, startMs: startMs - 39_000, endMs: startMs - 30_000 });
  });
  const store = listStore({ records, nodes: Array.from({ length: nodes }, (_, index) => storedNode(name(index))) });
  const started = performance.now();
  const report = await fleetReport(store, { sinceMs: NOW - 2 * 86_400_000, untilMs: NOW, nowMs: NOW });
  const tookMs = performance.now() - started;
  assert.deepEqual([report.incidents.length, report.events.length], [2_000, 1_000]);
  assert.ok(tookMs < 2_000, `${Math.round(tookMs)} ms`);
});

test("five thousand incidents of one pair that all last are one event within a second", async () => {
  const records = Array.from({ length: 5_000 }, (_, index) => {
    const [node, peer] = index % 2 === 0 ? ["a", "b"] : ["b", "a"];
    return head(node ?? "", peer ?? "", { id: `i${index}`, startMs: T0 + index, endMs: null });
  });
  const store = listStore({ records, nodes: [storedNode("a"), storedNode("b")] });
  const started = performance.now();
  const { events } = await fleetEvents(store, DAY);
  const tookMs = performance.now() - started;
  assert.deepEqual(
    events.map(({ sides }) => sides.length),
    [5_000],
  );
  assert.ok(tookMs < 1_000, `${Math.round(tookMs)} ms`);
});
