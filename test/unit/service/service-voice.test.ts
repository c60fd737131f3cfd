import assert from "node:assert/strict";
import { test } from "node:test";
import { ServiceVoice } from "../../../src/service/service-voice.ts";

test("ready comes with its status, the status when it changes, food four times in a watchdog time, and nothing after stopping", () => {
  let nowMs = 0;
  const said: string[] = [];
  const voice = new ServiceVoice({ notify: (state) => (said.push(state), null), watchdogMs: 30_000, nowMs: () => nowMs, log: { warn: () => {} } });
  voice.alive("starting");
  voice.ready("0 nodes heard");
  for (nowMs = 2_000; nowMs <= 32_000; nowMs += 2_000) voice.alive(nowMs < 10_000 ? "0 nodes heard" : "1 node heard");
  voice.stopping();
  voice.alive("2 nodes heard");
  assert.deepEqual(said, [
    "WATCHDOG=1",
    "READY=1\nSTATUS=0 nodes heard",
    "WATCHDOG=1",
    "STATUS=1 node heard",
    "WATCHDOG=1",
    "WATCHDOG=1",
    "WATCHDOG=1",
    "STOPPING=1\nSTATUS=stopping",
  ]);
});
