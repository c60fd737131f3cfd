import assert from "node:assert/strict";
import { test } from "node:test";
import { renderJson } from "../../../src/report/json.ts";
import type { ReportVerdict } from "../../../src/report/report.ts";
import { renderText, type TextOptions } from "../../../src/report/text.ts";
import { hop, reportCapture, reportIncident, reportPeer, sampleReport } from "./sample-report.ts";

const OPTIONS: TextOptions = { columns: 100, zone: () => 480, full: false };

const VERDICT: ReportVerdict = {
  scope: "path",
  direction: "out",
  hop: { after: "10.20.1.1", before: null },
  certainty: "likely",
  at: "2026-11-19T20:12:14.000Z",
  version: 2,
  counts: { outSent: 123, outLost: 45 },
  sentence:
    "from 20:12:03.1 to 20:12:12.3 UTC, 37 % of packets from sh-a1 to bj-b1 were lost, outbound only, behind 10.20.1.1; eleven other peers were clean",
  rule: "hearing-out",
  findings: ["the path to bj-b1 changed"],
};

test("the page of one incident answers who, when, how long, how much and where", () => {
  const report = sampleReport({
    incidents: [
      reportIncident({
        verdict: VERDICT,
        captures: [
          reportCapture({
            id: "c0",
            phase: "before",
            trigger: "baseline",
            started_at: "2026-11-19T20:05:00.000Z",
            first_hop_at: null,
            finished_at: "2026-11-19T20:05:01.000Z",
            reached: true,
            hops: [hop(1, "10.20.1.1"), hop(2, "10.20.3.2")],
          }),
          reportCapture(),
          reportCapture({
            id: "c2",
            kind: "mtr",
            tool: "mtr 0.95",
            status: "skipped",
            reason: "shares hops with gz-c1",
            first_hop_at: null,
            hops: [],
          }),
        ],
      }),
    ],
  });
  const text = renderText(report, OPTIONS);
  assert.deepEqual(text.split("\n").slice(0, 25), [
    "sh-a1 (10.20.1.2), meshprobe 0.1.0",
    "2026-11-20 02:13:00 to 2026-11-20 04:13:00 +08:00, 2 h (2026-11-19 18:13:00 to 2026-11-19 20:13:00 UTC)",
    "1 incident, 1 peer, loss 0.11 % (41 of 36,000 probes)",
    "",
    "INCIDENTS (newest last)",
    "  #  started (+08:00)         lasted  peer   what              lost  in a row  traced after  verdict           status  id",
    "  1  2026-11-20 04:12:03.120   9.2 s  bj-b1  loss 36.6 %  45 of 123         7        181 ms  path out, likely  closed  i1",
    "",
    "INCIDENT 1 of 1: loss 36.6 % towards bj-b1 (10.20.3.2), closed",
    "  from 20:12:03.1 to 20:12:12.3 UTC, 37 % of packets from sh-a1 to bj-b1 were lost, outbound only,",
    "  behind 10.20.1.1; eleven other peers were clean",
    "  - the path to bj-b1 changed",
    "",
    "  started     2026-11-20 04:12:03.120 +08:00 (2026-11-19 20:12:03.120 UTC)",
    "  ended       2026-11-20 04:12:12.320 +08:00 (2026-11-19 20:12:12.320 UTC), lasted 9.2 s",
    "  lost        45 of 123 probes (36.6 %), longest run 7",
    "  noticed     480 ms after the first lost packet",
    "  traced      first hop of evidence 181 ms after the first lost packet",
    "  method      one probe every 100 ms, lost when not answered within 2 s",
    "  id          i1",
    "",
    "  04:12:02.920  ..x.xx..",
    "  (. good, o late or slow, x lost, - blind, ! send failure, blank not recorded)",
    "",
    "  BEFORE  1 sweep, 2026-11-20 04:05:00.000 to 04:05:01.000",
  ]);
  assert.match(
    text,
    /HOST: sh-a1 +Loss% +Snt +Rcv +Avg +Best +Wrst\n +1\.\|-- 10\.20\.1\.1 +0\.0% +3 +3 +0\.4 +0\.3 +0\.6\n +2\.\|-- \?\?\? +100\.0% +3 +0 +- +- +-/,
  );
  assert.match(text, / {2}AFTER {2}no trace\n/);
  assert.match(text, / {2}mtr during \(burst\) skipped: shares hops with gz-c1\n/);
  assert.match(text, /PEERS \(worst first\)\n.*\n {2}bj-b1 +10\.20\.3\.2 +36,000 +41 +0\.11 % +0 +0 +1\.2 +1\.5 +3\.1 +12\.5 +1\n$/);
});

test("an empty store gives a friendly sentence", () => {
  const empty = sampleReport({ incidents: [], peers: [], last_data_at: null });
  assert.match(renderText(empty, OPTIONS), /0 incidents, 0 peers, no probes\n\nNothing is stored yet: the agent writes its first figures/);
  const quiet = sampleReport({ incidents: [], peers: [reportPeer({ sent: 0, received: 0, lost: 0, incidents: 0 })] });
  assert.match(renderText(quiet, OPTIONS), /Nothing was measured in this time\. Try a longer --since/);
});

test("a file that could not be read is in the headline, never a zero", () => {
  const text = renderText(sampleReport({ incidents: [], problems: ["Cannot read /d/evidence.db: the database is damaged"] }), OPTIONS);
  assert.match(text, /incidents not known, 1 peer/);
  assert.match(text, /NOT COMPLETE: Cannot read \/d\/evidence\.db/);
});

test("data that ends long before now says that the agent may not be running; a range in the past does not", () => {
  const old = { last_data_at: "2026-11-19T20:10:00.000Z" };
  assert.match(renderText(sampleReport(old), OPTIONS), /newest data is of 2026-11-20 04:10:00\.000; the agent may not be running/);
  assert.doesNotMatch(renderText(sampleReport({ ...old, generated_at: "2026-11-20T20:13:00.000Z" }), OPTIONS), /may not be running/);
});

test("a range that ends in the future is judged by now: fresh data says nothing of the agent, old data does", () => {
  const until = "2026-11-19T22:00:00.000Z";
  assert.doesNotMatch(renderText(sampleReport({ until }), OPTIONS), /may not be running/);
  assert.match(renderText(sampleReport({ until, last_data_at: "2026-11-19T20:10:00.000Z" }), OPTIONS), /may not be running/);
});

test("more than twenty incidents are a list, with --full all of them are shown", () => {
  const incidents = Array.from({ length: 21 }, (_, i) => reportIncident({ id: `i${i}`, event_id: `e${i % 3}` }));
  const list = renderText(sampleReport({ incidents }), OPTIONS);
  assert.match(list, /21 incidents, 1 peer/);
  assert.doesNotMatch(list, /INCIDENT 1 of 21/);
  assert.match(list, /narrow --since, --until or --peer, or give --full/);
  assert.match(renderText(sampleReport({ incidents }), { ...OPTIONS, full: true }), /INCIDENT 21 of 21/);
});

test("--full shows every burst and every capture with its own hops", () => {
  const text = renderText(sampleReport({ incidents: [reportIncident({ captures: [reportCapture({ facts: { errno: "ENETUNREACH" } })] })] }), {
    ...OPTIONS,
    full: true,
  });
  assert.match(text, / {2}bursts {6}1\n +04:12:03\.120 {2}9\.2 s, 45 of 123 lost, longest run 7/);
  assert.match(
    text,
    / {2}CAPTURE sweep during \(burst\) complete\n.*meshprobe sweep to 10\.20\.3\.2.*\n {4}facts \{"errno":"ENETUNREACH"\}\n {4}HOST: sh-a1/,
  );
});

test("hops have their names in front, cut when they are long and made harmless, other addresses of the hop as well", () => {
  const long = `${"x".repeat(60)}.example`;
  const hops = [
    hop(1, "10.20.1.1", { name: "gw.sh.example", addresses: ["10.20.1.1", "10.20.1.2"] }),
    hop(2, "10.20.1.2", { name: "gw2\u001b[2J" }),
    hop(3, "10.20.1.3", { name: long }),
    hop(4, "10.20.3.2"),
  ];
  const report = sampleReport({ incidents: [reportIncident({ captures: [reportCapture({ hops })] })] });
  const lines = renderText(report, OPTIONS)
    .split("\n")
    .filter((line) => line.includes("|-- "));
  assert.deepEqual(
    lines.map((line) => line.replace(/ +\d+\.\d%.*$/, "").trim()),
    [
      "1.|-- gw.sh.example (10.20.1.1)",
      "|  `|-- gw2\\x1b[2J (10.20.1.2)",
      "2.|-- gw2\\x1b[2J (10.20.1.2)",
      `3.|-- ${"x".repeat(47)}… (10.20.1.3)`,
      "4.|-- 10.20.3.2",
    ],
  );
  assert.equal(new Set(lines.filter((line) => line.includes("%")).map((line) => line.indexOf("%"))).size, 1, "columns are aligned");
});

test("an open incident says so everywhere", () => {
  const text = renderText(sampleReport({ incidents: [reportIncident({ kind: null, status: "open", ended_at: null })] }), OPTIONS);
  assert.match(text, /going on {2}bj-b1 {2}loss 36\.6 % so far/);
  assert.match(text, / {2}ended {7}not yet\n/);
});

test("blind intervals, traces for others and evictions have their lines", () => {
  const text = renderText(
    sampleReport({
      blind: [{ started_at: "2026-11-19T20:00:00.000Z", ended_at: "2026-11-19T20:00:01.200Z", cause: "stall", detail: null }],
      remote_captures: [reportCapture({ asked_by: "bj-b1" })],
      requested_captures: [reportCapture({ trigger: "request" })],
      evicted: [{ what: "samples", reason: "budget", from: "2026-11-19T19:00:00.000Z", to: "2026-11-19T20:00:00.000Z", rows: 3 }],
    }),
    OPTIONS,
  );
  assert.match(text, /BLIND .*\n {2}2026-11-20 04:00:00\.000 {2}1\.2 s, stall\n/);
  assert.match(text, /TRACED FOR OTHER NODES\n.*asked by bj-b1/);
  assert.match(text, /TRACED ON REQUEST\n {2}2026-11-20 04:12:03\.290 {2}sweep to 10\.20\.3\.2, complete\n/);
  assert.match(text, /NO LONGER STORED\n {2}samples, 2026-11-20 03:00:00 to 2026-11-20 04:00:00: deleted to stay within store\.max_bytes/);
});

test("nothing from outside reaches the terminal unescaped", () => {
  const evil = "e\u001b]0;x\u0007";
  const report = sampleReport({
    node: { ...sampleReport().node, name: evil, address: evil, version: evil, notes: [evil] },
    peers: [reportPeer({ peer: evil, address: evil, received: 0, first_reply_at: null })],
    blind: [{ started_at: "2026-11-19T20:00:00.000Z", ended_at: "2026-11-19T20:00:01.200Z", cause: evil, detail: evil }],
    remote_captures: [reportCapture({ asked_by: evil, target: evil })],
    requested_captures: [reportCapture({ trigger: "request", reason: evil, target: evil })],
    problems: [evil],
    incidents: [
      reportIncident({
        id: evil,
        peer: evil,
        address: evil,
        continues: evil,
        captures: [
          reportCapture({
            tool: evil,
            target: evil,
            reason: evil,
            asked_by: null,
            facts: { evil },
            hops: [hop(1, evil, { addresses: [evil, `${evil}2`], mpls: [evil], note: evil })],
          }),
        ],
      }),
    ],
  });
  for (const full of [true, false]) assert.doesNotMatch(renderText(report, { ...OPTIONS, full }), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

test("the json is the report", () => {
  const report = sampleReport();
  assert.deepEqual(JSON.parse(renderJson(report)), report);
});
