import assert from "node:assert/strict";
import { test } from "node:test";
import { WireHealth } from "../../../src/capture/wire-health.ts";
import { FakeLog } from "./fake-log.ts";

const T0 = Date.UTC(2026, 10, 21, 4, 12, 0);
const READY = { receiveBuffer: 8_388_608, wantedBuffer: 8_388_608 };
const ALIVE = { sendErrors: {}, dropped: 0 };

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
  health.alive({ atMs: T0, sendErrors: { EPERM: 1 }, dropped: 0 });
  health.alive({ atMs: T0 + 1_000, sendErrors: { EPERM: 9 }, dropped: 2 });
  health.alive({ atMs: T0 + 2_000, sendErrors: { EPERM: 10 }, dropped: 2 });
  health.alive({ atMs: T0 + 3_000, sendErrors: { EPERM: 11, ENETUNREACH: 1 }, dropped: 2 });
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
