/** The status and a trace in Chinese: the figures of the English ones, nothing left in English, columns under each other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CONTROL_CHINESE } from "../../../src/control/labels-zh.ts";
import { CONTROL_ENGLISH, type ControlLabels } from "../../../src/control/labels.ts";
import { statusNotes } from "../../../src/control/status-notes.ts";
import { statusLines } from "../../../src/control/status-text.ts";
import type { Status } from "../../../src/control/status.ts";
import { traceLines } from "../../../src/control/trace-text.ts";
import { TRACE_SCHEMA, type TraceResult } from "../../../src/control/trace.ts";
import { say } from "../../../src/phrases/control.ts";
import { CONTROL_DICTIONARY } from "../../../src/phrases/control-zh.ts";
import { say as sayEvidence } from "../../../src/phrases/evidence.ts";
import { textWidth } from "../../../src/report/width.ts";
import { assertTranslates, places } from "../phrases/tables.ts";
import { hop, reportCapture } from "../report/sample-report.ts";
import { samplePeer, sampleStatus } from "./sample-status.ts";

/** Commands, keys, names, and what Chinese desks write in Latin letters too. */
const PHRASE_LATIN =
  /\b(?:mtr|apt-get install mtr-tiny|capture\.mtr|mesh\.key_file|sysctl -w net\.core\.rmem_max|trace\.allow: any|systemctl start meshprobe|meshprobe report|meshprobe|root|usermod -aG|USER|probe\.max_rate|peers)\b/g;
const SCREEN_LATIN =
  /\b(?:meshprobe|sweep|mtr-tiny|mtr|apt-get install|sh-a1|gz-c1|bj-b1|new|UTC|GB|MB|ms|HOST|Snt|Rcv|Avg|Best|Wrst|raw|EPERM|ENETUNREACH|mesh\.key_file|sysctl -w net\.core\.rmem_max|\d{8}T\d{6}-\w+)\b|Loss%| -[ne]\b|x(?=$)/gm;

test("every phrase of the agent is known again and Chinese, with the same values", () => {
  assertTranslates(CONTROL_DICTIONARY, PHRASE_LATIN);
});

test("both tables have the same texts with the same places", () => {
  const shape = ({ status, trace }: ControlLabels): [string, string[]][] =>
    leaves({ status, trace }).map(([key, text]) => [key, [...new Set(places(text))]]);
  assert.deepEqual(shape(CONTROL_CHINESE), shape(CONTROL_ENGLISH));
});

function leaves(table: object, path = ""): [string, string][] {
  return Object.entries(table).flatMap(([key, value]: [string, unknown]): [string, string][] =>
    typeof value === "string" ? [[`${path}${key}`, value]] : leaves(value as object, `${path}${key}.`),
  );
}

function figures(lines: readonly string[]): string[] {
  return [...lines.join("\n").matchAll(/\d+(?:[.,:]\d+)*/g)].map(([figure]) => figure).sort();
}

const [incident] = sampleStatus().incidents;
assert.ok(incident !== undefined);
const BLIND = { started_at: "2026-11-21T18:00:00.000Z", ended_at: "2026-11-21T18:00:01.000Z", cause: "stall" } as const;
const NOTES = statusNotes(
  { notes: [], mesh: { keyFile: null }, capture: { mtr: true } as never },
  { wire: { receiveBuffer: { got: 1, wanted: 8 }, sendErrors: { EPERM: 3, ENETUNREACH: 4000 } }, mtrMissing: true },
);
const FULL: Status = sampleStatus({
  states: { burst: 1, cooling: 1, unresolved: 1, "never-answered": 1, well: 1 },
  peers: (["burst", "cooling", "unresolved", "never-answered", "well"] as const).map((state) =>
    samplePeer({ state, agent_silent_since: state === "well" ? "2026-11-21T18:00:00.000Z" : null }),
  ),
  incidents: [...Array.from({ length: 6 }, () => incident), { ...incident, status: "cooling" as const }]
    .toReversed()
    .map((one) => ({ ...one, sentence: null })),
  blind: { count: 2, seconds: 1.5, last: [{ ...BLIND, detail: sayEvidence("slow", { of: 3, n: 1000 }) }] },
  notes: NOTES,
});

test("the status says in Chinese what it says in English, with every figure, on 80 columns too", () => {
  for (const [columns, rows] of [
    [120, null],
    [80, null],
    [80, 30],
  ] as const) {
    const options = { columns, rows, unicode: true, zone: () => 480 };
    const chinese = statusLines(FULL, { ...options, labels: CONTROL_CHINESE });
    assert.doesNotMatch(chinese.join("\n").replaceAll(SCREEN_LATIN, ""), /[A-Za-z{]/, chinese.join("\n"));
    if (rows === null)
      assert.deepEqual(
        figures(chinese).filter((one) => one !== "10" && !/^\d+$/.test(one)),
        figures(statusLines(FULL, { ...options, labels: CONTROL_ENGLISH })).filter((one) => one !== "10" && !/^\d+$/.test(one)),
      );
    for (const line of chinese) assert.ok(textWidth(line) <= columns, line);
  }
});

test("nothing of the head is cut off on 80 columns, and the columns of the peers are under each other", () => {
  for (const labels of [CONTROL_ENGLISH, CONTROL_CHINESE]) {
    const lines = statusLines(FULL, { columns: 80, rows: null, unicode: true, zone: () => 480, labels });
    const table = lines.slice(lines.indexOf("") + 1);
    assert.ok(
      lines.slice(0, lines.indexOf("")).every((line) => !line.endsWith("…")),
      lines.join("\n"),
    );
    const at = table.slice(1).map((line) => textWidth(line.slice(0, line.indexOf("1.23 ms"))));
    assert.equal(new Set(at).size, 1, table.join("\n"));
  }
});

test("a cause without detail is said in Chinese", () => {
  const status = sampleStatus({ blind: { count: 1, seconds: 1, last: [{ ...BLIND, detail: null }] } });
  assert.ok(
    statusLines(status, { columns: 120, rows: null, unicode: true, zone: () => 0, labels: CONTROL_CHINESE }).some((line) =>
      line.endsWith("：进程停顿"),
    ),
  );
});

test("a trace says in Chinese what it says in English", () => {
  const trace: TraceResult = {
    schema: TRACE_SCHEMA,
    node: "sh-a1",
    peer: "bj-b1",
    address: "10.20.3.2",
    captures: [
      reportCapture({ tool: "meshprobe sweep", reached: true, hops: [{ ...hop(1, "10.20.1.1"), note: sayEvidence("silent") }] }),
      reportCapture({
        kind: "mtr",
        tool: "mtr --raw -n -e",
        status: "skipped",
        reached: false,
        reason: sayEvidence("sharesHops", { peers: "gz-c1" }),
        hops: [],
      }),
    ],
    notes: [say("noSweep")],
  };
  const zone = (): number => 480;
  const chinese = traceLines(trace, { zone, labels: CONTROL_CHINESE });
  assert.doesNotMatch(chinese.join("\n").replaceAll(SCREEN_LATIN, ""), /[A-Za-z{]/, chinese.join("\n"));
  assert.deepEqual(figures(chinese), figures(traceLines(trace, { zone, labels: CONTROL_ENGLISH })));
  assert.match(chinese.join("\n"), /^追踪：从 sh-a1 到 bj-b1（10\.20\.3\.2）\n注意：未做全跳扫描/);
});
