import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { EvidenceWriter } from "../../../src/capture/evidence-writer.ts";
import { SweepSorter } from "../../../src/capture/sweep-sorter.ts";
import type { Incident, IncidentPhase } from "../../../src/detect/incident.ts";
import type { EvidenceStore } from "../../../src/store/evidence.ts";
import type { CaptureRow, Trigger } from "../../../src/store/rows.ts";
import { capture, T0 } from "../store/sample-rows.ts";
import { incidentState } from "./burst-state.ts";
import { openEvidence } from "./open-evidence.ts";

function incident(phase: IncidentPhase, startedMs = T0): Incident {
  return incidentState({ peer: "bj-b1", address: "10.20.3.2", phase, startedMs, endedMs: phase === "open" ? null : startedMs + 1 });
}

function sweep(id: string, trigger: Trigger, more: Partial<CaptureRow> = {}): CaptureRow {
  return capture({ id, trigger, incidentId: null, startedMs: T0, ...more });
}

class Room {
  readonly sorter: SweepSorter;
  nowMs = T0;
  readonly #store: EvidenceStore;
  readonly #writer: EvidenceWriter;

  constructor(t: TestContext) {
    ({ store: this.#store, writer: this.#writer } = openEvidence(t));
    this.sorter = new SweepSorter({ writer: this.#writer, wallMs: () => this.nowMs });
  }

  stored(): unknown[] {
    this.#writer.flush();
    return this.#store.database.prepare<[], unknown[]>("SELECT id, incident_id FROM captures ORDER BY rowid").raw().all();
  }
}

test("while a burst lasts every sweep is evidence; while it cools a suspicion is not; after the close none is", (t) => {
  const kept: Record<IncidentPhase, string[]> = { open: ["suspect", "burst"], cooling: ["burst"], closed: [] };
  for (const phase of ["open", "cooling", "closed"] as const) {
    const room = new Room(t);
    for (const trigger of ["suspect", "burst"] as const) room.sorter.sort(sweep(trigger, trigger), incident(phase));
    assert.deepEqual(
      room.stored(),
      kept[phase].map((id) => [id, "i1"]),
      phase,
    );
    t.mock.timers.reset();
  }
});

test("a suspicion waits a quarter of a minute for its incident, the last report of it counts, and it is handed out once", (t) => {
  const room = new Room(t);
  room.sorter.sort(sweep("old", "suspect", { startedMs: T0 - 15_000 }), null);
  room.sorter.sort(sweep("skipped", "suspect", { status: "skipped" }), null);
  room.sorter.sort(sweep("a", "suspect", { status: "running" }), null);
  room.sorter.sort(sweep("a", "suspect", { status: "complete" }), null);
  assert.deepEqual(
    room.sorter.takeSuspicions(incident("open", T0 - 20_000)).map((row) => [row.id, row.status, row.incidentId]),
    [["a", "complete", "i1"]],
  );
  assert.deepEqual(room.sorter.takeSuspicions(incident("open")), []);
  assert.deepEqual(room.stored(), []);
});

test("a suspicion from before the first lost probe belongs to no incident", (t) => {
  const room = new Room(t);
  room.sorter.sort(sweep("a", "suspect", { startedMs: T0 - 1 }), null);
  assert.deepEqual(room.sorter.takeSuspicions(incident("open", T0)), []);
});
