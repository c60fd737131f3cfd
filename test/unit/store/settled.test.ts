import assert from "node:assert/strict";
import { test } from "node:test";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { isSettled, SETTLE_MS } from "../../../src/store/settled.ts";
import { capture, incident, sampleBlock } from "./sample-rows.ts";
import { tempDir } from "./temp-dir.ts";

test("a sum is the last one when the incident is over, nothing of it runs, and nothing was added for a while", (t) => {
  const store = new EvidenceStore(tempDir(t));
  t.after(() => store.close());
  const settled = (afterMs: number): boolean => isSettled(store.database, ["i1"], Date.now() + afterMs);
  const later = SETTLE_MS + 1_000;
  store.openIncident(incident({ status: "open" }), [capture({ status: "running" })]);
  assert.equal(settled(later), false, "it lasts");
  store.updateIncident(incident({ status: "closed" }));
  assert.equal(settled(later), false, "a trace runs");
  store.putCapture(capture({ status: "complete" }));
  assert.equal(settled(0), false, "it has just changed");
  assert.equal(settled(later), true);
  store.putSamples([sampleBlock("x.")]);
  assert.equal(settled(0), false, "samples were added");
  store.openIncident(incident({ id: "i2", status: "open" }), []);
  assert.equal(isSettled(store.database, ["i1", "i2"], Date.now() + later), false, "one of two lasts");
});
