/** The desk with a real store, a fake wire and a fake mtr: what is on disk, in which order, and what was ordered. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Baselines } from "../../../src/capture/baselines.ts";
import type { EvidenceWriter } from "../../../src/capture/evidence-writer.ts";
import { IncidentDesk } from "../../../src/capture/incident-desk.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import type { EvidenceStore } from "../../../src/store/evidence.ts";
import type { AgentCommand, BurstReport, SweepReport } from "../../../src/wire/messages.ts";
import { incident } from "../store/sample-rows.ts";
import { FakeMtr, settled } from "./fake-mtr.ts";
import { burstReport } from "./burst-state.ts";
import { openEvidence } from "./open-evidence.ts";

const WALL = Date.UTC(2026, 10, 21, 4, 12, 0);
const YAML = `node: { name: sh-a1 }
capture: { after: 15s, hourly: 3 }
peers:
  - { name: p1, address: 10.0.0.2 }
  - { name: p2, address: 10.0.0.3 }
`;

interface Saved {
  readonly id: string;
  readonly status: string;
  readonly kind: string | null;
  readonly [column: string]: unknown;
}

class Room {
  readonly store: EvidenceStore;
  readonly writer: EvidenceWriter;
  readonly desk: IncidentDesk;
  readonly mtr = new FakeMtr();
  readonly commands: AgentCommand[] = [];
  /** Seconds since the start, on both clocks. */
  nowS = 0;

  constructor(t: TestContext) {
    ({ store: this.store, writer: this.writer } = openEvidence(t));
    this.desk = new IncidentDesk(parseConfig(YAML, { file: "peers.yaml", hostName: "sh-a1" }), {
      writer: this.writer,
      send: (command) => void this.commands.push(command),
      wallMs: () => WALL + this.nowS * 1000,
      nowMs: () => this.nowS * 1000,
      log: { info: () => {}, warn: () => {} },
      sourceOf: () => "10.0.0.1",
      baselines: new Baselines({ writer: this.writer, stored: (peer) => this.store.lastBaseline(peer) }),
      lastRemote: (peer) => this.store.lastRemote(peer),
      addressOf: (peer) => ({ p1: "10.0.0.2", p2: "10.0.0.3" })[peer] ?? null,
      events: { opened: () => {}, changed: () => {}, closed: () => {}, sweep: () => {}, tick: () => {} },
      startMtr: this.mtr.start,
    });
    this.desk.wireStarted(7);
  }

  burst(number: number, times: { readonly from: number; readonly to?: number }, more: Partial<BurstReport> = {}): void {
    const report = burstReport({
      number,
      startedMs: WALL + times.from * 1000,
      detectedMs: WALL + this.nowS * 1000,
      endedMs: times.to === undefined ? null : WALL + times.to * 1000,
      ...more,
    });
    this.desk.burst(report);
  }

  sweep(id: number, trigger: SweepReport["trigger"], more: Partial<SweepReport> = {}): void {
    const atMs = WALL + this.nowS * 1000;
    const answered = (ttl: number, address: string, kind: "time-exceeded" | "echo-reply"): SweepReport["hops"][number] => ({
      ttl,
      sent: true,
      answer: { address, kind, code: 0, rttUs: 900 },
      note: null,
    });
    const hops = [answered(1, "10.9.0.1", "time-exceeded"), answered(2, "10.0.0.2", "echo-reply")];
    this.desk.sweep({
      id,
      peer: "p1",
      target: "10.0.0.2",
      trigger,
      flow: 0,
      startedMs: atMs,
      firstHopMs: atMs + 1,
      finishedMs: atMs + 9,
      skipped: null,
      hops,
      ...more,
    });
  }

  /** Lets the desk tick ten times a second until then. */
  async until(seconds: number): Promise<void> {
    for (; this.nowS < seconds; this.nowS = Math.round(this.nowS * 10 + 1) / 10) {
      this.desk.tick();
      await settled();
    }
    this.writer.flush();
  }

  rows(table: string): Saved[] {
    return this.store.database.prepare<[], Saved>(`SELECT * FROM ${table} ORDER BY rowid`).all();
  }

  captures(): string[] {
    return this.rows("captures").map(
      (row) => `${String(row["trigger"])} ${row.kind} ${row.status}${row["incident_id"] === null ? " (nobody's)" : ""}`,
    );
  }

  sweepsOrdered(): string[] {
    return this.commands.flatMap((command) =>
      command.kind === "sweep"
        ? [`${command.trigger} ${command.peer}`]
        : command.kind === "trace-after"
          ? [`after ${command.peer} ${command.cycles}`]
          : [],
    );
  }
}

test("the incident is on disk before mtr is started, with the sweep of its suspicion and a copy of its baseline", async (t) => {
  const room = new Room(t);
  room.sweep(1, "baseline");
  room.writer.flush();
  room.nowS = 10;
  room.sweep(2, "suspect");
  room.nowS = 10.3;
  let onDisk: unknown = "never started";
  room.mtr.onStart = () => void (onDisk = room.rows("incidents").map((row) => [row.status, row["peer"]]));
  room.burst(1, { from: 9.9 });
  await settled();
  assert.deepEqual(onDisk, [["open", "p1"]]);
  assert.deepEqual(room.captures(), ["baseline sweep complete (nobody's)", "baseline sweep complete", "suspect sweep complete", "burst mtr running"]);
  assert.notEqual(room.rows("incidents")[0]?.["baseline_capture_id"], null);
});

test("a suspicion that no burst follows, or one from before the first lost probe, belongs to nobody and is not kept", async (t) => {
  const room = new Room(t);
  room.sweep(1, "suspect");
  room.nowS = 40;
  room.burst(1, { from: 39 });
  await settled();
  room.writer.flush();
  assert.deepEqual(room.captures(), ["burst mtr running"]);
});

test("a whole life: sweeps, the trace after, mtr stopped at the end of cooling, closed after a minute, and the budget's idle", async (t) => {
  const room = new Room(t);
  room.nowS = 1;
  room.burst(1, { from: 0.5 });
  room.sweep(1, "burst");
  await settled();
  room.mtr.runs[0]?.print("h 0 10.9.0.1");
  room.nowS = 5;
  room.burst(1, { from: 0.5, to: 4 });
  await room.until(18.9);
  assert.deepEqual(room.sweepsOrdered(), []);
  assert.equal(room.rows("incidents")[0]?.status, "cooling");
  await room.until(19.3);
  assert.deepEqual(room.sweepsOrdered(), ["after p1 100"]);
  assert.equal(room.mtr.runs[0]?.options.signal.aborted, true);
  for (const number of [1, 2]) room.sweep(1 + number, "after", { cycle: { number, of: 2 } });
  room.burst(1, { from: 0.5, to: 4 }, { final: true });
  await room.until(64.5);
  const [row] = room.rows("incidents");
  assert.deepEqual([row?.status, row?.kind, row?.["ended_ms"]], ["closed", "loss", WALL + 4_000]);
  assert.deepEqual(room.captures(), ["burst sweep complete", "burst mtr complete", "after sweep complete"]);
  assert.deepEqual(
    room.rows("captures").map((capture) => capture["phase"]),
    ["during", "during", "after"],
  );
  const after = room.rows("captures")[2];
  assert.equal(after?.["facts"], '{"sweeps":2,"of":2}');
  assert.deepEqual(
    (JSON.parse(String(after?.["hops"])) as { sent: number; received: number }[]).map(({ sent, received }) => [sent, received]),
    [
      [2, 2],
      [2, 2],
    ],
  );
  assert.equal(room.desk.isIdle, true);
});

test("a trace after that the next incident ends belongs to the one before, and says why it ended", async (t) => {
  const room = new Room(t);
  room.nowS = 1;
  room.burst(1, { from: 0.5 });
  await settled();
  room.nowS = 5;
  room.burst(1, { from: 0.5, to: 4 });
  await room.until(19.3);
  room.sweep(2, "after", { cycle: { number: 1, of: 100 } });
  room.burst(1, { from: 0.5, to: 4 }, { final: true });
  await room.until(70);
  room.burst(2, { from: 69.5 });
  room.sweep(3, "after", { skipped: "stopped after 1 of 100 sweeps: another burst began" });
  await room.until(71);
  const [first, second] = room.rows("incidents");
  const afters = room.rows("captures").filter((row) => row["trigger"] === "after");
  assert.notEqual(first?.id, second?.id);
  assert.deepEqual(
    afters.map((row) => [row["incident_id"], row.status, row["reason"]]),
    [[first?.id, "partial", "stopped after 1 of 100 sweeps: another burst began"]],
  );
});

test("a burst while cooling calls the trace after off, keeps the incident, and gets a capture of its own when the first mtr is gone", async (t) => {
  const room = new Room(t);
  room.nowS = 1;
  room.burst(1, { from: 0.5 });
  await settled();
  await room.mtr.runs[0]?.end();
  room.nowS = 5;
  room.burst(1, { from: 0.5, to: 4 }, { final: true });
  await room.until(15);
  room.burst(2, { from: 14 });
  await room.until(30);
  assert.deepEqual(room.sweepsOrdered(), []);
  assert.equal(room.mtr.runs.length, 2);
  assert.deepEqual([room.rows("incidents").length, room.rows("incidents")[0]?.status], [1, "open"]);
});

test("a lasting one is captured again after 60 s and 5 min, and beyond its budget it says why not", async (t) => {
  const room = new Room(t);
  room.burst(1, { from: 0 });
  for (const second of [30, 90, 330, 1_900]) {
    await settled();
    await room.mtr.runs.at(-1)?.end();
    await room.until(second);
  }
  assert.deepEqual(room.sweepsOrdered(), ["recapture p1", "recapture p1", "recapture p1"]);
  const mtr = room.rows("captures").map((row) => `${String(row["trigger"])} ${row.status} ${String(row["reason"])}`);
  assert.deepEqual(
    mtr.slice(0, 3).map((line) => line.split(" ")[0]),
    ["burst", "recapture", "recapture"],
  );
  assert.match(mtr[3] ?? "", /^recapture skipped capture budget: 3 full captures of this peer in an hour; samples only$/);
  assert.ok(
    room.commands.some((command) => command.kind === "cut" && command.peer === "p1"),
    "after 30 min it is cut",
  );
});

test("without mtr, sweeps at one a second take its place while the burst lasts", async (t) => {
  const room = new Room(t);
  room.mtr.obstacle = { kind: "missing", binary: "mtr", counts: { lines: 0, garbage: 0, answers: 0, cut: 0, dropped: 0 } };
  room.burst(1, { from: 0 });
  await settled();
  await room.until(5);
  const ordered = room.sweepsOrdered().length;
  assert.ok(ordered >= 5 && ordered <= 6, `${ordered} sweeps in 5 s`);
  room.burst(1, { from: 0, to: 4.9 });
  await room.until(15);
  assert.equal(room.sweepsOrdered().length, ordered);
  assert.match(String(room.rows("captures")[0]?.["reason"]), /not installed/);
});

describe("who goes with whom", () => {
  test("peers that begin within two seconds are one event, later ones another", async (t) => {
    const room = new Room(t);
    room.burst(1, { from: 0 });
    room.burst(1, { from: 1.9 }, { peer: "p2", address: "10.0.0.3" });
    await settled();
    const events = room.rows("incidents").map((row) => row["event_id"]);
    assert.equal(events.length, 2);
    assert.equal(events[0], events[1]);
  });

  test("an unknown peer is nobody: no incident, no exception", (t) => {
    const room = new Room(t);
    room.burst(1, { from: 0 }, { peer: "stranger" });
    room.sweep(1, "burst", { peer: "stranger" });
    room.desk.samples({ peer: "stranger", intervalMs: 100, blocks: [], last: true });
    room.writer.flush();
    assert.deepEqual([room.rows("incidents"), room.rows("captures")], [[], []]);
  });

  test("an incident that the agent before left open is continued by the next within a minute", async (t) => {
    const room = new Room(t);
    room.desk.chain(incident({ id: "dead", peer: "p1" }));
    room.nowS = 30;
    room.burst(1, { from: 29 });
    await settled();
    assert.equal(room.rows("incidents")[0]?.["continues"], "dead");
  });
});

test("when the wire dies its open bursts end there; the new wire's first burst is another one of the same incident", async (t) => {
  const room = new Room(t);
  room.nowS = 1;
  room.burst(1, { from: 0.5 });
  await settled();
  room.nowS = 3;
  room.desk.wireGone();
  assert.deepEqual([room.rows("incidents")[0]?.status, room.rows("incidents")[0]?.["ended_ms"]], ["cooling", WALL + 3_000]);
  room.desk.wireStarted(8);
  room.nowS = 5;
  room.burst(1, { from: 4.5 });
  room.writer.flush();
  assert.equal(room.rows("incidents").length, 1);
  assert.equal(room.rows("incidents")[0]?.status, "open");
});

test("a burst disturbs the calm until it is over, or has lasted for ten minutes: a peer that is down for days is no news", (t) => {
  const room = new Room(t);
  assert.equal(room.desk.isCalm, true);
  room.nowS = 10;
  room.burst(1, { from: 9.5 });
  assert.equal(room.desk.isCalm, false);
  room.burst(1, { from: 9.5, to: 11 });
  assert.equal(room.desk.isCalm, true);
  room.nowS = 100;
  room.burst(2, { from: 99.5 }, { peer: "p2" });
  room.nowS = 699;
  assert.equal(room.desk.isCalm, false);
  room.nowS = 701;
  assert.equal(room.desk.isCalm, true);
});

test("samples go to the incident that asked for them, also after it was closed, until the wire says that it was the last", async (t) => {
  const room = new Room(t);
  const block = (startSlot: number): { startSlot: number; startedMs: number; samples: Uint8Array } => ({
    startSlot,
    startedMs: WALL,
    samples: new Uint8Array(4),
  });
  room.desk.samples({ peer: "p1", intervalMs: 100, blocks: [block(0)], last: false });
  room.burst(1, { from: 0 });
  room.desk.samples({ peer: "p1", intervalMs: 100, blocks: [block(100)], last: false });
  room.burst(1, { from: 0, to: 1 }, { final: true });
  await room.until(70);
  room.desk.samples({ peer: "p1", intervalMs: 100, blocks: [block(200)], last: true });
  room.desk.samples({ peer: "p1", intervalMs: 100, blocks: [block(300)], last: false });
  room.writer.flush();
  assert.deepEqual(
    room.rows("samples").map((row) => row["start_slot"]),
    [100, 200],
  );
});
