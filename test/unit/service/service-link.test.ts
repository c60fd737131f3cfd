import assert from "node:assert/strict";
import { test } from "node:test";
import { ServiceLink } from "../../../src/service/service-link.ts";

function link(options: { readonly watchdogMs?: number | null; readonly failure?: string } = {}) {
  const clock = { nowMs: 0 };
  const said: string[] = [];
  const warnings: string[] = [];
  const service = new ServiceLink({
    notify: (state) => (said.push(state), options.failure ?? null),
    watchdogMs: options.watchdogMs === undefined ? 15_000 : options.watchdogMs,
    nowMs: () => clock.nowMs,
    log: { warn: (_, text) => void warnings.push(text ?? "") },
  });
  return { clock, said, warnings, service, take: () => said.splice(0) };
}

test("the watchdog is fed by what the wire says, at most once in a quarter of its time", () => {
  const { clock, service, take } = link();
  let feeds = 0;
  for (clock.nowMs = 0; clock.nowMs < 60_000; clock.nowMs += 1_000) {
    service.alive(2, 2);
    feeds += take().filter((state) => state.includes("WATCHDOG=1")).length;
  }
  assert.equal(feeds, 15);
});

test("a silent wire starves the watchdog, however much else the agent says", () => {
  const { clock, service, take } = link();
  service.alive(2, 2);
  take();
  clock.nowMs = 60_000;
  service.ready(2, 2);
  service.burst("b", true);
  service.wireGone();
  assert.deepEqual(
    take().filter((state) => state.includes("WATCHDOG")),
    [],
  );
});

test("nothing is fed where nobody watches, and ready is said all the same", () => {
  const { service, take } = link({ watchdogMs: null });
  service.alive(1, 1);
  service.ready(1, 1);
  assert.deepEqual(take(), ["READY=1\nSTATUS=probing 1 peer"]);
});

test("ready is said once", () => {
  const { service, take } = link();
  service.ready(1, 1);
  service.ready(1, 1);
  assert.equal(take().length, 1);
});

test("the status tells silent and losing peers, and only when that changes", () => {
  const { clock, service, take } = link({ watchdogMs: null });
  service.alive(3, 2);
  assert.deepEqual(take(), [], "no status before it is ready");
  service.ready(3, 2);
  assert.deepEqual(take(), ["READY=1\nSTATUS=probing 3 peers, 1 never answered"]);
  service.alive(3, 2);
  service.burst("b", true);
  clock.nowMs = 1_000;
  service.alive(3, 3);
  assert.deepEqual(take(), ["STATUS=probing 3 peers, 1 losing packets now"]);
  service.burst("b", false);
  service.alive(3, 3);
  assert.deepEqual(take(), ["STATUS=probing 3 peers"]);
});

test("a wire that is gone takes what it said of bursts with it", () => {
  const { service, take } = link({ watchdogMs: null });
  service.ready(1, 1);
  service.burst("b", true);
  service.wireGone();
  take();
  service.alive(1, 1);
  assert.deepEqual(take(), []);
});

test("nothing is said after stopping", () => {
  const { service, take } = link();
  service.stopping();
  service.alive(1, 1);
  service.ready(1, 1);
  assert.deepEqual(take(), ["STOPPING=1\nSTATUS=stopping"]);
});

test("a service manager that cannot be reached is told once", () => {
  const { clock, service, warnings } = link({ failure: "ECONNREFUSED" });
  service.ready(1, 1);
  clock.nowMs = 10_000;
  service.alive(1, 1);
  assert.equal(warnings.length, 1);
});
