/** What a report holds of captures that belong to no incident. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { readReport, type ReportQuery } from "../../../src/store/query.ts";
import { openReader } from "../../../src/store/reader.ts";
import { capture, incident, T0 } from "./sample-rows.ts";
import { tempDir } from "./temp-dir.ts";

const QUERY: ReportQuery = { sinceMs: T0 - 60_000, untilMs: T0 + 60_000, nowMs: T0 + 60_000, peer: null, detailUpTo: 20 };

test("traces that a person asked for are a list of their own, in the range, for one peer by name or address; those of incidents are not in it", (t) => {
  const dir = tempDir(t);
  const evidence = new EvidenceStore(dir);
  evidence.openIncident(incident(), []);
  const requested = { incidentId: null, trigger: "request" } as const;
  evidence.putCapture(capture({ ...requested, id: "q1", peer: "bj-b1", target: "10.20.3.2", startedMs: T0, facts: { request: "t1" } }));
  evidence.putCapture(capture({ ...requested, id: "q2", peer: "192.0.2.7", target: "192.0.2.7", startedMs: T0 + 1 }));
  evidence.putCapture(capture({ ...requested, id: "early", startedMs: T0 - 60_001 }));
  evidence.putCapture(capture({ ...requested, id: "late", startedMs: T0 + 60_000 }));
  evidence.putCapture(capture({ ...requested, id: "mine", incidentId: incident().id, startedMs: T0 }));
  evidence.putCapture(capture({ ...requested, id: "remote", trigger: "remote", startedMs: T0 }));
  evidence.close();
  const reader = openReader(dir, () => {});
  t.after(() => reader.close());
  const ids = (of: Partial<ReportQuery>): string[] => readReport(reader, { ...QUERY, ...of }).requested_captures.map(({ id }) => id);
  assert.deepEqual(ids({}), ["q1", "q2"]);
  assert.deepEqual([ids({ peer: "bj-b1" }), ids({ peer: "10.20.3.2" }), ids({ peer: "192.0.2.7" })], [["q1"], ["q1"], ["q2"]]);
  const full = readReport(reader, QUERY);
  assert.deepEqual(full.requested_captures[0]?.facts, { request: "t1" });
  assert.ok((full.requested_captures[0]?.hops.length ?? 0) > 0);
  assert.deepEqual(
    full.remote_captures.map(({ id }) => id),
    ["remote"],
  );
  assert.deepEqual(readReport(reader, { ...QUERY, detailUpTo: 1 }).requested_captures[0]?.hops, []);
});
