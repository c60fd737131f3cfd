/** When the host is looked at, and whose capture that is. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { EvidenceWriter } from "../../../src/capture/evidence-writer.ts";
import { HostDesk } from "../../../src/capture/host-desk.ts";
import { HostWatch } from "../../../src/capture/host/host-watch.ts";
import type { EvidenceStore } from "../../../src/store/evidence.ts";
import { incidentState, T0 } from "./burst-state.ts";
import { settled } from "./fake-mtr.ts";
import { FakeHost, pulledFiles } from "./host/host-fixture.ts";
import { openEvidence } from "./open-evidence.ts";

class Room {
  readonly host = new FakeHost();
  readonly desk: HostDesk;
  readonly #writer: EvidenceWriter;
  readonly #store: EvidenceStore;

  constructor(t: TestContext) {
    ({ store: this.#store, writer: this.#writer } = openEvidence(t));
    const { signal } = new AbortController();
    this.desk = new HostDesk({
      watch: new HostWatch(this.host.reader),
      writer: this.#writer,
      wallMs: () => T0 + this.host.nowMs,
      nowMs: () => this.host.nowMs,
      sourceOf: () => "10.0.0.1",
      signal,
    });
  }

  async pass(ms: number): Promise<void> {
    for (const endMs = this.host.nowMs + ms; this.host.nowMs < endMs;) {
      this.host.nowMs += 100;
      this.desk.tick(this.host.nowMs);
      await settled();
    }
  }

  /** "trigger incident" of all snapshots. */
  snapshots(): string[] {
    this.#writer.flush();
    return this.#store.database
      .prepare<[], { trigger: string; incident_id: string }>("SELECT trigger, incident_id FROM captures WHERE kind = 'snapshot' ORDER BY rowid")
      .all()
      .map((row) => `${row.trigger} ${row.incident_id}`);
  }
}

describe("snapshots of an event", () => {
  test("one of the suspicion, one at the burst, one each five seconds, one at the end", async (t) => {
    const room = new Room(t);
    await room.desk.upkeep();
    room.desk.suspect();
    await room.pass(300);
    assert.deepEqual(room.snapshots(), []);
    room.desk.eventOpened(incidentState());
    await room.pass(12_000);
    room.desk.burstsEnded();
    room.desk.burstsEnded();
    await room.pass(30_000);
    assert.deepEqual(room.snapshots(), ["suspect i1", "burst i1", "recapture i1", "recapture i1", "after i1"]);
  });

  test("a suspicion long before, or one just after another, is not looked into for it", async (t) => {
    const room = new Room(t);
    room.desk.suspect();
    await room.pass(9_000);
    room.desk.suspect();
    await room.pass(7_000);
    const asked = room.host.asked.length;
    assert.equal(asked, 3, "tc, ip and chronyc once");
    room.desk.eventOpened(incidentState());
    await room.pass(100);
    assert.deepEqual(room.snapshots(), ["burst i1"]);
  });

  test("with a burst again they go on", async (t) => {
    const room = new Room(t);
    room.desk.eventOpened(incidentState());
    await room.pass(1_000);
    room.desk.burstsEnded();
    await room.pass(1_000);
    room.desk.reopened();
    room.desk.reopened();
    await room.pass(6_000);
    assert.deepEqual(room.snapshots(), ["burst i1", "after i1", "burst i1", "recapture i1"]);
  });

  test("an event that begins while another cools down is looked at from its first moment", async (t) => {
    const room = new Room(t);
    await room.desk.upkeep();
    room.host.files = pulledFiles;
    room.desk.eventOpened(incidentState());
    await room.pass(1_000);
    room.desk.burstsEnded();
    await room.pass(10_000);
    const before = room.snapshots().length;
    room.desk.eventOpened(incidentState({ id: "i2", peer: "p2" }));
    await room.pass(6_000);
    assert.deepEqual(room.snapshots().slice(before), ["burst i1", "recapture i1"]);
  });

  test("no healthy one is taken while an event is open, and after it the next event begins anew", async (t) => {
    const room = new Room(t);
    await room.desk.upkeep();
    room.desk.eventOpened(incidentState());
    await room.pass(1_000);
    const asked = room.host.asked.length;
    await room.desk.upkeep();
    assert.equal(room.host.asked.length, asked);
    room.desk.burstsEnded();
    await room.pass(1_000);
    room.desk.eventsOver();
    await room.desk.upkeep();
    assert.ok(room.host.asked.length > asked + 2);
    room.desk.eventOpened(incidentState({ id: "i2" }));
    assert.equal(room.desk.overEvent, null);
    await room.pass(100);
    assert.equal(room.snapshots().at(-1), "burst i2");
  });
});
