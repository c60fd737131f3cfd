import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReportIncident } from "../../../src/report/report.ts";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { MetricsStore } from "../../../src/store/metrics.ts";
import { readReport } from "../../../src/store/query.ts";
import { openReader } from "../../../src/store/reader.ts";
import { capture, incident, T0 } from "./sample-rows.ts";
import { tempDir } from "./temp-dir.ts";

const DAY_MS = 24 * 3600_000;

test("an incident shows the names of its day, or the first that was learned after it", (t) => {
  const dir = tempDir(t);
  const evidence = new EvidenceStore(dir);
  new MetricsStore(dir).close();
  const router = "10.20.1.1";
  const put = (sinceMs: number, name: string | null): void =>
    evidence.putHopName({ address: router, sinceMs, name, askedMs: sinceMs, usedMs: sinceMs });
  put(T0 + DAY_MS, "old.example");
  put(T0 + 3 * DAY_MS, "new.example");
  put(T0 + 5 * DAY_MS, null);
  for (const day of [0, 2, 4, 6]) {
    const startedMs = T0 + day * DAY_MS;
    const id = `i${day}`;
    evidence.openIncident(incident({ id, startedMs, detectedMs: startedMs, endedMs: startedMs + 1_000 }), [
      capture({ id: `c${day}`, incidentId: id, startedMs }),
    ]);
  }
  evidence.close();
  const reader = openReader(dir, (line) => assert.fail(line));
  const untilMs = T0 + 7 * DAY_MS;
  const { incidents } = readReport(reader, { sinceMs: T0 - DAY_MS, untilMs, nowMs: untilMs, peer: null, detailUpTo: Infinity });
  reader.close();
  const names = (one: ReportIncident): unknown => one.captures[0]?.hops.find((hop) => hop.address === router)?.name;
  assert.deepEqual(incidents.map(names), ["old.example", "old.example", "new.example", null]);
});
