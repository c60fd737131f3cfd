import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Baselines } from "../../../src/capture/baselines.ts";
import type { EvidenceWriter } from "../../../src/capture/evidence-writer.ts";
import { sweepRow } from "../../../src/capture/sweep-row.ts";
import type { SweepHop } from "../../../src/path/hop.ts";
import type { EvidenceStore } from "../../../src/store/evidence.ts";
import type { SweepReport } from "../../../src/wire/messages.ts";
import { openEvidence } from "./open-evidence.ts";

const T0 = Date.UTC(2026, 10, 21, 4, 0, 0);
const TARGET = "10.0.0.2";
const MINUTE_MS = 60_000;

class Room {
  readonly store: EvidenceStore;
  baselines: Baselines;
  nowMs = T0;
  readonly #writer: EvidenceWriter;
  #id = 0;

  constructor(t: TestContext) {
    ({ store: this.store, writer: this.#writer } = openEvidence(t));
    this.baselines = this.restarted();
  }

  restarted(): Baselines {
    return (this.baselines = new Baselines({ writer: this.#writer, stored: (peer) => this.store.lastBaseline(peer) }));
  }

  /** One baseline now through these routers, null for one that was silent. Those in `shared` were asked five seconds ago for another peer. */
  sweep(
    routers: readonly (string | null)[],
    more: { readonly flow?: number; readonly reached?: boolean; readonly shared?: readonly number[] } = {},
  ): void {
    const { flow = 0, reached = true, shared = [] } = more;
    const hop = (ttl: number, address: string | null): SweepHop => ({
      ttl,
      sent: true,
      answer: address === null ? null : { address, kind: address === TARGET ? "echo-reply" : "time-exceeded", code: 0, rttUs: ttl * 1_000 },
      note: null,
      ...(shared.includes(ttl) ? { sharedMs: this.nowMs - 5_000 } : {}),
    });
    const hops = [...routers, reached ? TARGET : null].map((address, index) => hop(index + 1, address));
    const times = { startedMs: this.nowMs, firstHopMs: this.nowMs + 1, finishedMs: this.nowMs + 9 };
    const report: SweepReport = { id: ++this.#id, peer: "p1", target: TARGET, trigger: "baseline", flow, ...times, skipped: null, hops };
    this.baselines.put(sweepRow(report, { epoch: 7, source: "10.0.0.1" }), report);
  }

  /** The stored rows: their routers, and how many sweeps they stand for. */
  stored(): string[] {
    this.#writer.flush();
    const rows = this.store.database.prepare<[], { hops: string; facts: string }>("SELECT hops, facts FROM captures ORDER BY started_ms, id").all();
    return rows.map(({ hops, facts }) => {
      const addresses = (JSON.parse(hops) as { address: string | null }[]).map(({ address }) => address ?? "?");
      return `${addresses.slice(0, -1).join(" ")} ×${(JSON.parse(facts) as { sweeps: number }).sweeps}`;
    });
  }

  counts(): (readonly [number, number])[] {
    return (this.baselines.row("p1")?.hops ?? []).map(({ sent, received }) => [sent, received] as const);
  }
}

test("one row while the path stays, brought up to date at most once a minute; a new one when a router changes, and every hour", (t) => {
  const room = new Room(t);
  room.sweep(["a", "b"]);
  assert.deepEqual(room.stored(), ["a b ×1"]);
  for (const seconds of [15, 30, 45]) {
    room.nowMs = T0 + seconds * 1000;
    room.sweep(["a", "b"]);
  }
  assert.deepEqual(room.stored(), ["a b ×1"]);
  room.nowMs = T0 + 61_000;
  room.sweep(["a", "b"]);
  assert.deepEqual(room.stored(), ["a b ×5"]);
  room.nowMs = T0 + 2 * MINUTE_MS;
  room.sweep(["a", "c"]);
  assert.deepEqual(room.stored(), ["a b ×5", "a c ×1"]);
  room.nowMs = T0 + 63 * MINUTE_MS;
  room.sweep(["a", "c"]);
  assert.deepEqual(room.stored(), ["a b ×5", "a c ×1", "a c ×0"]);
});

test("a path that changes to and fro all the time has a dozen rows an hour and no more", (t) => {
  const room = new Room(t);
  for (let minute = 0; minute < 59; minute++) {
    room.nowMs = T0 + minute * MINUTE_MS;
    room.sweep(["a", minute % 2 === 0 ? "b" : "c"]);
  }
  assert.equal(room.stored().length, 12);
});

test("hops have the counts of an hour, of what was really sent to them, and the reply rates come from those", (t) => {
  const room = new Room(t);
  for (let minute = 0; minute < 20; minute++) {
    room.nowMs = T0 + minute * MINUTE_MS;
    room.sweep(["a", minute % 4 === 3 ? null : "b"], minute % 2 === 0 ? {} : { shared: [1] });
  }
  assert.deepEqual(room.counts(), [
    [10, 10],
    [20, 15],
    [20, 20],
  ]);
  assert.deepEqual(room.baselines.replyRates("p1"), [1, 0.75]);
  const row = room.baselines.row("p1");
  assert.deepEqual(row?.hops[1]?.rttMs, { best: 2, avg: 2, worst: 2, last: 2, stdev: 0 });
  assert.deepEqual([row?.hops[1]?.address, row?.hops[1]?.lossPct], ["b", 25]);
  const iso = (ms: number): string => new Date(ms).toISOString();
  assert.deepEqual(row?.facts["hops_asked_at"], [iso(room.nowMs - 5_000), iso(room.nowMs), iso(room.nowMs)]);
  room.nowMs += 59 * MINUTE_MS;
  room.sweep(["a", "b"]);
  assert.deepEqual(room.counts()[1], [1, 1]);
});

test("too few packets tell no rate", (t) => {
  const room = new Room(t);
  for (let n = 0; n < 4; n++) room.sweep(["a"]);
  assert.deepEqual(room.baselines.replyRates("p1"), [null]);
  assert.equal(room.baselines.replyRates("nobody"), null);
});

test("a hop that was silent, or a target that answered only behind its own TTL, changes no path", (t) => {
  const room = new Room(t);
  room.sweep(["a", "b"]);
  room.sweep([null, "b"]);
  room.sweep(["a", "b", null]);
  assert.deepEqual([room.baselines.path("p1"), room.stored().length], [["a", "b"], 1]);
});

test("flows that take different paths have each their own, and those that take the same share its row", (t) => {
  const room = new Room(t);
  room.sweep(["a", "b"], { flow: 0 });
  assert.deepEqual(room.baselines.path("p1", 3), ["a", "b"]);
  room.sweep(["a", "c"], { flow: 1 });
  room.sweep(["a", "b"], { flow: 2 });
  assert.deepEqual(
    [0, 1, 2, 3].map((flow) => room.baselines.path("p1", flow)),
    [["a", "b"], ["a", "c"], ["a", "b"], null],
  );
  assert.equal(room.stored().length, 2);
});

test("a target that does not answer traces has that as its baseline only as long as there is nothing better", (t) => {
  const room = new Room(t);
  room.sweep(["a"], { reached: false });
  assert.deepEqual([room.baselines.path("p1"), room.baselines.row("p1")?.reached], [null, false]);
  room.sweep(["a"]);
  room.sweep(["a"], { reached: false });
  assert.deepEqual([room.baselines.path("p1"), room.baselines.row("p1")?.reached], [["a"], true]);
});

test("after a restart the stored one counts until the first new one", (t) => {
  const room = new Room(t);
  for (let minute = 0; minute < 10; minute++) {
    room.nowMs = T0 + minute * MINUTE_MS;
    room.sweep(["a", "b"]);
  }
  room.stored();
  room.restarted();
  assert.deepEqual(
    [room.baselines.path("p1"), room.baselines.replyRates("p1")],
    [
      ["a", "b"],
      [1, 1],
    ],
  );
  assert.equal(room.baselines.path("p2"), null);
});
