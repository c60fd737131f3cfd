/** Requests of other nodes through the desk, with a real store, a fake wire and a fake mtr: what is traced for them, and what is not. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { EvidenceWriter } from "../../../src/capture/evidence-writer.ts";
import { IncidentDesk } from "../../../src/capture/incident-desk.ts";
import { NO_LINES } from "../../../src/capture/mtr-lines.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import type { EvidenceStore } from "../../../src/store/evidence.ts";
import type { AgentCommand, SweepReport } from "../../../src/wire/messages.ts";
import { FakeLog } from "./fake-log.ts";
import { FakeMtr, settled } from "./fake-mtr.ts";
import { burstReport } from "./burst-state.ts";
import { openEvidence } from "./open-evidence.ts";

const WALL = Date.UTC(2026, 10, 21, 4, 12, 0);
const EPOCH = 1_763_600_000;
const PEERS = ["p1", "p2", "p3", "p4"];

class Room {
  readonly store: EvidenceStore;
  readonly writer: EvidenceWriter;
  readonly mtr = new FakeMtr();
  readonly log = new FakeLog();
  readonly commands: AgentCommand[] = [];
  /** Incidents whose sweeps reached the event desk. */
  readonly eventSweeps: string[] = [];
  readonly #capture: string;
  desk: IncidentDesk;
  nowS = 0;
  #sweeps = 0;

  constructor(t: TestContext, capture = "{}") {
    ({ store: this.store, writer: this.writer } = openEvidence(t));
    this.#capture = capture;
    this.desk = this.start();
  }

  /** An agent on what the one before it stored. */
  start(): IncidentDesk {
    const peers = PEERS.map((name, index) => `  - { name: ${name}, address: 10.0.0.${index + 2} }\n`).join("");
    const yaml = `node: { name: sh-a1 }\ncapture: ${this.#capture}\npeers:\n${peers}`;
    const desk = new IncidentDesk(parseConfig(yaml, { file: "peers.yaml", hostName: "sh-a1" }), {
      writer: this.writer,
      send: (command) => void this.commands.push(command),
      wallMs: () => WALL + this.nowS * 1000,
      nowMs: () => this.nowS * 1000,
      log: this.log,
      sourceOf: () => "10.0.0.1",
      baselines: { put: () => {}, row: () => null },
      lastRemote: (peer) => this.store.lastRemote(peer),
      addressOf: (peer) => (PEERS.includes(peer) ? `10.0.0.${PEERS.indexOf(peer) + 2}` : null),
      events: { opened: () => {}, changed: () => {}, closed: () => {}, sweep: (id) => void this.eventSweeps.push(id), tick: () => {} },
      startMtr: this.mtr.start,
    });
    desk.wireStarted(7);
    return desk;
  }

  /** A request that the wire found authentic. What it makes the desk order is done at once. */
  async ask(incident: number, peer = "p1", epoch = EPOCH, denied: string | null = null): Promise<void> {
    const before = this.sweepsOrdered().length;
    this.desk.asked({ peer, incident, epoch });
    if (this.sweepsOrdered().length > before) this.sweep("remote", peer, denied);
    await settled();
  }

  sweep(trigger: SweepReport["trigger"], peer = "p1", skipped: string | null = null): void {
    const target = `10.0.0.${PEERS.indexOf(peer) + 2}`;
    const atMs = WALL + this.nowS * 1000;
    const answer = { address: target, kind: "echo-reply", code: 0, rttUs: 900 } as const;
    const router = { address: `10.9.0.${PEERS.indexOf(peer) + 2}`, kind: "time-exceeded", code: 0, rttUs: 300 } as const;
    const hops = [
      { ttl: 1, sent: true, answer: router, note: null },
      { ttl: 2, sent: true, answer, note: null },
    ];
    const report = {
      id: ++this.#sweeps,
      peer,
      target,
      trigger,
      flow: 0,
      startedMs: atMs,
      firstHopMs: atMs + 1,
      finishedMs: atMs + 9,
      skipped,
      hops,
    };
    this.desk.sweep(report);
  }

  async burst(times: { readonly from: number; readonly to?: number }, peer = "p1"): Promise<void> {
    const report = burstReport({
      peer,
      address: `10.0.0.${PEERS.indexOf(peer) + 2}`,
      number: Math.round(times.from * 10) + 1,
      startedMs: WALL + times.from * 1000,
      detectedMs: WALL + this.nowS * 1000,
      endedMs: times.to === undefined ? null : WALL + times.to * 1000,
      final: times.to !== undefined,
    });
    this.desk.burst(report);
    await settled();
  }

  /** Lets the desk tick ten times a second until then, as long as it wants to. */
  async until(seconds: number): Promise<void> {
    for (; this.nowS < seconds; this.nowS = Math.round(this.nowS * 10 + 1) / 10) {
      if (!this.desk.isIdle) this.desk.tick();
      await settled();
    }
  }

  sweepsOrdered(): string[] {
    return this.commands.flatMap((command) => (command.kind === "sweep" ? [`${command.trigger} ${command.peer}`] : []));
  }

  get traced(): string[] {
    return this.mtr.runs.map(({ options }) => `${options.address} ${options.cycles ?? "all"}`);
  }

  /** "remote sweep complete p1 incident 3 (nobody's)", in order. */
  captures(): string[] {
    this.writer.flush();
    const rows = this.store.database.prepare<[], Record<string, string | null>>("SELECT * FROM captures ORDER BY rowid").all();
    return rows.map((row) => {
      const words = [
        row["trigger"],
        row["kind"],
        row["status"],
        row["asked_by"] ?? "not asked",
        row["incident_id"] === null ? "(nobody's)" : "(ours)",
      ];
      return [...words, ...(row["reason"] === null ? [] : [`: ${row["reason"]}`])].join(" ");
    });
  }
}

test("one sweep at once and one mtr of ten cycles, to our own address of the peer; both belong to no incident", async (t) => {
  const room = new Room(t);
  await room.ask(3);
  assert.deepEqual([room.sweepsOrdered(), room.traced], [["remote p1"], []]);
  await room.until(1);
  assert.deepEqual(room.traced, ["10.0.0.2 10"]);
  room.mtr.runs[0]?.print("h 0 10.9.0.2");
  await room.until(11);
  await room.mtr.runs[0]?.end();
  await room.until(11.5);
  assert.deepEqual(room.captures(), ["remote sweep complete p1 incident 3 (nobody's)", "remote mtr complete p1 incident 3 (nobody's)"]);
  assert.deepEqual([room.desk.isIdle, room.eventSweeps], [true, []]);
});

describe("an incident of the peer is answered once", () => {
  test("the same number again, or an older one that was overtaken, changes nothing", async (t) => {
    const room = new Room(t);
    await room.ask(4);
    await room.until(90);
    for (const incident of [4, 3]) await room.ask(incident);
    await room.ask(9, "p1", EPOCH - 1);
    assert.deepEqual(room.sweepsOrdered(), ["remote p1"]);
    await room.ask(1, "p1", EPOCH + 1);
    assert.deepEqual(room.sweepsOrdered(), ["remote p1", "remote p1"]);
  });

  test("also after a restart of our own agent", async (t) => {
    const room = new Room(t);
    await room.ask(4);
    room.writer.flush();
    room.nowS = 300;
    room.desk = room.start();
    await room.ask(4);
    assert.equal(room.sweepsOrdered().length, 1);
    await room.ask(5);
    assert.equal(room.sweepsOrdered().length, 2);
  });
});

describe("limits", () => {
  test("one a minute for a peer; one row a minute says that there were more", async (t) => {
    const room = new Room(t);
    await room.ask(1);
    for (const second of [10, 20, 59]) {
      await room.until(second);
      await room.ask(second);
    }
    assert.deepEqual(room.sweepsOrdered(), ["remote p1"]);
    const reason = "traced for this node less than a minute before";
    assert.deepEqual(
      room.captures().filter((line) => line.includes("skipped")),
      [`remote sweep skipped p1 incident 10 (nobody's) : ${reason}`],
    );
    assert.equal(room.log.said.filter((line) => line.includes("not traced")).length, 3);
    await room.until(60);
    await room.ask(60);
    assert.equal(room.sweepsOrdered().length, 2);
  });

  test("three at a time, the next when one of them is over", async (t) => {
    const room = new Room(t);
    for (const peer of PEERS) await room.ask(1, peer);
    assert.deepEqual(room.sweepsOrdered(), ["remote p1", "remote p2", "remote p3"]);
    assert.match(room.captures().at(-1) ?? "", /skipped p4 .* 3 traces for other nodes were under way already, for p1, p2, p3$/);
    await room.until(2);
    await room.ask(2, "p4");
    assert.equal(room.sweepsOrdered().length, 3, "their mtr run on");
    await room.mtr.runs[1]?.end();
    await room.until(2.2);
    await room.ask(3, "p4");
    assert.equal(room.sweepsOrdered().length, 4);
  });

  test("an mtr that must wait behind one of ours for ten seconds is skipped", async (t) => {
    const room = new Room(t);
    await room.burst({ from: 0 }, "p2");
    await room.ask(1);
    // The path to p2 is not known: it may share hops.
    await room.until(9.9);
    assert.deepEqual(room.traced, ["10.0.0.3 all"]);
    await room.until(11);
    assert.match(room.captures().at(-1) ?? "", /^remote mtr skipped p1 incident 1 \(nobody's\) : shares hops with the mtr to p2$/);
    assert.deepEqual(room.traced, ["10.0.0.3 all"]);
  });
});

describe("what a limit refused is tried again while the peer goes on asking, and done once", () => {
  test("when its minute is over; it is said once that it was refused", async (t) => {
    const room = new Room(t);
    await room.ask(1);
    await room.until(15);
    await room.mtr.runs[0]?.end();
    for (let second = 20; second < 90; second += 5) {
      await room.until(second);
      await room.ask(2);
      assert.equal(room.sweepsOrdered().length, second < 60 ? 1 : 2, `at ${second} s`);
    }
    assert.equal(room.log.said.filter((line) => line.includes("not traced")).length, 1);
    const lines = room.captures().filter((line) => line.includes("incident 2") && line.includes("sweep"));
    assert.deepEqual(lines, [
      "remote sweep skipped p1 incident 2 (nobody's) : traced for this node less than a minute before",
      "remote sweep complete p1 incident 2 (nobody's)",
    ]);
  });

  test("when one of the three that were under way is over", async (t) => {
    const room = new Room(t);
    for (const peer of PEERS) await room.ask(1, peer);
    await room.until(5);
    await room.ask(1, "p4");
    assert.equal(room.sweepsOrdered().length, 3);
    await room.mtr.runs[0]?.end();
    await room.until(10);
    for (const peer of PEERS) await room.ask(1, peer);
    assert.deepEqual(room.sweepsOrdered(), ["remote p1", "remote p2", "remote p3", "remote p4"]);
  });

  test("a sweep that the hop budget had no packets for is swept again, without another mtr", async (t) => {
    const room = new Room(t);
    await room.ask(1, "p1", EPOCH, "no packets left");
    await room.until(5);
    await room.ask(1, "p1", EPOCH, "no packets left");
    await room.until(10);
    await room.ask(1);
    await room.until(15);
    await room.ask(1);
    assert.deepEqual([room.sweepsOrdered().length, room.traced.length], [3, 1]);
    assert.deepEqual(
      room.captures().filter((line) => line.includes("sweep")),
      ["remote sweep skipped p1 incident 1 (nobody's) : no packets left", "remote sweep complete p1 incident 1 (nobody's)"],
    );
  });

  test("not once our own captures have taken its place", async (t) => {
    const room = new Room(t);
    await room.ask(1);
    await room.until(15);
    await room.mtr.runs[0]?.end();
    await room.until(20);
    await room.ask(2);
    await room.burst({ from: 20 });
    await room.ask(2);
    await room.burst({ from: 20, to: 30 });
    await room.until(70);
    await room.ask(2);
    assert.deepEqual(
      room.sweepsOrdered().filter((order) => order.startsWith("remote")),
      ["remote p1"],
    );
  });

  test("also by the agent that is started next", async (t) => {
    const room = new Room(t);
    await room.ask(1);
    await room.until(10);
    await room.ask(2);
    room.writer.flush();
    room.nowS = 300;
    room.desk = room.start();
    await room.ask(2);
    await room.ask(2);
    assert.equal(room.sweepsOrdered().length, 2);
  });
});

describe("without mtr the sweep is alone", () => {
  test("turned off: nothing is spawned, and the row says so", async (t) => {
    const room = new Room(t, "{ mtr: false }");
    await room.ask(3);
    await room.until(2);
    assert.deepEqual([room.traced, room.desk.isIdle], [[], true]);
    assert.match(room.captures()[1] ?? "", /^remote mtr skipped p1 incident 3 .*turned off .* the sweep alone$/);
  });

  test("not installed: said, and no sweeps take its place", async (t) => {
    const room = new Room(t);
    room.mtr.obstacle = { kind: "missing", binary: "mtr", counts: NO_LINES };
    await room.ask(3);
    await room.until(5);
    assert.match(room.captures()[1] ?? "", /^remote mtr failed p1 incident 3 .*not installed$/);
    assert.deepEqual(room.sweepsOrdered(), ["remote p1"]);
  });
});

describe("with an incident of our own with that peer", () => {
  test("nothing more is traced, and our captures are marked, those under way as well", async (t) => {
    const room = new Room(t);
    await room.burst({ from: 0 });
    room.sweep("burst");
    room.nowS = 0.2;
    await room.ask(3);
    await room.until(3);
    assert.deepEqual([room.sweepsOrdered(), room.traced], [[], ["10.0.0.2 all"]]);
    room.mtr.runs[0]?.print("h 0 10.9.0.2");
    await room.mtr.runs[0]?.end();
    assert.deepEqual(room.captures(), ["burst mtr complete p1 incident 3 (ours)", "burst sweep complete p1 incident 3 (ours)"]);
  });

  test("one that opens a moment after the request takes over before an mtr was spawned", async (t) => {
    const room = new Room(t);
    await room.ask(3);
    await room.until(0.3);
    await room.burst({ from: 0 });
    assert.equal(room.eventSweeps.length, 1, "what was traced for the peer shows our own burst too");
    room.sweep("burst");
    await room.until(3);
    assert.deepEqual([room.traced, room.eventSweeps.length], [["10.0.0.2 all"], 2]);
    await room.burst({ from: 0, to: 3 });
    assert.deepEqual(room.captures(), [
      "remote sweep complete p1 incident 3 (ours)",
      "burst mtr running p1 incident 3 (ours)",
      "burst sweep complete p1 incident 3 (ours)",
    ]);
  });

  test("what was traced for the peer before the first lost probe is not evidence of ours", async (t) => {
    const room = new Room(t);
    await room.ask(3);
    room.nowS = 0.4;
    await room.burst({ from: 0.2 });
    assert.deepEqual(room.eventSweeps, []);
    assert.equal(room.captures()[0], "remote sweep complete p1 incident 3 (nobody's)");
  });

  test("a sweep for the peer of which the first word comes after our own incident opened is ours", async (t) => {
    const room = new Room(t);
    room.desk.asked({ peer: "p1", incident: 3, epoch: EPOCH });
    await room.burst({ from: 0 });
    room.sweep("remote");
    assert.equal(room.captures()[1], "remote sweep complete p1 incident 3 (ours)");
  });

  test("one that was made while our incident cooled shows its next burst as well", async (t) => {
    const room = new Room(t);
    await room.burst({ from: 0 });
    await room.burst({ from: 0, to: 1 });
    await room.until(20);
    const before = room.eventSweeps.length;
    await room.ask(3);
    room.nowS = 20.3;
    await room.burst({ from: 20 });
    assert.equal(room.eventSweeps.length, before + 1);
  });

  test("a sweep for the peer that was claimed stays ours when its last answers come, and is not made again after a restart", async (t) => {
    const room = new Room(t);
    await room.ask(3);
    room.nowS = 0.3;
    await room.burst({ from: 0 });
    const row = room.store.lastRemote("p1");
    assert.ok(row !== null);
    room.store.putCapture({ ...row, incidentId: null, status: "complete" });
    assert.equal(room.captures()[0], "remote sweep complete p1 incident 3 (ours)");
    assert.deepEqual(room.store.lastRemote("p1")?.facts["asked_incident"], 3);
  });

  test("one that opens a moment after a request that was refused is what it asked for all the same; much later it is not", async (t) => {
    for (const [second, mark] of [
      [21, "p1 incident 2"],
      [26, "not asked"],
    ] as const) {
      const room = new Room(t);
      await room.ask(1);
      await room.until(20);
      await room.mtr.runs[0]?.end();
      await room.ask(2);
      await room.until(second);
      await room.burst({ from: second - 1 });
      room.sweep("burst");
      await room.burst({ from: second - 1, to: second });
      assert.equal(room.captures().at(-1), `burst sweep complete ${mark} (ours)`);
      t.mock.timers.reset();
    }
  });

  test("one that opens while the mtr for the peer runs ends it, and its own runs instead", async (t) => {
    const room = new Room(t);
    await room.ask(3);
    await room.until(2);
    room.mtr.runs[0]?.print("h 0 10.9.0.2");
    await room.burst({ from: 1.5 });
    await room.until(3);
    assert.deepEqual([room.traced, room.mtr.running], [["10.0.0.2 10", "10.0.0.2 all"], ["10.0.0.2"]]);
    assert.match(room.captures()[1] ?? "", /^remote mtr complete/);
  });

  test("once its burst has ended the peer is answered again", async (t) => {
    const room = new Room(t);
    await room.burst({ from: 0 });
    await room.burst({ from: 0, to: 1 });
    await room.until(20);
    await room.ask(3);
    assert.deepEqual(
      room.sweepsOrdered().filter((order) => order.startsWith("remote")),
      ["remote p1"],
    );
  });

  test("an incident with another peer is no reason to refuse", async (t) => {
    const room = new Room(t);
    await room.burst({ from: 0 }, "p2");
    await room.ask(3);
    assert.deepEqual(room.sweepsOrdered(), ["remote p1"]);
  });
});

test("sweeps carry what is known of the clock of their peer, until the wire is another", async (t) => {
  const room = new Room(t);
  room.desk.peerClocks({ zeroMs: WALL - 5_000, clocks: [{ peer: "p1", epoch: EPOCH, offsetUs: -1_250, errorUs: 90 }] });
  await room.ask(1);
  room.writer.flush();
  const expected = { offset_us: -1_250, error_us: 90, epoch: EPOCH, own_epoch: 7, own_zero_at: "2026-11-21T04:11:55.000Z" };
  assert.deepEqual(room.store.lastRemote("p1")?.facts, { peer_clock: expected, asked_epoch: EPOCH, asked_incident: 1 });
  room.desk.wireStarted(8);
  await room.until(61);
  await room.ask(2);
  room.writer.flush();
  assert.deepEqual(room.store.lastRemote("p1")?.facts, { asked_epoch: EPOCH, asked_incident: 2 });
});

test("a stranger is nobody", async (t) => {
  const room = new Room(t);
  await room.ask(1, "stranger");
  assert.deepEqual([room.commands, room.captures()], [[], []]);
});
