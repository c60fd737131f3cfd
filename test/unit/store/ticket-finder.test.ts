import assert from "node:assert/strict";
import { test } from "node:test";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { findTicket, type FoundTicket } from "../../../src/store/ticket-finder.ts";
import { incident, T0 } from "./sample-rows.ts";
import { tempDir } from "./temp-dir.ts";

test("an incident or event is found by its id or an unambiguous beginning of six characters; a whole id is never ambiguous", (t) => {
  const store = new EvidenceStore(tempDir(t));
  const rows = ["20261121T041203-4f2a", "20261121T041203-4f2b", "20261121T050000-0001", "2026"].map((id, index) =>
    incident({ id, eventId: index === 1 ? "e20261121T041203-4f2a" : `e${id}`, startedMs: T0 + index }),
  );
  for (const row of rows) store.openIncident(row, []);
  const find = (text: string): FoundTicket => findTicket(store.database, text);
  assert.deepEqual(find("20261121T041203-4f2a"), { kind: "incident", id: "20261121T041203-4f2a", incidentIds: ["20261121T041203-4f2a"] });
  assert.deepEqual(find("20261121T05"), { kind: "incident", id: "20261121T050000-0001", incidentIds: ["20261121T050000-0001"] });
  assert.deepEqual(find("e20261121T041203"), {
    kind: "event",
    id: "e20261121T041203-4f2a",
    incidentIds: ["20261121T041203-4f2a", "20261121T041203-4f2b"],
  });
  assert.deepEqual(find("20261121T04"), { kind: "ambiguous", ids: ["20261121T041203-4f2a", "20261121T041203-4f2b"], count: 2 });
  assert.deepEqual(find("2026"), { kind: "incident", id: "2026", incidentIds: ["2026"] });
  assert.deepEqual(find("20261"), { kind: "short" });
  assert.deepEqual(find("20270101"), { kind: "unknown" });
  assert.deepEqual(find("%%%%%%"), { kind: "unknown" }, "no pattern");
  store.close();
});
