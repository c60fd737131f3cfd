/** The list in Chinese: the figures of the English one, nothing left in English, columns under each other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LIST_CHINESE } from "../../../src/report/list-labels-zh.ts";
import { LIST_ENGLISH, type ListLabels } from "../../../src/report/list-labels.ts";
import type { Report } from "../../../src/report/report.ts";
import { renderText } from "../../../src/report/text.ts";
import { textWidth } from "../../../src/report/width.ts";
import { hop, reportCapture, reportIncident, reportPeer, sampleReport } from "./sample-report.ts";

/** Names of the sample, tools, and what Chinese desks write in Latin letters too. */
const LATIN =
  /\b(?:UTC|mtr|meshprobe|sweep|HOST|Snt|Rcv|Avg|Best|Wrst|MPLS|p50|p95|p99|bj-b1|gz-c1|sh-a1|note7|errno|ENETUNREACH|i\d+)\b|Loss%|store\.max_bytes|--\w+|[.xo!-]{5,}| o | x |，o |，x /g;

function leaves(table: object, path = ""): [string, string][] {
  return Object.entries(table).flatMap(([key, value]: [string, unknown]) =>
    typeof value === "string"
      ? [[`${path}${key}`, value]]
      : typeof value === "object" && value !== null && !Array.isArray(value)
        ? leaves(value, `${path}${key}.`)
        : [],
  );
}

const bursts = reportIncident().bursts;

/** Everything that the list can say. */
const FULL: Report = sampleReport({
  node: { ...sampleReport().node, notes: ["note7"] },
  last_data_at: "2026-11-19T20:10:00.000Z",
  problems: ["note7"],
  peers: [
    reportPeer({ agent_silent_since: "2026-11-19T20:00:00.000Z" }),
    reportPeer({ peer: "gz-c1", sent: 100, received: 0, lost: 100, first_reply_at: null }),
  ],
  incidents: [
    reportIncident({
      continues: "i7",
      late: 3,
      strip: `${".".repeat(300)}x.xx..`,
      flows: [
        { flow: 0, sent: 30, lost: 30 },
        { flow: 1, sent: 30, lost: 0 },
      ],
      bursts: [...bursts, ...bursts].map((burst) => ({ ...burst, late: 1, send_failed: 2, blind: 3 })),
      captures: [
        reportCapture({ id: "c0", phase: "before", trigger: "baseline", hops: [hop(1, "10.20.1.1"), hop(2, "10.20.3.2")] }),
        reportCapture({ asked_by: "bj-b1", facts: { errno: "ENETUNREACH" }, hops: [hop(1, "10.20.1.1"), hop(2, null), hop(3, "10.20.3.2")] }),
        reportCapture({ id: "c2", kind: "mtr", tool: "mtr", status: "skipped", reason: "note7", reached: false, hops: [] }),
      ],
    }),
    reportIncident({ id: "i2", kind: null, status: "open", ended_at: null, strip: null }),
    reportIncident({ id: "i3", kind: "brownout", status: "cooling" }),
    reportIncident({ id: "i4", kind: "local", status: "interrupted", lost: 0 }),
  ],
  blind: ["stall", "suspend", "overflow", "wire-restart", "agent-restart", "socket-error"].map((cause) => ({
    started_at: "2026-11-19T20:00:00.000Z",
    ended_at: "2026-11-19T20:00:01.200Z",
    cause,
    detail: "note7",
  })),
  remote_captures: [reportCapture({ asked_by: "bj-b1" })],
  requested_captures: [reportCapture({ id: "q1", trigger: "request", status: "skipped", reason: "note7", hops: [] })],
  evicted: ["baselines", "samples", "rollups_10s", "rollups_1m", "rollups_1h", "evidence"].map((what, index) => ({
    what,
    reason: index === 0 ? "age" : "budget",
    from: "2026-11-19T19:00:00.000Z",
    to: "2026-11-19T20:00:00.000Z",
    rows: 3,
  })),
});

function say(report: Report, labels: ListLabels, full = true): string {
  return renderText(report, { columns: 100, zone: () => 480, full, labels });
}

function figures(text: string): string[] {
  return [...text.matchAll(/\d+(?:[.,:]\d+)*/g)].map(([figure]) => figure).sort();
}

test("both tables have the same texts with the same places", () => {
  // Words of the store that English shows as they are.
  const places = (labels: ListLabels): [string, string[]][] =>
    leaves(labels).flatMap(([key, text]): [string, string[]][] =>
      /^(?:blind\.cause|evicted\.what)\./.test(key) ? [] : [[key, [...new Set(text.match(/\{\w+\}/g))].sort()]],
    );
  assert.deepEqual(places(LIST_CHINESE), places(LIST_ENGLISH));
});

test("the list says in Chinese what it says in English, with every figure", () => {
  for (const full of [true, false]) {
    const chinese = say(FULL, LIST_CHINESE, full);
    assert.doesNotMatch(chinese.replaceAll(LATIN, ""), /[A-Za-z]/, chinese);
    assert.doesNotMatch(chinese, /\{\w+\}|undefined/);
    const words = /p9[59]|p50|rollups_\w+/g;
    assert.deepEqual(figures(chinese.replaceAll(words, "")), figures(say(FULL, LIST_ENGLISH, full).replaceAll(words, "")));
  }
});

test("a quiet, an empty and a crowded report are in Chinese too", () => {
  const empty = sampleReport({ incidents: [], peers: [], last_data_at: null });
  const quiet = sampleReport({ incidents: [], peers: [reportPeer({ sent: 0, received: 0, lost: 0, incidents: 0 })] });
  const crowded = sampleReport({ incidents: Array.from({ length: 21 }, (_, i) => reportIncident({ id: `i${i}`, event_id: `e${i % 3}` })) });
  for (const report of [empty, quiet, crowded]) assert.doesNotMatch(say(report, LIST_CHINESE, false).replaceAll(LATIN, ""), /[A-Za-z]/);
});

test("columns of Chinese tables are under each other", () => {
  const lines = say(FULL, LIST_CHINESE).split("\n");
  const column = (line: string, part: string): number => textWidth(line.slice(0, line.indexOf(part)));
  const ids = lines.filter((line) => /^ {2}\d {2}.* i\d$/.test(line));
  assert.equal(ids.length, 4);
  assert.equal(new Set(ids.map((line) => column(line, line.slice(-2)))).size, 1, ids.join("\n"));
  const summary = lines.filter((line) => /^ {2}(?:开始时间|发现|方法) /.test(line)).slice(0, 3);
  assert.deepEqual(
    summary.map((line, index) => column(line, ["2026", "首个", "探测间隔"][index] ?? "")),
    [14, 14, 14],
  );
});
