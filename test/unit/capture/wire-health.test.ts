import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WireHealth } from "../../../src/capture/wire-health.ts";
import type { RefusedRequests } from "../../../src/wire/messages.ts";
import { FakeLog } from "./fake-log.ts";

const T0 = Date.UTC(2026, 10, 21, 4, 12, 0);
const READY = { receiveBuffer: 8_388_608, wantedBuffer: 8_388_608 };
const REFUSED: RefusedRequests = { wrongTag: { count: 0, peer: null }, oldBoot: { count: 0, peer: null } };
const ALIVE = { sendErrors: {}, dropped: 0, refused: REFUSED };

test("from the last word of a wire to the ready of the next is one blind interval, however often it died in between", () => {
  const health = new WireHealth(new FakeLog());
  assert.equal(health.ready(READY, T0), null);
  health.alive({ ...ALIVE, atMs: T0 + 1_000 });
  health.gone(T0 + 1_800);
  health.gone(T0 + 2_500);
  assert.deepEqual(health.ready(READY, T0 + 4_000), { startedMs: T0 + 1_000, endedMs: T0 + 4_000, cause: "wire-restart", detail: null });
  assert.equal(health.ready(READY, T0 + 5_000), null);
});

test("a wire that dies before its first word is blind from its death on", () => {
  const health = new WireHealth(new FakeLog());
  health.gone(T0);
  assert.deepEqual([health.ready(READY, T0 + 500)?.startedMs], [T0]);
});

test("after a restart of the agent it is blind since the agent before was last alive; never longer than nothing after the clock was set back", () => {
  const health = new WireHealth(new FakeLog());
  health.agentRestarted(T0 - 60_000, T0);
  assert.deepEqual(health.ready(READY, T0 + 300), { startedMs: T0 - 60_000, endedMs: T0 + 300, cause: "agent-restart", detail: null });
  health.agentRestarted(T0 + 60_000, T0);
  assert.deepEqual(health.ready(READY, T0 - 1), { startedMs: T0, endedMs: T0, cause: "agent-restart", detail: null });
});

test("troubles of the wire are said when they get worse, not every second", () => {
  const log = new FakeLog();
  const health = new WireHealth(log);
  health.alive({ ...ALIVE, atMs: T0, sendErrors: { EPERM: 1 }, dropped: 0 });
  health.alive({ ...ALIVE, atMs: T0 + 1_000, sendErrors: { EPERM: 9 }, dropped: 2 });
  health.alive({ ...ALIVE, atMs: T0 + 2_000, sendErrors: { EPERM: 10 }, dropped: 2 });
  health.alive({ ...ALIVE, atMs: T0 + 3_000, sendErrors: { EPERM: 11, ENETUNREACH: 1 }, dropped: 2 });
  assert.deepEqual(
    log.said.map((line) => line.split(":")[0]),
    ["warn the kernel refused to send probes", "warn the agent was too slow for its wire", "warn the kernel refused to send probes"],
  );
});

test("a receive buffer that the kernel cut is said with the command that helps", () => {
  const log = new FakeLog();
  new WireHealth(log).ready({ receiveBuffer: 425_984, wantedBuffer: 8_388_608 }, T0);
  assert.match(log.said.join(), /sysctl -w net\.core\.rmem_max=4194304 /);
});

describe("requests that were refused", () => {
  /** What a wire says that refuses ten wrong tags a second of one peer, from its first second on. */
  function hear(health: WireHealth, seconds: { readonly from: number; readonly to: number; readonly wireStartedAt?: number }): void {
    for (let second = seconds.from; second < seconds.to; second++) {
      const count = 10 * (second - (seconds.wireStartedAt ?? 0));
      health.alive({ ...ALIVE, atMs: T0 + second * 1_000, refused: { ...REFUSED, wrongTag: { count, peer: count === 0 ? null : "bj-b1" } } });
    }
  }

  test("a wrong tag is said at once, with the key that an operator must look at, and again after ten minutes with what came meanwhile", () => {
    const log = new FakeLog();
    const health = new WireHealth(log);
    hear(health, { from: 0, to: 1 });
    assert.deepEqual(log.said, []);
    hear(health, { from: 1, to: 1_200 });
    assert.deepEqual(log.said, [
      "warn 10 requests came with a wrong tag, the last in the name of bj-b1: is the mesh key the same on every node? (mesh.key_file)",
      "warn 6000 requests came with a wrong tag, the last in the name of bj-b1: is the mesh key the same on every node? (mesh.key_file)",
    ]);
  });

  test("nothing more is said once they stop", () => {
    const log = new FakeLog();
    const health = new WireHealth(log);
    hear(health, { from: 0, to: 3 });
    for (let second = 3; second < 2_000; second++)
      health.alive({ ...ALIVE, atMs: T0 + second * 1_000, refused: { ...REFUSED, wrongTag: { count: 20, peer: "bj-b1" } } });
    assert.deepEqual(
      log.said.map((line) => line.split(" came")[0]),
      ["warn 10 requests", "warn 10 requests"],
    );
  });

  test("those of the next wire, which counts from zero, are said as well", () => {
    const log = new FakeLog();
    const health = new WireHealth(log);
    hear(health, { from: 0, to: 590 });
    hear(health, { from: 700, to: 702, wireStartedAt: 700 });
    assert.deepEqual(
      log.said.map((line) => line.split(" came")[0]),
      ["warn 10 requests", "warn 10 requests"],
    );
  });

  test("those of a boot that is over are told apart, on a clock that was set back as well", () => {
    const log = new FakeLog();
    const health = new WireHealth(log);
    const oldBoot = (count: number): RefusedRequests => ({ ...REFUSED, oldBoot: { count, peer: "gz-c1" } });
    health.alive({ ...ALIVE, atMs: T0, refused: oldBoot(1) });
    health.alive({ ...ALIVE, atMs: T0 - 3_600_000, refused: oldBoot(2) });
    assert.equal(log.said.length, 2);
    assert.match(
      log.said[0] ?? "",
      /^warn 1 request of a boot that is over came, the last in the name of gz-c1: replayed, or its clock was set back/,
    );
  });
});
