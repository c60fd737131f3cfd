import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { evidenceLines } from "../../../src/store/evidence-lines.ts";
import { digestEvidence } from "../../../src/store/ticket-reader.ts";
import { capture, incident, sampleBlock, T0 } from "./sample-rows.ts";
import { tempDir } from "./temp-dir.ts";
import type { TestContext } from "node:test";

function filled(t: TestContext): EvidenceStore {
  const store = new EvidenceStore(tempDir(t));
  const baseline = capture({ id: "c0", incidentId: null, phase: "before", trigger: "baseline", hops: [] });
  store.openIncident(incident({ baselineCaptureId: "c0", bursts: [] }), [baseline, capture({ kind: "mtr", hops: [] })]);
  store.appendLines({ captureId: "c1", number: 1, lines: [{ atMs: T0, text: `x 0 "1"` }] });
  store.putSamples([sampleBlock("x.")]);
  store.openIncident(incident({ id: "other" }), [capture({ id: "c9", incidentId: "other" })]);
  return store;
}

test("the canonical text is one JSON array a row, tables and columns in order, blobs in hexadecimal", (t) => {
  const store = filled(t);
  const lines = [...evidenceLines(store.database, { incidentIds: ["i1"] })];
  assert.deepEqual(lines, [
    `["incidents","i1","e1",null,"bj-b1","10.20.3.2","loss","closed",${T0},${T0 + 480},${T0 + 9200},100,2000,"c0","[]"]\n`,
    `["captures","c0",null,"bj-b1","sweep","before","baseline","meshprobe sweep","complete",null,0,"10.20.1.2","10.20.3.2",0,null,${T0 + 170},${T0 + 181},${T0 + 1200},"{}","[]"]\n`,
    `["captures","c1","i1","bj-b1","mtr","during","burst","meshprobe sweep","complete",null,0,"10.20.1.2","10.20.3.2",0,null,${T0 + 170},${T0 + 181},${T0 + 1200},"{}","[]"]\n`,
    `["lines","c1",1,"[[${T0},\\"x 0 \\\\\\"1\\\\\\"\\"]]"]\n`,
    `["samples","i1",1,0,${T0},100,"9001000590010042"]\n`,
  ]);
  const sha256 = createHash("sha256").update(lines.join("")).digest("hex");
  assert.deepEqual(digestEvidence(store.database, { incidentIds: ["i1"] }), {
    format: "meshprobe evidence 1",
    sha256,
    rows: 5,
    bytes: Buffer.byteLength(lines.join("")),
  });
  store.close();
});

test("the sum changes with every kind of row, and not with a verdict", (t) => {
  const store = filled(t);
  const sum = (): string => digestEvidence(store.database, { incidentIds: ["i1"] }).sha256;
  const sums = [sum()];
  const change = (sql: string): void => {
    store.database.prepare(sql).run();
    sums.push(sum());
  };
  change("UPDATE incidents SET ended_ms = ended_ms + 1 WHERE id = 'i1'");
  change("UPDATE captures SET reason = 'x' WHERE id = 'c0'");
  change("UPDATE lines SET body = '[]' WHERE capture_id = 'c1'");
  change("UPDATE samples SET data = x'00000000' WHERE incident_id = 'i1'");
  change("DELETE FROM captures WHERE id = 'c1'");
  assert.equal(new Set(sums).size, sums.length);
  const before = sum();
  store.database.prepare("INSERT INTO verdicts VALUES ('e1', 1, 0, 'said', '{}', '{}')").run();
  store.database.prepare("UPDATE incidents SET peer = 'x' WHERE id = 'other'").run();
  assert.equal(sum(), before);
  store.close();
});
