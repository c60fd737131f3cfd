/** The page of an incident from what both nodes have sent: the page of the node, the other side on the same clock, and what can be said for the evidence. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { incidentRecords, type RecordsAnswer } from "../../../../src/collector/reports/incident-records.ts";
import { incidentReport } from "../../../../src/collector/reports/incident-report.ts";
import { collectedPage, type CollectedPage } from "../../../../src/collector/reports/page-source.ts";
import type { CollectorStore } from "../../../../src/collector/store/port.ts";
import { renderTicket, type TicketFormat } from "../../../../src/commands/report-ticket.ts";
import { buildTicket } from "../../../../src/report/page/build-ticket.ts";
import { CHINESE } from "../../../../src/report/page/labels-zh.ts";
import type { Database } from "../../../../src/store/database.ts";
import { COLLECTED_ROLLUP_MS, digestEvidence, readTicket } from "../../../../src/store/ticket-reader.ts";
import { HOSTILE_NAMES } from "../../../fixtures/hostile-names.ts";
import { readHtml } from "../../report/page/read-html.ts";
import { T0 } from "../../store/sample-rows.ts";
import { parseRecordsAnswer } from "../../../../src/collector/reports/parse-answer.ts";
import { randomFor } from "../../../property/random.ts";
import { spoilTree } from "./spoil.ts";
import { listStore } from "./list-store.ts";
import { storedNode, storedRecord } from "./node-records.ts";
import { fleetOf, HERE_ID, NOW, RECEIVED_MS, THERE_ID, type Fleet, type FleetOfTest } from "./two-nodes.ts";

async function answerOf(store: CollectorStore, id = HERE_ID): Promise<RecordsAnswer> {
  const answer = await incidentRecords(store, { id, nowMs: NOW });
  assert.ok(answer !== null);
  // As it comes over the wire.
  return JSON.parse(JSON.stringify(answer)) as RecordsAnswer;
}

async function pageOf(t: TestContext, fleet: FleetOfTest = {}, id = HERE_ID): Promise<CollectedPage & Fleet> {
  const made = fleetOf(t, fleet);
  const page = collectedPage(await answerOf(made.store, id), { nowMs: NOW });
  assert.ok(page !== null);
  return { ...page, ...made };
}

function render({ source, farEnds }: CollectedPage, format: TicketFormat = "text", labels = {}): string {
  return renderTicket(source, farEnds, { format, columns: 100, ...labels });
}

const CLOCKS = { here: { offsetMs: 5_000, errorMs: 4 }, there: { offsetMs: -36_000, errorMs: 6.5 }, thereAheadMs: 41_000 };

test("the page is what the node itself makes of its rows, with the receipt behind it", async (t) => {
  const { source, here } = await pageOf(t, CLOCKS);
  const db = here.reader.evidence as Database;
  const own = readTicket(here.reader, db, { kind: "incident", id: HERE_ID, incidentIds: [HERE_ID], nowMs: NOW, rollupMs: COLLECTED_ROLLUP_MS });
  const { receipts, ...rest } = source;
  // Captures of other incidents are on other pages.
  const bare = (one: typeof rest): unknown => ({
    ...one,
    others: { ...one.others, incidents: one.others.incidents.map(({ id, lost }) => [id, lost]) },
  });
  assert.deepEqual(bare(rest), bare(own));
  assert.equal(source.others.incidents.length, 1);
  assert.equal(source.evidence.sha256, digestEvidence(db, { incidentIds: [HERE_ID] }).sha256);
  assert.deepEqual(receipts?.slice(0, 1), [
    {
      node: "sh-a1",
      incident: HERE_ID,
      state: "complete",
      sha256: source.evidence.sha256,
      received_at: new Date(RECEIVED_MS).toISOString(),
      clock: { offset_ms: 5_000, error_ms: 4 },
      rows: 12,
      missing: 0,
      changed: null,
    },
  ]);
});

test("the other side is found over the offset of the clocks, its times are told on ours, and its trace for us is beside it", async (t) => {
  const { source, farEnds } = await pageOf(t, CLOCKS);
  const [reverse] = buildTicket(source, farEnds).incidents.map((each) => each.reverse);
  assert.ok(reverse !== undefined);
  assert.deepEqual(
    source.receipts?.map(({ node, incident, state }) => [node, incident, state]),
    [
      ["sh-a1", HERE_ID, "complete"],
      ["bj-b1", THERE_ID, "complete"],
    ],
  );
  assert.deepEqual([reverse.state, reverse.via, reverse.clock], ["merged", "collector", { offset_ms: -41_000, error_ms: 11 }]);
  assert.deepEqual(
    reverse.incidents.map(({ id, started_at: at, lost }) => [id, at, lost]),
    [[THERE_ID, new Date(T0).toISOString(), 45]],
  );
  assert.deepEqual(
    reverse.tables.map(({ phase, sweeps, mtr_runs: runs }) => [phase, sweeps, runs]),
    [
      ["before", 1, 0],
      ["during", 1, 1],
    ],
  );
  assert.equal(reverse.asked?.started_at, new Date(T0 + 500).toISOString());
  const text = render({ source, farEnds });
  assert.match(text, /What bj-b1 has sent to the collector:/);
  assert.match(text, /The clock of bj-b1 is 41000 ms ahead of ours, ± 11 ms/);
});

test("without a measured offset times are compared as they are, within two seconds, and the page says so", async (t) => {
  const near = await pageOf(t, { thereAheadMs: 9_200 + 1_900 });
  assert.deepEqual(
    near.farEnds[0]?.incidents.map(({ id }) => id),
    [THERE_ID],
  );
  assert.match(render(near), /The clocks were not measured against each other: the times below are on the clock of bj-b1/);
  const far = await pageOf(t, { thereAheadMs: 9_200 + 2_100 });
  assert.deepEqual(far.farEnds[0]?.incidents, []);
});

test("the receipt: rows that have not arrived, none at all but the head, other rows than there were, a sum that came later, no sum yet", async (t) => {
  const states = async (fleet: FleetOfTest): Promise<string> => {
    const page = await pageOf(t, fleet);
    const [receipt] = page.source.receipts ?? [];
    assert.ok(receipt !== undefined);
    return `${receipt.state} ${receipt.missing}`;
  };
  assert.equal(await states({ arrived: ({ type }) => type !== "row.samples" }), "partial 1");
  assert.equal(await states({ arrived: ({ type }) => !type.startsWith("row.lines") }), "partial 7");
  assert.equal(await states({ arrived: ({ type }) => !type.startsWith("row.") }), "partial 12");
  const { store, records } = fleetOf(t);
  const nodes = await store.nodes();
  const page = async (change: (record: (typeof records)[number]) => (typeof records)[number]): Promise<CollectedPage> => {
    const made = collectedPage(await answerOf(listStore({ records: records.map(change), nodes })), { nowMs: NOW });
    assert.ok(made !== null);
    return made;
  };
  const edited = await page((record) =>
    record.type === "row.samples" ? { ...record, data: record.data.replace(/"[\w+/=]+"\]$/, '"AAAAAAAAAAA="]') } : record,
  );
  assert.equal(edited.source.receipts?.[0]?.state, "differs");
  assert.match(render(edited), /those that are here give another sum than sh-a1 had when it closed the incident/);
  const later = await page((record) =>
    record.type === "incident" ? { ...record, changedDigest: "ab".repeat(32), changedDigestMs: RECEIVED_MS + 60_000 } : record,
  );
  assert.match(render(later), new RegExp(`sh-a1 sent another sum at 2026-11-19 20:15:03.120 UTC:\\s+${"ab".repeat(32)}`));
  const unsealed = await page((record) => (record.type === "incident" ? { ...record, digest: null, digestMs: null } : record));
  assert.match(render(unsealed), /sh-a1 has not sent a sum yet/);
});

test("a head alone makes a page: its figures and its verdict, in Chinese too with the words it was sent with", async (t) => {
  const page = await pageOf(t, { arrived: ({ type }) => !type.startsWith("row.") });
  const text = render(page);
  assert.match(text, /Loss +45 of 123 probes \(36\.6 %\), longest run 7\n/);
  assert.match(text, /outbound 45 of 123 lost/);
  assert.match(text, /12 of 12 have not arrived yet/);
  const { store } = fleetOf(t, { arrived: ({ type }) => !type.startsWith("row.") });
  const { chinese } = await import("../../../../src/verdict/words-zh.ts");
  const zh = collectedPage(await answerOf(store), { nowMs: NOW, words: chinese });
  assert.ok(zh !== null);
  assert.match(render(zh, "text", { labels: CHINESE }), /收集端的收讫记录[^]*12 行中有 12 行尚未到达/);
});

test("an id finds its incident or event by the whole or the beginning; of several only their names are told", async (t) => {
  const { store } = fleetOf(t);
  const named = async (id: string, node: string | null = null): Promise<string[] | null> =>
    (await incidentRecords(store, { id, node, nowMs: NOW }))?.incidents.map((each) => `${each.node} ${each.kind} ${each.id}`) ?? null;
  assert.deepEqual(await named(HERE_ID), [`sh-a1 incident ${HERE_ID}`]);
  assert.deepEqual(await named(`e${HERE_ID}`), [`sh-a1 event e${HERE_ID}`]);
  assert.deepEqual(await named(`e${HERE_ID}`.slice(0, -1)), [`sh-a1 event e${HERE_ID}`]);
  assert.deepEqual(await named("20261119T201204"), [`bj-b1 incident ${THERE_ID}`, `bj-b1 incident ${THERE_ID}-gz`]);
  assert.deepEqual((await incidentRecords(store, { id: "20261119T2012", nowMs: NOW }))?.nodes, []);
  assert.equal(await named("2026"), null, "too short");
  assert.equal(await named("nothing"), null);
  assert.deepEqual(await named(HERE_ID, "bj-b1"), null);
});

test("names that no trace met are not given, and one incident of two nodes is told of both", async (t) => {
  const { store, records } = fleetOf(t, CLOCKS);
  const answer = await answerOf(store);
  const names = answer.nodes[0]?.records.filter(({ type }) => type === "row.hop_names").map(({ data }) => (data as unknown[])[0]);
  assert.deepEqual(names, ["10.20.1.1"]);
  const report = await incidentReport(store, { id: HERE_ID, nowMs: NOW });
  const [detail] = report?.incidents ?? [];
  assert.deepEqual([detail?.node, detail?.captures.length, detail?.strip, detail?.receipt?.state], ["sh-a1", 3, "..x.xx..", "complete"]);
  assert.deepEqual(
    detail?.counterparts.map(({ node, id, clock, receipt }) => [node, id, clock?.offset_ms, receipt?.state]),
    [["bj-b1", THERE_ID, -41_000, "complete"]],
  );
  const same = records.map((record) => ({ ...record, node: "other" }));
  const both = await incidentReport(listStore({ records: [...records, ...same], nodes: [storedNode("sh-a1"), storedNode("other")] }), {
    id: HERE_ID,
    nowMs: NOW,
  });
  assert.deepEqual(both?.incidents.map(({ node }) => node).toSorted(), ["other", "sh-a1"]);
  assert.equal(await incidentReport(store, { id: "nothing", nowMs: NOW }), null);
});

test("hostile names in heads and rows come out harmless in every format", async () => {
  for (const name of HOSTILE_NAMES) {
    const head = {
      id: "hostile-1",
      event_id: "e1",
      continues: name,
      peer: name,
      address: name,
      kind: "loss",
      status: "closed",
      started_at: "2026-11-19T20:12:03.120Z",
      ended_at: "2026-11-19T20:12:12.320Z",
      sent: 3,
      lost: 1,
      evidence: { format: name, sha256: "00".repeat(32), rows: 5, bytes: 1 },
    };
    const records = [
      storedRecord({
        node: name,
        type: "incident",
        id: "hostile-1",
        parent: "e1",
        peer: name,
        atMs: T0,
        digest: "00".repeat(32),
        digestMs: RECEIVED_MS,
        data: JSON.stringify(head),
      }),
      storedRecord({ node: name, type: "row.peers", id: "p", data: JSON.stringify([name, name, 100, null, 1, 0, null]) }),
    ];
    const page = collectedPage(await answerOf(listStore({ records, nodes: [storedNode(name)] }), "hostile-1"), { nowMs: NOW });
    assert.ok(page !== null);
    for (const labels of [{}, { labels: CHINESE }]) {
      for (const format of ["text", "markdown", "json"] as const)
        for (const line of render(page, format, labels).split("\n"))
          assert.doesNotMatch(line, /[\p{Cc}\u202e\u2028\u200b]|^\s*INJECTED/u, JSON.stringify(name));
      readHtml(render(page, "html", labels));
    }
  }
});

test("a spoiled answer of a collector never throws: it is none, or a page of what is left", async (t) => {
  const random = randomFor(t);
  const answer = await answerOf(fleetOf(t, CLOCKS).store);
  assert.deepEqual(parseRecordsAnswer(answer), answer, "a good one comes through as it is");
  for (const value of [null, 5, [], {}, { ...answer, schema: "other" }, { ...answer, generated_at: "now" }])
    assert.equal(parseRecordsAnswer(value), null);
  let pages = 0;
  for (let round = 0; round < 60; round++) {
    // Of the frame, then of what is in it.
    const nodes = answer.nodes.map((node) => ({
      ...node,
      records: node.records.map((record) => (random.below(8) === 0 ? spoilTree(record, random) : record)),
    }));
    const spoiled = parseRecordsAnswer(round % 2 === 0 ? { ...answer, nodes } : { ...answer, nodes: spoilTree(nodes, random) });
    const page = spoiled === null ? null : collectedPage(spoiled, { nowMs: NOW });
    if (page === null) continue;
    pages++;
    render(page);
  }
  assert.ok(pages > 12, `${pages} pages of 60`);
});
