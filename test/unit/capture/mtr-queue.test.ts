import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MAX_MTR, MtrQueue, type MtrRequest } from "../../../src/capture/mtr-queue.ts";
import { NO_LINES } from "../../../src/capture/mtr-lines.ts";
import type { Hop } from "../../../src/path/hop.ts";
import type { CaptureRow, LineChunk } from "../../../src/store/rows.ts";
import type { AgentCommand } from "../../../src/wire/messages.ts";
import { hop } from "../path/hop-builder.ts";
import { FakeMtr, settled } from "./fake-mtr.ts";

/** A queue whose world is at hand. Peers are named by their address' last number. */
class Desk {
  readonly mtr = new FakeMtr();
  readonly paths = new Map<string, readonly Hop[]>();
  readonly rows = new Map<string, CaptureRow>();
  readonly chunks: LineChunk[] = [];
  readonly commands: AgentCommand[] = [];
  readonly missing: string[] = [];
  nowMs = 1_000;
  readonly queue = new MtrQueue({
    put: (row) => void this.rows.set(row.id, row),
    append: (chunk) => void this.chunks.push(chunk),
    send: (command) => void this.commands.push(command),
    pathOf: (peer) => this.paths.get(peer) ?? [],
    nowMs: () => this.nowMs,
    onMissing: (request) => void this.missing.push(request.peer),
    start: this.mtr.start,
  });

  /** Its path: the routers named, then itself. */
  path(peer: string, ...routers: readonly string[]): void {
    this.paths.set(
      peer,
      [...routers, `10.0.0.${peer}`].map((address, index) => hop(index + 1, address)),
    );
  }

  async ask(peer: string, of: Partial<MtrRequest> = {}): Promise<void> {
    const request: MtrRequest = {
      captureId: `c${peer}`,
      owner: `i${peer}`,
      incidentId: `i${peer}`,
      askedBy: null,
      peer,
      address: `10.0.0.${peer}`,
      source: "10.0.0.1",
      trigger: "burst",
      requestedMs: this.nowMs,
      ...of,
    };
    this.queue.request(request);
    await settled();
  }

  get started(): string[] {
    return this.mtr.runs.map((run) => `${run.options.address.split(".")[3]} from ${run.options.firstTtl}`);
  }

  verdict(peer: string): string {
    const row = this.rows.get(`c${peer}`);
    return `${row?.status}: ${row?.reason}`;
  }
}

test("the first one starts at once from TTL 1, also with an unknown path; its row is there before, its end after", async () => {
  const desk = new Desk();
  await desk.ask("2");
  assert.deepEqual([desk.started, desk.verdict("2")], [["2 from 1"], "running: null"]);
  assert.deepEqual(desk.commands, [{ kind: "mtr", pid: 1_000, peer: "2", firstTtl: 1 }]);
  desk.nowMs = 1_400;
  desk.mtr.runs[0]?.print("x 0 33000", "h 0 10.9.0.1");
  desk.mtr.runs[0]?.print("p 0 300 33000");
  desk.nowMs = 2_000;
  await desk.mtr.runs[0]?.end();
  assert.deepEqual(
    desk.chunks.map((chunk) => [chunk.captureId, chunk.number, chunk.lines.length]),
    [
      ["c2", 0, 2],
      ["c2", 1, 1],
    ],
  );
  const row = desk.rows.get("c2");
  assert.deepEqual([row?.status, row?.startedMs, row?.firstHopMs, row?.finishedMs], ["complete", 1_000, 1_400, 2_000]);
  assert.deepEqual(desk.commands.at(-1), { kind: "mtr-ended", pid: 1_000 });
});

describe("through any one hop there is one mtr", () => {
  test("a second one starts behind what it shares, and says so", async () => {
    const desk = new Desk();
    desk.path("2", "r1", "r2", "r3");
    desk.path("3", "r1", "r2", "r4");
    await desk.ask("2");
    await desk.ask("3");
    assert.deepEqual(desk.started, ["2 from 1", "3 from 3"]);
    assert.deepEqual(desk.rows.get("c3")?.facts, { first_ttl: 3 });
    assert.equal(desk.mtr.runs[1]?.options.pathLength, 4);
  });

  test("one that brings its own path starts behind what that shares", async () => {
    const desk = new Desk();
    desk.path("2", "r1", "r2");
    await desk.ask("2");
    await desk.ask("7", { path: [hop(1, "r1"), hop(2, "r5"), hop(3, "10.0.0.7")] });
    await desk.ask("8", { path: [] });
    assert.deepEqual(desk.started, ["2 from 1", "7 from 2"]);
  });

  test("one whose path is not known waits, and starts when a sweep has shown it", async () => {
    const desk = new Desk();
    desk.path("2", "r1", "r3");
    await desk.ask("2");
    await desk.ask("3");
    assert.deepEqual(desk.started, ["2 from 1"]);
    desk.path("3", "r1", "r4");
    desk.queue.pump();
    await settled();
    assert.deepEqual(desk.started, ["2 from 1", "3 from 2"]);
  });

  test("one that waits starts when the one before it has ended", async () => {
    const desk = new Desk();
    await desk.ask("2");
    await desk.ask("3");
    await desk.mtr.runs[0]?.end();
    assert.deepEqual(desk.started, ["2 from 1", "3 from 1"]);
  });

  test("one that waits does not keep those behind it waiting", async () => {
    const desk = new Desk();
    desk.path("2", "r1");
    desk.path("4", "r7");
    await desk.ask("2");
    await desk.ask("3");
    await desk.ask("4");
    assert.deepEqual(desk.started, ["2 from 1", "4 from 1"]);
  });

  test("one whose burst is over gives way to it; one whose burst came back does not", async () => {
    const desk = new Desk();
    for (const peer of ["2", "3", "4"]) desk.path(peer, "r1", `r${peer}`);
    await desk.ask("2");
    desk.mtr.runs[0]?.print("h 0 r1");
    desk.queue.burstEnded("i2");
    await desk.ask("3");
    assert.deepEqual([desk.verdict("2"), desk.started], ["complete: null", ["2 from 1", "3 from 1"]]);
    desk.queue.burstEnded("i3");
    desk.queue.burstBegan("i3");
    await desk.ask("4");
    assert.deepEqual(desk.started.at(-1), "4 from 2");
  });

  test("when its burst ends first it is skipped with the reason", async () => {
    const desk = new Desk();
    desk.path("2", "r1");
    await desk.ask("2");
    await desk.ask("3");
    desk.queue.burstEnded("i3");
    assert.equal(desk.verdict("3"), "skipped: its path is not known and may share hops with the mtr to 2");
    await desk.mtr.runs[0]?.end();
    assert.deepEqual(desk.started, ["2 from 1"]);
  });
});

test("never more than three at once; the fourth starts when one has ended", async () => {
  const desk = new Desk();
  for (const peer of ["2", "3", "4", "5", "6"]) {
    desk.path(peer, `r${peer}`);
    await desk.ask(peer);
  }
  assert.equal(desk.mtr.runs.length, MAX_MTR);
  desk.queue.burstEnded("i6");
  assert.equal(desk.verdict("6"), "skipped: 3 mtr were running already, for 2, 3, 4");
  await desk.mtr.runs[1]?.end();
  assert.deepEqual(desk.started.at(-1), "5 from 1");
});

test("one incident has one: asking again while it waits or runs changes nothing", async () => {
  const desk = new Desk();
  await desk.ask("2");
  await desk.ask("2");
  await desk.ask("3");
  await desk.ask("3");
  assert.equal(desk.queue.has("i2") && desk.queue.has("i3") && !desk.queue.has("i4"), true);
  await desk.mtr.runs[0]?.end();
  await desk.mtr.runs[1]?.end();
  assert.deepEqual(desk.started, ["2 from 1", "3 from 1"]);
});

test("stopping an incident's mtr keeps what it printed, and starts what waited", async () => {
  const desk = new Desk();
  await desk.ask("2");
  await desk.ask("3");
  desk.mtr.runs[0]?.print("h 0 10.9.0.1");
  desk.queue.stop("i2");
  await settled();
  assert.deepEqual([desk.verdict("2"), desk.started.at(-1)], ["complete: null", "3 from 1"]);
});

describe("an mtr that cannot run", () => {
  const obstacles = [
    [{ kind: "missing", binary: "mtr", counts: NO_LINES }, "failed: mtr is not installed"],
    [{ kind: "not-started", code: "EAGAIN", counts: NO_LINES }, "failed: mtr could not be started: EAGAIN"],
    [new Error("spawn ENOMEM"), "failed: mtr could not be started: spawn ENOMEM"],
  ] as const;
  for (const [obstacle, verdict] of obstacles) {
    test(`${verdict}: said, sweeps take its place, and the next request is tried all the same`, async () => {
      const desk = new Desk();
      desk.mtr.obstacle = obstacle;
      await desk.ask("2");
      assert.deepEqual([desk.verdict("2"), desk.missing], [verdict, ["2"]]);
      desk.mtr.obstacle = null;
      await desk.ask("3");
      assert.deepEqual(desk.started, ["3 from 1"]);
    });
  }
});

test("closing stops what runs, skips what waits, waits for both, and starts nothing more", async () => {
  const desk = new Desk();
  await desk.ask("2");
  await desk.ask("3");
  await desk.queue.close();
  assert.deepEqual([desk.verdict("2"), desk.verdict("3")], ["partial: stopped before its first probe", "skipped: agent stopped"]);
  await desk.ask("4");
  assert.deepEqual(desk.started, ["2 from 1"]);
});
