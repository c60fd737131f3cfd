/** What is asked for when, without bursts: incidents come as they are. The life of an incident is the desk's test. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { After } from "../../../src/capture/event-crowd.ts";
import { CaptureOrders } from "../../../src/capture/capture-orders.ts";
import type { EvidenceWriter } from "../../../src/capture/evidence-writer.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import type { Incident } from "../../../src/detect/incident.ts";
import type { Hop } from "../../../src/path/hop.ts";
import type { EvidenceStore } from "../../../src/store/evidence.ts";
import type { AgentCommand } from "../../../src/wire/messages.ts";
import { incidentState } from "./burst-state.ts";
import { FakeLog } from "./fake-log.ts";
import { FakeMtr, settled } from "./fake-mtr.ts";
import { openEvidence } from "./open-evidence.ts";

const T0 = Date.UTC(2026, 10, 21, 4, 12, 0);

function open(id: string, more: Partial<Incident> = {}): Incident {
  return incidentState({ id, openedAt: 0, ...more });
}

function hop(ttl: number, address: string): Hop {
  return { ttl, address, addresses: [address], sent: 1, received: 1, lossPct: 0, rttMs: null, mpls: [], note: null };
}

class Room {
  readonly orders: CaptureOrders;
  readonly mtr = new FakeMtr();
  readonly log = new FakeLog();
  readonly commands: AgentCommand[] = [];
  nowMs = 0;
  after: After = { cycles: 10 };
  readonly #store: EvidenceStore;
  readonly #writer: EvidenceWriter;

  constructor(t: TestContext, capture = "{}") {
    ({ store: this.#store, writer: this.#writer } = openEvidence(t));
    const yaml = `node: { name: sh-a1 }\ncapture: ${capture}\npeers: [{ name: p1, address: 10.0.0.2 }]\n`;
    this.orders = new CaptureOrders(parseConfig(yaml, { file: "peers.yaml", hostName: "sh-a1" }), {
      writer: this.#writer,
      send: (command) => void this.commands.push(command),
      wallMs: () => T0 + this.nowMs,
      nowMs: () => this.nowMs,
      log: this.log,
      sourceOf: () => "10.0.0.1",
      afterOf: () => this.after,
      onAfter: () => {},
      startMtr: this.mtr.start,
    });
  }

  sweeps(): string[] {
    return this.commands.flatMap((command) =>
      command.kind === "sweep" ? [command.trigger] : command.kind === "trace-after" ? [`after, ${command.cycles} sweeps`] : [],
    );
  }

  reasons(): unknown[] {
    this.#writer.flush();
    return this.#store.database.prepare<[], string | null>("SELECT reason FROM captures ORDER BY rowid").pluck().all();
  }
}

test("with mtr turned off nothing is spawned and sweeps take its place; the trace after is still asked for, once", async (t) => {
  const room = new Room(t, "{ mtr: false }");
  room.orders.opened(open("i1"));
  for (const nowMs of [0, 500, 1_000]) room.orders.tick(open("i1"), nowMs);
  const cooling = open("i1", { phase: "cooling", burstEndedAt: 1_000 });
  room.orders.burstEnded(cooling);
  for (const nowMs of [15_999, 16_000, 16_100]) room.orders.tick(cooling, nowMs);
  await settled();
  assert.deepEqual([room.mtr.runs.length, room.sweeps()], [0, ["burst", "burst", "after, 10 sweeps"]]);
});

test("mtr cannot trace a link-local address with a zone: sweeps take its place, and the row says why", (t) => {
  const room = new Room(t);
  const incident = open("i1", { address: "fe80::1%eth0" });
  room.orders.opened(incident);
  for (const nowMs of [0, 500, 1_000]) room.orders.tick(incident, nowMs);
  assert.deepEqual([room.mtr.runs.length, room.sweeps()], [0, ["burst", "burst"]]);
  assert.match(String(room.reasons()[0]), /link-local addresses with a zone/);
});

test("an mtr that waits for its path starts behind the shared hops as soon as a sweep has reached its peer", async (t) => {
  const room = new Room(t);
  room.orders.pathKnown("p1", [hop(1, "10.9.0.1"), hop(2, "10.9.0.2"), hop(3, "10.0.0.2")]);
  room.orders.opened(open("i1"));
  room.orders.opened(open("i2", { peer: "p2", address: "10.0.0.3" }));
  await settled();
  assert.deepEqual(room.mtr.running, ["10.0.0.2"]);
  room.orders.pathKnown("p2", [hop(1, "10.9.0.1"), hop(2, "10.9.0.3"), hop(3, "10.0.0.3")]);
  await settled();
  assert.deepEqual(
    room.mtr.runs.map((run) => [run.options.address, run.options.firstTtl]),
    [
      ["10.0.0.2", 1],
      ["10.0.0.3", 2],
    ],
  );
});

test("nothing is due any more for an incident that is closed, and its mtr is stopped", async (t) => {
  const room = new Room(t);
  const incident = open("i1");
  room.orders.opened(incident);
  await settled();
  room.orders.closed({ ...incident, phase: "closed" });
  await settled();
  room.orders.tick(incident, 3_600_000);
  assert.deepEqual([room.mtr.running, room.sweeps()], [[], []]);
});

test("that mtr cannot be run is said once, whatever the number of incidents", async (t) => {
  const room = new Room(t);
  room.mtr.obstacle = { kind: "missing", binary: "mtr", counts: { lines: 0, garbage: 0, answers: 0, cut: 0, dropped: 0 } };
  for (const id of ["i1", "i2"]) {
    room.orders.opened(open(id));
    await settled();
  }
  assert.equal(room.log.said.length, 1);
});
