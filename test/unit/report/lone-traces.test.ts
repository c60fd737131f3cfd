import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { renderJson } from "../../../src/report/json.ts";
import { LIST_CHINESE } from "../../../src/report/list-labels-zh.ts";
import type { Report, ReportCapture } from "../../../src/report/report.ts";
import { renderText } from "../../../src/report/text.ts";
import { hop, reportCapture, reportIncident, sampleReport } from "./sample-report.ts";

const LIMITED = "answers limited by the router (loss does not reach the destination)";

/** The sweep and the mtr of one request; the router answers one of four, the target all. */
function request(number: number): ReportCapture[] {
  const common = { trigger: "remote", asked_by: `bj-b1 incident ${number}`, facts: { asked_epoch: 1, asked_incident: number } } as const;
  const router = (sent: number, received: number): ReportCapture["hops"][number] =>
    hop(1, "10.20.1.1", { sent, received, loss_pct: Math.round((1 - received / sent) * 1000) / 10 });
  return [
    reportCapture({ ...common, id: `s${number}`, hops: [router(1, 1), hop(2, "10.20.3.2", { sent: 1, received: 1 })] }),
    reportCapture({ ...common, id: `m${number}`, kind: "mtr", hops: [router(11, 2), hop(2, "10.20.3.2", { sent: 11, received: 11 })] }),
  ];
}

function section(remote: readonly ReportCapture[], full = false): string {
  const text = renderText(sampleReport({ incidents: [], remote_captures: remote }), { columns: 100, zone: () => 0, full });
  return text.slice(text.indexOf("TRACED FOR"));
}

test("sweep and mtr of one request are one table, and a router that limits its answers is excused in it, in text and json", () => {
  const remote = request(3);
  const lines = section(remote).trimEnd().split("\n");
  assert.deepEqual(lines.slice(0, 3), [
    "TRACED FOR OTHER NODES",
    "  2026-11-19 20:12:03.290  sweep to 10.20.3.2, asked by bj-b1 incident 3, complete",
    "  2026-11-19 20:12:03.290  mtr to 10.20.3.2, asked by bj-b1 incident 3, complete",
  ]);
  assert.match(lines[4] ?? "", new RegExp(`1\\.\\|-- 10\\.20\\.1\\.1 +75\\.0% +12 +3 .*${LIMITED.replace(/[()]/g, "\\$&")}$`));
  assert.match(lines[5] ?? "", /2\.\|-- 10\.20\.3\.2 +0\.0% +12 +12 [^a-z]*$/);
  const json = JSON.parse(renderJson(sampleReport({ remote_captures: remote }))) as Report;
  assert.deepEqual(
    json.remote_captures.map((capture) => capture.hops.map((line) => line.note)),
    [
      [null, null],
      [LIMITED, null],
    ],
  );
});

test("what was refused says why, without a table", () => {
  const refused = reportCapture({
    trigger: "remote",
    asked_by: "bj-b1 incident 4",
    status: "skipped",
    reason: "traced for this node less than a minute before",
    hops: [],
  });
  assert.match(section([refused]), /asked by bj-b1 incident 4, skipped: traced for this node less than a minute before\n$/);
});

test("above five requests the tables are left out, unless asked for in full", () => {
  const tables = (remote: readonly ReportCapture[], full = false): number => section(remote, full).split("HOST:").length - 1;
  const six = [1, 2, 3, 4, 5, 6].flatMap(request);
  assert.deepEqual([tables(six.slice(0, 10)), tables(six), tables(six, true)], [5, 0, 6]);
});

describe("traces that a person asked for", () => {
  /** The sweep and the mtr of each; the router answers some of the mtr. */
  const traced = (id: string, more: Partial<ReportCapture> = {}): ReportCapture[] =>
    request(1).map((capture) => ({ ...capture, id: `${capture.id}-${id}`, trigger: "request", asked_by: null, facts: { request: id }, ...more }));
  const said = (requested: readonly ReportCapture[]): string => {
    const text = renderText(sampleReport({ incidents: [], requested_captures: requested }), { columns: 100, zone: () => 0, full: false });
    return text.slice(text.indexOf("TRACED ON REQUEST"));
  };

  test("each is one table, also two to one target, and no word of who asked", () => {
    const text = said([...traced("t1"), ...traced("t2")]);
    assert.equal(text.split("HOST:").length - 1, 2);
    assert.doesNotMatch(text, /asked by/);
    assert.deepEqual(
      text.match(/1\.\|-- 10\.20\.1\.1 .*/g)?.map((line) => line.includes(LIMITED)),
      [true, true],
    );
    assert.equal(said(traced("t1", { facts: {} })).split("HOST:").length - 1, 2, "what is not known to belong together is not added up");
  });

  test("there is no section without one", () => {
    assert.doesNotMatch(renderText(sampleReport(), { columns: 100, zone: () => 0, full: true }), /TRACED/);
  });

  test("the json has them beside those for other nodes, with the notes of the text", () => {
    const json = JSON.parse(renderJson(sampleReport({ requested_captures: traced("t1") }))) as Report;
    assert.deepEqual(
      json.requested_captures.map(({ id, hops }) => [id, hops[0]?.note]),
      [
        ["s1-t1", null],
        ["m1-t1", LIMITED],
      ],
    );
    assert.deepEqual(json.remote_captures, []);
  });
});

test("with the words of a language every note in the json is in it, and nothing else changes", () => {
  const captures = request(3);
  const report = sampleReport({
    incidents: [reportIncident({ loss_pct: 0, captures: captures.map((capture) => ({ ...capture, trigger: "burst" })) })],
    remote_captures: captures,
    requested_captures: captures.map((capture) => ({ ...capture, trigger: "request" })),
  });
  const notes = (json: string): string[] => [...json.matchAll(/"note": "(.*)"/g)].map((match) => match[1] ?? "");
  const [english, chinese] = [renderJson(report), renderJson(report, LIST_CHINESE.said)];
  assert.deepEqual(notes(english), [LIMITED, LIMITED, LIMITED]);
  assert.deepEqual(
    notes(chinese),
    Array.from({ length: 3 }, () => "路由器限制了自身的应答（丢包没有延续到目的地）"),
  );
  assert.equal(chinese.replaceAll(/"note": ".*"/g, ""), english.replaceAll(/"note": ".*"/g, ""));
});
