/** When events are judged, and what of that is written down. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { EventDesk } from "../../../src/capture/event-desk.ts";
import type { EvidenceWriter } from "../../../src/capture/evidence-writer.ts";
import { HostDesk } from "../../../src/capture/host-desk.ts";
import { HostWatch } from "../../../src/capture/host/host-watch.ts";
import type { Incident } from "../../../src/detect/incident.ts";
import type { EvidenceStore } from "../../../src/store/evidence.ts";
import { burstCount, burstState, incidentState, T0 } from "./burst-state.ts";
import { FakeLog } from "./fake-log.ts";
import { FakeHost } from "./host/host-fixture.ts";
import { openEvidence } from "./open-evidence.ts";

const TIMEOUT_MS = 2_000;

class Room {
  readonly store: EvidenceStore;
  readonly writer: EvidenceWriter;
  readonly desk: EventDesk;
  /** When facts of an incident were put together for a verdict, in seconds. */
  readonly judged: number[] = [];
  nowS = 0;

  constructor(t: TestContext) {
    ({ store: this.store, writer: this.writer } = openEvidence(t));
    const clocks = { wallMs: () => T0 + this.nowS * 1_000, nowMs: () => this.nowS * 1_000 };
    const { signal } = new AbortController();
    const host = new HostDesk({ watch: new HostWatch(new FakeHost().reader), writer: this.writer, ...clocks, sourceOf: () => null, signal });
    this.desk = new EventDesk({
      node: "sh-a1",
      writer: this.writer,
      log: new FakeLog(),
      host,
      ...clocks,
      timeoutMs: TIMEOUT_MS,
      labelsOf: () => ({}),
      intervalOf: () => 100,
      addressOf: (peer) => peer,
      sourceOf: () => null,
      pathOf: () => null,
      replyRatesOf: () => null,
      gatewayOf: () => null,
      isOwnAddress: (address) => address === "10.0.0.1",
      cyclesOf: () => {
        this.judged.push(this.nowS);
        return [];
      },
      lastVersion: (eventId) => this.store.lastVerdictVersion(eventId),
    });
  }

  /** Ticks ten times a second until then. */
  until(seconds: number): void {
    for (; this.nowS < seconds; this.nowS = Math.round(this.nowS * 10 + 1) / 10) this.desk.tick();
    this.writer.flush();
  }

  /** [version, seconds] of all verdicts of the event. */
  verdicts(eventId = "e1"): [number, number][] {
    return this.rows(eventId).map((row) => [row.version, (row.at_ms - T0) / 1_000]);
  }

  rows(eventId = "e1"): { version: number; at_ms: number; facts: string }[] {
    this.writer.flush();
    return this.store.database
      .prepare<[string], { version: number; at_ms: number; facts: string }>("SELECT * FROM verdicts WHERE event_id = ? ORDER BY version")
      .all(eventId);
  }
}

/** An incident that has lost so much: each figure is another sentence. */
function lost(count: number, more: Partial<Incident> = {}): Incident {
  return incidentState({ bursts: [burstState({ count: burstCount({ lost: count, lostForGood: count }) })], ...more });
}

describe("an event is judged", () => {
  test("a second after it began, every five seconds while it lasts, when what was on its way is settled, and when it is closed", (t) => {
    const room = new Room(t);
    room.desk.opened("e1", lost(10));
    room.until(4);
    assert.deepEqual(room.verdicts(), [[1, 1]]);
    room.desk.changed(lost(20));
    room.until(8);
    room.desk.changed(lost(30, { phase: "cooling", endedMs: T0 + 8_000 }));
    room.until(20);
    room.desk.closed(lost(31, { phase: "closed", endedMs: T0 + 8_000 }));
    assert.deepEqual(room.judged, [1, 6, 11, 20]);
  });

  test("a second after it began again, and while that lasts", (t) => {
    const room = new Room(t);
    room.desk.opened("e1", lost(10));
    room.until(2);
    room.desk.changed(lost(10, { phase: "cooling", endedMs: T0 + 2_000 }));
    room.until(12);
    const before = room.judged.length;
    room.desk.changed(lost(20));
    room.until(14);
    assert.deepEqual(room.judged.slice(before), [13]);
    room.desk.changed(lost(30));
    room.until(20);
    assert.deepEqual(room.judged.slice(before), [13, 18]);
  });

  test("anew when another peer joins it, which is one verdict for both", (t) => {
    const room = new Room(t);
    room.desk.opened("e1", lost(10));
    room.until(3);
    room.desk.opened("e1", lost(10, { id: "i2", peer: "p2" }));
    room.until(5);
    assert.deepEqual(room.verdicts(), [
      [1, 1],
      [2, 4],
    ]);
    const { incidents } = JSON.parse(room.rows()[1]?.facts ?? "") as { incidents: { peer: string }[] };
    assert.deepEqual(
      incidents.map(({ peer }) => peer),
      ["p1", "p2"],
    );
  });
});

test("one that only counts more takes the place of its version, once a minute while it lasts and when it is closed", (t) => {
  const room = new Room(t);
  const lostOf = (): number => (JSON.parse(room.rows().at(-1)?.facts ?? "") as { incidents: { lost: number }[] }).incidents[0]?.lost ?? 0;
  room.desk.opened("e1", lost(10));
  room.until(2);
  room.desk.changed(lost(20));
  room.until(50);
  assert.equal(lostOf(), 10);
  room.until(70);
  assert.equal(lostOf(), 20);
  room.desk.closed(lost(31, { phase: "closed", endedMs: T0 + 70_000 }));
  assert.equal(lostOf(), 31);
  assert.deepEqual(room.verdicts(), [[1, 1]]);
});

test("an event that was over and begins again goes on counting its versions", (t) => {
  const room = new Room(t);
  room.desk.opened("e1", lost(10));
  room.until(2);
  room.desk.closed(lost(10, { phase: "closed", endedMs: T0 + 2_000 }));
  room.desk.opened("e1", lost(10, { id: "i2", peer: "p2" }));
  room.until(4);
  assert.deepEqual(
    room.verdicts().map(([version]) => version),
    [1, 2],
  );
});

test("a verdict that says nothing new is no new version", (t) => {
  const room = new Room(t);
  room.desk.opened("e1", lost(10));
  room.until(1.1);
  room.desk.changed(lost(10, { phase: "cooling", endedMs: T0 + 1_000 }));
  room.until(10);
  const settled = room.verdicts().length;
  room.desk.changed(lost(10, { phase: "cooling", endedMs: T0 + 1_000 }));
  room.until(20);
  room.desk.closed(lost(10, { phase: "closed", endedMs: T0 + 1_000 }));
  assert.equal(room.verdicts().length, settled);
});

test("a burst of another peer is no part of an event whose own burst only waits for its end to be certain", (t) => {
  const room = new Room(t);
  const standing = { kind: "standing" as const, atMs: T0, canaries: [], sendErrors: {}, unreachable: {} };
  room.desk.opened("e1", lost(10));
  room.desk.standing({ ...standing, peers: ["p1", "p2"], bad: ["p1"] });
  room.desk.opened("e2", lost(10, { id: "i2", peer: "p2" }));
  room.desk.standing({ ...standing, peers: ["p1", "p2"], bad: ["p2"] });
  room.until(2);
  const meshOf = (eventId: string): unknown => (JSON.parse(room.rows(eventId).at(-1)?.facts ?? "") as { mesh: { bad: number } }).mesh.bad;
  assert.deepEqual([meshOf("e1"), meshOf("e2")], [1, 1]);
});

test("a way back that changed moments before the loss was noticed belongs to it, one of long before or of another peer does not", (t) => {
  const room = new Room(t);
  room.desk.replyTtl("p1", { atMs: T0 - 60_000, before: 61, now: 60 });
  room.desk.replyTtl("p2", { atMs: T0 - 1_000, before: 50, now: 49 });
  room.desk.opened("e1", lost(10));
  room.desk.replyTtl("p3", { atMs: T0 - 1_000, before: 59, now: 58 });
  room.desk.opened("e3", lost(10, { id: "i3", peer: "p3" }));
  room.until(2);
  const changeOf = (eventId: string): unknown =>
    (JSON.parse(room.rows(eventId).at(-1)?.facts ?? "") as { incidents: { replyTtlChanged: unknown }[] }).incidents[0]?.replyTtlChanged;
  assert.deepEqual([changeOf("e1"), changeOf("e3")], [null, { before: 59, now: 58 }]);
});

describe("counters of the wire", () => {
  const standing = (unreachable: number, sendErrors: number) => ({
    kind: "standing" as const,
    atMs: T0,
    peers: ["p1"],
    bad: ["p1"],
    canaries: [],
    sendErrors: { EPERM: sendErrors },
    unreachable: { "10.0.0.1": unreachable },
  });
  const hostOf = (room: Room, eventId: string): unknown => {
    const { host } = JSON.parse(room.rows(eventId).at(-1)?.facts ?? "") as { host: { sendErrors: unknown; unreachableFromSelf: number } };
    return [host.sendErrors, host.unreachableFromSelf];
  };

  test("count from the sign of life before the event, and from the end of the one before", (t) => {
    const room = new Room(t);
    room.desk.alive(T0 - 3_000, { EPERM: 5 });
    room.desk.alive(T0 + 500, { EPERM: 8 });
    room.desk.opened("e1", lost(10));
    room.desk.standing(standing(3, 9));
    room.until(2);
    assert.deepEqual(hostOf(room, "e1"), [{ EPERM: 4 }, 3]);
    room.desk.closed(lost(10, { phase: "closed", endedMs: T0 + 1_000 }));
    room.desk.alive(T0 + 90_000, { EPERM: 9 });
    room.desk.opened("e2", lost(10, { id: "i2", startedMs: T0 + 100_000 }));
    room.desk.standing(standing(4, 9));
    room.until(4);
    assert.deepEqual(hostOf(room, "e2"), [{}, 1]);
  });

  test("of the next wire count from zero", (t) => {
    const room = new Room(t);
    room.desk.alive(T0 - 3_000, { EPERM: 50 });
    room.desk.wireStarted();
    room.desk.opened("e1", lost(10));
    room.desk.standing(standing(2, 60));
    room.until(2);
    assert.deepEqual(hostOf(room, "e1"), [{ EPERM: 60 }, 2]);
  });
});
