import assert from "node:assert/strict";
import { test } from "node:test";
import { renderJson } from "../../../src/report/json.ts";
import type { Report, ReportCapture, ReportHop, ReportIncident } from "../../../src/report/report.ts";
import { renderText } from "../../../src/report/text.ts";
import { hop, reportCapture, reportIncident, sampleReport } from "./sample-report.ts";

const LIMITED = "answers limited by the router (loss does not reach the destination)";

/** "3/10" a line, TTL 1 first; the address follows from the TTL. */
function table(lines: readonly string[], notes: Readonly<Record<number, string>> = {}): ReportHop[] {
  return lines.map((line, index) => {
    const [received = 0, sent = 0] = line.split("/").map(Number);
    const loss = sent === 0 ? null : Math.round((1 - received / sent) * 1000) / 10;
    return hop(index + 1, received === 0 ? null : `10.0.0.${index + 1}`, { sent, received, loss_pct: loss, note: notes[index + 1] ?? null });
  });
}

function incidentOf(captures: readonly Partial<ReportCapture>[], more: Partial<ReportIncident> = {}): ReportIncident {
  return reportIncident({ loss_pct: 0, ...more, captures: captures.map((capture, index) => reportCapture({ id: `c${index}`, ...capture })) });
}

/** The notes in the JSON, a list for each capture. */
function jsonNotes(incident: ReportIncident): readonly (readonly (string | null)[])[] {
  const report = JSON.parse(renderJson(sampleReport({ incidents: [incident] }))) as Report;
  return (report.incidents[0]?.captures ?? []).map((capture) => capture.hops.map((line) => line.note));
}

/** What stands behind the figures of the text's tables, line by line. */
function textNotes(incident: ReportIncident, full = false): string[] {
  const text = renderText(sampleReport({ incidents: [incident] }), { columns: 100, zone: () => 480, full });
  return [...text.matchAll(/^ +\d+\.\|-- .*?\d%(?: +[-\d.]+){5}(.*)$/gm)].map((match) => (match[1] ?? "").trim());
}

test("json gives a hop the note that the text gives it", () => {
  const incident = incidentOf([{ hops: table(["10/10", "4/10", "10/10"]) }]);
  assert.deepEqual(textNotes(incident), ["", LIMITED, ""]);
  assert.deepEqual(jsonNotes(incident), [[null, LIMITED, null]]);
});

test("the note knows the healthy path and what the probes lost, as in the text", () => {
  const before = { phase: "before", trigger: "baseline", hops: table(["5/10", "0/10", "10/10", "10/10"]) } as const;
  const during = { hops: table(["2/10", "0/10", "3/10", "9/10"]) };
  const incident = incidentOf([before, during], { loss_pct: 30 });
  const [healthy = [], notes = []] = jsonNotes(incident);
  assert.deepEqual(healthy, [LIMITED, "silent; later hops answer", null, null]);
  assert.deepEqual(notes, [
    "answers limited by the router (later hops lose 30 %; 50 % while healthy)",
    "silent, also while healthy; later hops answer",
    "answers limited by the router (later hops lose 30 %)",
    null,
  ]);
  assert.deepEqual(
    textNotes(incident),
    [...healthy, ...notes].map((note) => note ?? ""),
  );
});

test("a note that is stored stays, and comes first", () => {
  const incident = incidentOf([{ hops: table(["0/0", "4/10", "0/10", "10/10"], { 1: "not asked: hop budget", 2: "first" }) }]);
  assert.deepEqual(jsonNotes(incident), [["not asked: hop budget", `first; ${LIMITED}`, "silent; later hops answer", null]]);
});

test("one packet is not judged alone: its label is that of the whole phase", () => {
  // Alone it would be "silent; later hops answer". In all the hop lost two of eleven and so did the end: nothing tells a limit from loss on the path.
  const unclear = incidentOf([{ hops: table(["0/1", "1/1"]) }, { kind: "mtr", hops: table(["9/10", "8/10"]) }]);
  assert.deepEqual(jsonNotes(unclear), [
    [null, null],
    [null, null],
  ]);
  // Four of eleven answered: the sweep's packet is one that the router did not answer, and not "silent".
  const clear = incidentOf([{ hops: table(["0/1", "1/1"]) }, { kind: "mtr", hops: table(["4/10", "10/10"]) }]);
  assert.deepEqual(jsonNotes(clear), [
    [LIMITED, null],
    [LIMITED, null],
  ]);
});

test("a trace that ended at the hop, and a line that lost nothing, get no excuse", () => {
  const mtr = { kind: "mtr", hops: table(["10/10", "4/20", "20/20"]) } as const;
  const ended = { hops: table(["1/1", "0/1", "0/1"]) };
  const clean = { hops: table(["1/1", "1/1", "1/1"]) };
  const incident = incidentOf([mtr, ended, clean]);
  assert.deepEqual(textNotes(incident), ["", "answers limited by the router (later hops lose 4.5 %)", ""]);
  assert.deepEqual(jsonNotes(incident), [
    [null, "answers limited by the router (later hops lose 4.5 %)", null],
    [null, null, null],
    [null, null, null],
  ]);
});

test("each phase has its own label", () => {
  const during = { hops: table(["4/10", "10/10"]) };
  const after = { phase: "after", trigger: "after", hops: table(["9/10", "9/10"]) } as const;
  assert.deepEqual(jsonNotes(incidentOf([during, after])), [
    [LIMITED, null],
    [null, null],
  ]);
});

test("with --full the text's table of a capture carries the notes of the json", () => {
  const incident = incidentOf([{ hops: table(["10/10", "4/10", "10/10"], { 2: "first" }) }]);
  assert.deepEqual(textNotes(incident, true), ["", `first; ${LIMITED}`, "", "", `first; ${LIMITED}`, ""]);
});

test("a trace of ours that another node asked for as well is evidence like any other", () => {
  const incident = incidentOf([{ asked_by: "gz-c1 incident 3", hops: table(["4/10", "10/10"]) }]);
  assert.deepEqual(jsonNotes(incident), [[LIMITED, null]]);
  assert.deepEqual(textNotes(incident), [LIMITED, ""]);
});

test("what the verdict holds for sound is not shown as lossy in the traces of the fault, even where nothing answered behind it", () => {
  const verdict = {
    scope: "peer",
    direction: "unknown",
    hop: { after: "10.0.0.2", before: "10.0.0.3" },
    certainty: "likely",
    at: "2026-11-20T04:12:13.000Z",
    version: 1,
    counts: {},
    sentence: "",
    rule: "peer-down",
    findings: [],
  } as const;
  const sound = "answers limited by the router (by the verdict the fault lies behind it)";
  const captures = [{ hops: table(["1/1", "0/1"]) }, { kind: "mtr", hops: table(["5/5", "4/5", "0/5"]) }] as const;
  const told = incidentOf(captures, { loss_pct: 100, verdict });
  assert.deepEqual(textNotes(told), ["", sound, ""]);
  assert.deepEqual(jsonNotes(told), [
    [null, sound],
    [null, sound, null],
  ]);
  assert.deepEqual(textNotes(incidentOf(captures, { loss_pct: 100 })), ["", "", ""]);
});
