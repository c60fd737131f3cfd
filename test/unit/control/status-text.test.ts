import assert from "node:assert/strict";
import test from "node:test";
import { CONTROL_CHINESE } from "../../../src/control/labels-zh.ts";
import { CONTROL_ENGLISH } from "../../../src/control/labels.ts";
import { statusLines } from "../../../src/control/status-text.ts";
import { sparkline } from "../../../src/control/sparkline.ts";
import { textWidth } from "../../../src/report/width.ts";
import type { Status } from "../../../src/control/status.ts";
import { samplePeer, sampleStatus } from "./sample-status.ts";

const WIDE = { columns: 120, rows: null, unicode: true, zone: () => 0, labels: CONTROL_ENGLISH };

test("what is wrong comes first, with its sentence; the peers follow, the worst first, with their last minutes", () => {
  const lines = statusLines(sampleStatus(), WIDE);
  assert.match(lines[0] ?? "", /^sh-a1 \(10\.20\.1\.2\), meshprobe 0\.1\.0, up 3 h 05 min, a probe every 100 ms, 30 probes\/s$/);
  assert.match(lines[1] ?? "", /^3 peers: 1 LOSING, 1 no answer yet, 1 well; 123 MB of 2\.0 GB used, 40 GB free on the disk$/);
  assert.match(lines[2] ?? "", /^INCIDENT gz-c1 \(10\.20\.4\.2\) since 18:35:43\.593, 16\.4 s, 33\.33 % lost \(40 of 120\), 20261121T183543-5c0f$/);
  assert.match(lines[3] ?? "", /^ {2}from 18:35:43\.5 UTC, 33 %/);
  assert.match(lines[4] ?? "", /^blind 1 time, 250 ms in all; last at 18:00:00\.000 for 250 ms: stall$/);
  assert.match(lines[5] ?? "", /^- mtr is off/);
  const table = lines.slice(lines.indexOf("") + 1);
  assert.deepEqual(
    table.slice(1).map((line) => line.split(/ {2,}/).slice(0, 3)),
    [
      ["gz-c1", "10.20.3.2", "LOSING"],
      ["new", "-", "no answer yet"],
      ["bj-b1", "10.20.3.2", "well"],
    ],
  );
  assert.match(table[1] ?? "", /▁▂.*█.*x$/);
});

test("no line is wider and no screen longer than the terminal, whatever its size", () => {
  const peers = Array.from({ length: 500 }, (_, index) => samplePeer({ peer: `peer-${index}` }));
  const status = sampleStatus({ peers, states: { burst: 0, cooling: 0, unresolved: 0, "never-answered": 0, well: 500 } });
  for (const labels of [CONTROL_ENGLISH, CONTROL_CHINESE])
    for (const [columns, rows] of [
      [200, 50],
      [80, 24],
      [40, 10],
      [20, 5],
    ] as const) {
      const lines = statusLines(status, { ...WIDE, columns, rows, labels });
      assert.ok(lines.length <= rows, `${lines.length} lines on ${rows}`);
      for (const line of lines) assert.ok(textWidth(line) <= columns, `${columns}: ${line}`);
    }
  assert.match(statusLines(status, { ...WIDE, columns: 80, rows: 24 }).at(-1) ?? "", /^… and \d+ peers more, none of them worse$/);
  assert.equal(statusLines(status, WIDE).filter((line) => line.startsWith("peer-")).length, 500);
});

test("names and words from outside cannot steer the terminal", () => {
  const nasty = "\x1b]0;evil\x07\u202ename\n";
  const status = sampleStatus();
  const [incident] = status.incidents;
  assert.ok(incident !== undefined);
  const text = statusLines(
    {
      ...status,
      node: { ...status.node, name: nasty, address: nasty, version: nasty },
      peers: [samplePeer({ peer: nasty, address: nasty })],
      incidents: [{ ...incident, id: nasty, peer: nasty, address: nasty, sentence: nasty }],
      blind: {
        count: 1,
        seconds: 1,
        last: [{ started_at: "2026-11-21T18:00:00.000Z", ended_at: "2026-11-21T18:00:01.000Z", cause: nasty, detail: nasty }],
      },
      notes: [nasty],
    },
    WIDE,
  ).join("\n");
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  assert.match(text, /\\x1b\]0;evil\\x07/);
});

test("a line of characters shows height, loss and gaps, and a quiet path is flat", () => {
  const options = { width: 8, unicode: true };
  assert.equal(sparkline([1, 2, 3, 4, null, 5, 6, 8], [], options), "▁▂▃▄ ▅▆█");
  assert.equal(sparkline([1, 2], [false, true], { width: 4, unicode: true }), "  ▁x");
  assert.equal(sparkline([10, 10.1, 10.05], [], { width: 3, unicode: true }), "▁▁▁");
  assert.equal(sparkline([null, null], [], { width: 2, unicode: true }), "  ");
  assert.match(sparkline([1, 2, 3, 4, 5, 6, 7, 8], [], { width: 8, unicode: false }), /^[\x20-\x7e]{8}$/);
});

test("deliveries take a line: since when they fail and why, what waits, and each record that was refused", () => {
  const collector: NonNullable<Status["collector"]> = {
    url: "https://c.example",
    reachable: true,
    last_success_at: "2026-11-21T18:35:00.000Z",
    last_error: { at: "2026-11-21T18:35:59.000Z", text: "https://c.example: it does not know our token (401)", over: false },
    lanes: [
      { lane: 0, records: 2, oldest_at: null },
      { lane: 2, records: 1000, oldest_at: null },
    ],
    refused: {
      count: 5,
      records: ["a", "b", "c", "d"].map((id) => ({
        lane: 1,
        type: "row.lines",
        id: `${id}\x1b[2J`,
        code: "malformed",
        at: "2026-11-21T18:35:00.000Z",
      })),
    },
    clock: null,
    paused: "an incident is open: rollups and raw samples wait",
  };
  const of = (more: Partial<typeof collector>): string[] => {
    const lines = statusLines(sampleStatus({ collector: { ...collector, ...more } }), WIDE);
    const at = lines.findIndex((line) => line.startsWith("collector"));
    return lines.slice(
      at,
      lines.findIndex((line) => line.startsWith("- mtr")),
    );
  };
  assert.deepEqual(of({}), [
    "collector https://c.example: FAILS, last answered at 18:35:00.000; 1,002 records wait, 5 records refused",
    "  https://c.example: it does not know our token (401)",
    "  an incident is open: rollups and raw samples wait",
    "  refused: row.lines a\\x1b[2J (malformed)",
    "  refused: row.lines b\\x1b[2J (malformed)",
    "  refused: row.lines c\\x1b[2J (malformed)",
    "  … and 2 refused records more",
  ]);
  const well = {
    last_error: { at: "2026-11-21T18:35:59.000Z", text: "old", over: true },
    lanes: [],
    refused: { count: 0, records: [] },
    paused: null,
  };
  assert.deepEqual(of(well), ["collector https://c.example: answers, last at 18:35:00.000; nothing waits"]);
  assert.deepEqual(of({ ...well, last_success_at: null, last_error: null }), ["collector https://c.example: not asked yet; nothing waits"]);
});
