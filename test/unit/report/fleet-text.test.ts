/** The list over all nodes as text, in both languages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FLEET_CHINESE } from "../../../src/report/fleet/fleet-labels-zh.ts";
import { FLEET_ENGLISH, type FleetLabels } from "../../../src/report/fleet/fleet-labels.ts";
import { renderFleetText } from "../../../src/report/fleet/fleet-text.ts";
import type { FleetIncident, FleetNode, FleetReport } from "../../../src/report/fleet/fleet.ts";
import { parseFleetReport } from "../../../src/report/fleet/parse-fleet.ts";
import { LIST_CHINESE } from "../../../src/report/list-labels-zh.ts";
import { LIST_ENGLISH } from "../../../src/report/list-labels.ts";
import type { ReportVerdict } from "../../../src/report/report.ts";
import { HOSTILE_NAMES } from "../../fixtures/hostile-names.ts";
import { reportIncident, reportPeer, sampleReport } from "./sample-report.ts";

const VERDICT: ReportVerdict = {
  scope: "path",
  direction: "out",
  hop: null,
  certainty: "likely",
  at: "2026-11-19T20:12:13.000Z",
  version: 1,
  counts: {},
  sentence: "37 % of packets were lost",
  rule: "trace-ended",
  findings: [],
};

function fleet(name: string, more: Partial<FleetReport> = {}): FleetReport {
  const receipt = { incident: "i1", sha256: null, received_at: null, clock: null, changed: null };
  const incident = (node: string, peer: string, id: string): FleetIncident => ({
    ...reportIncident({ peer, id, event_id: `e-${id}`, verdict: VERDICT, address: name }),
    node,
    receipt,
  });
  const node = (each: string, about: Partial<FleetNode> = {}): FleetNode => ({
    node: each,
    version: name,
    address: name,
    first_heard_at: "2026-11-19T20:00:00.000Z",
    last_heard_at: "2026-11-19T20:12:59.000Z",
    clock: { offset_ms: -12, error_ms: 3 },
    backlog: [],
    blind_since: null,
    ...about,
  });
  const [here, there] = [name, `${name}2`];
  return {
    ...sampleReport(),
    node: { ...sampleReport().node, name: null },
    nodes: [
      node(here),
      node(there, {
        clock: null,
        blind_since: "2026-11-19T20:12:30.000Z",
        backlog: [{ lane: 1, records: 1234, oldest_at: "2026-11-19T20:01:00.000Z" }],
      }),
    ],
    peers: [{ ...reportPeer({ peer: there, address: name }), node: here }],
    peers_omitted: false,
    blind: [
      {
        node: there,
        started_at: "2026-11-19T20:05:00.000Z",
        ended_at: "2026-11-19T20:05:01.500Z",
        cause: name === "constructor" ? name : "stall",
        detail: name,
      },
    ],
    events: [
      {
        node: here,
        id: "e-i1",
        started_at: "2026-11-19T20:12:03.120Z",
        ended_at: null,
        incidents: ["i1"],
        verdict: { ...VERDICT, sentence: `to ${name}: ${VERDICT.sentence}` },
        sides: [
          { node: here, id: "e-i1", incidents: ["i1"], clock: { offset_ms: 0, error_ms: 0 } },
          { node: there, id: "e-i2", incidents: ["i2"], clock: { offset_ms: -41_000, error_ms: 15 } },
        ],
      },
    ],
    incidents: [
      incident(here, there, "i1"),
      { ...incident(there, here, "i2"), started_at: "2026-11-19T20:12:44.220Z", ended_at: "2026-11-19T20:12:53.320Z" },
    ],
    ...more,
  };
}

const ENGLISH_TEXT = { columns: 100, zone: () => 0, full: false, url: "https://c.example:8443", labels: LIST_ENGLISH, fleet: FLEET_ENGLISH };
const CHINESE_TEXT = { ...ENGLISH_TEXT, labels: LIST_CHINESE, fleet: FLEET_CHINESE };

test("both sides of an event stand together, the further one on the clock of the first", () => {
  const text = renderFleetText(fleet("sh-a1"), ENGLISH_TEXT);
  assert.match(text, /^2 nodes at the collector\n2026-11-19 18:13:00 to 2026-11-19 20:13:00 UTC, 2 h\n1 event, 2 incidents\n/);
  assert.match(text, /\n +1 +2026-11-19 20:12:03\.120 +9\.2 s +sh-a1 +sh-a12 +loss 36\.6 % +45 of 123 +path out, likely +closed +i1\n/);
  assert.match(text, /\n +2026-11-19 20:12:03\.220 +9\.1 s +sh-a12 +sh-a1 .* closed +\+41000 ± 15 ms +i2\n/);
  assert.match(text, /meshprobe report --collector https:\/\/c\.example:8443 ID shows one/);
  assert.match(text, /VERDICTS\n {3}1 {2}to sh-a1: 37 % of packets were lost\n/);
  assert.match(text, /sh-a12 .* 2026-11-19 20:12:59 +1,234 since 2026-11-19 20:01:00 +since 2026-11-19 20:12:30 +not measured\n/);
  assert.match(text, /sh-a1 to sh-a12 +sh-a1 +36,000 +41 /);
  assert.match(text, /BLIND[^\n]*\n {2}sh-a12 {2}2026-11-19 20:05:00\.000 {2}1\.5 s, stall: sh-a1\n$/);
});

test("nothing happened, sums that nobody asked for and answers that are not whole are said; of many nodes those with news are shown", () => {
  const quiet = renderFleetText(fleet("n", { events: [], incidents: [], peers: [], peers_omitted: true }), ENGLISH_TEXT);
  assert.match(quiet, /No node has told of an incident in this time\./);
  assert.match(quiet, /note: sums of the peers are given for one node or one peer: --node, --peer\n/);
  const cut = renderFleetText(fleet("n", { events: [], incidents: [], problems: ["more than 5 incidents"] }), ENGLISH_TEXT);
  assert.match(cut, /NOT COMPLETE: more than 5 incidents\n/);
  assert.doesNotMatch(cut, /No node has told/);
  const [well, blind] = fleet("n").nodes;
  assert.ok(well !== undefined && blind !== undefined);
  const many = fleet("n", { nodes: [...Array.from({ length: 60 }, (_, index) => ({ ...well, node: `well-${index}` })), blind] });
  assert.match(renderFleetText(many, ENGLISH_TEXT), /NODES\n[^\n]*\n {2}n2 [^\n]*\n {2}and 60 nodes that are heard/);
  assert.match(renderFleetText(many, { ...ENGLISH_TEXT, full: true }), /well-59/);
});

test("in Chinese: the same places in every label, no English but names and terms, the same figures", () => {
  const places = (labels: FleetLabels): unknown =>
    JSON.parse(
      JSON.stringify(labels, (_, value: unknown) => (typeof value === "string" ? [...new Set(value.match(/\{\w+\}/g))].sort().join() : value)),
    );
  assert.deepEqual(places(FLEET_CHINESE), places(FLEET_ENGLISH));
  const chinese = renderFleetText(fleet("n7"), CHINESE_TEXT);
  const known = /n72?|UTC|meshprobe report --collector \S+ ID|meshprobe|to n7: 37 % of packets were lost|p50|p99|i1|i2|--full/g;
  assert.doesNotMatch(chinese.replace(known, ""), /[A-Za-z]{2}|undefined|[{}]/, chinese);
  const figures = (text: string): string[] => [...text.matchAll(/\d+(?:[.,:]\d+)*/g)].map(([figure]) => figure).sort();
  assert.deepEqual(figures(chinese), figures(renderFleetText(fleet("n7"), ENGLISH_TEXT)));
});

test("hostile names make no line of their own and no character that a terminal acts on, also after they came over the wire", () => {
  const lines = renderFleetText(fleet("plain"), ENGLISH_TEXT).split("\n").length;
  for (const name of [...HOSTILE_NAMES, "constructor"]) {
    const came = parseFleetReport(JSON.parse(JSON.stringify(fleet(name))));
    assert.ok(came !== null);
    for (const report of [fleet(name), came]) {
      for (const options of [ENGLISH_TEXT, CHINESE_TEXT]) {
        const text = renderFleetText(report, options);
        for (const line of text.split("\n")) assert.doesNotMatch(line, /[\p{Cc}\u202e\u2028\u200b]|\p{Cs}|^\s*INJECTED/u, JSON.stringify(name));
        assert.ok(text.split("\n").length >= lines - 2);
      }
    }
  }
});

test("an answer of wrong kinds is no report, or one without what is wrong", () => {
  for (const value of [
    null,
    5,
    "x",
    [],
    {},
    { schema: "meshprobe.report/1" },
    { ...fleet("n"), schema: "other" },
    { ...fleet("n"), since: "yesterday" },
  ])
    assert.equal(parseFleetReport(value), null);
  const odd: readonly unknown[] = [null, 5, "x", [], {}, [null, 5, "x", [], {}]];
  for (const key of ["nodes", "peers", "blind", "events", "incidents", "problems", "node"])
    for (const value of odd) {
      const report = parseFleetReport({ ...fleet("n"), [key]: value });
      assert.ok(report !== null);
      renderFleetText(report, ENGLISH_TEXT);
    }
});
