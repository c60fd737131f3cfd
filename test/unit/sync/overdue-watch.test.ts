import assert from "node:assert/strict";
import { test } from "node:test";
import { OverdueWatch, PAUSE_MS } from "../../../src/sync/overdue-watch.ts";

test("a peer that was fine for a minute and turns overdue while something is sent is a reason to pause", () => {
  const watch = new OverdueWatch();
  assert.equal(watch.note(["a"], { nowMs: 100_000, lastWrittenMs: 99_900 }), "a");
});

test("without a delivery nobody is a reason, and whoever was overdue then is none for a minute", () => {
  const watch = new OverdueWatch();
  assert.equal(watch.note(["a"], { nowMs: 100_000, lastWrittenMs: 90_000 }), null);
  assert.equal(watch.note(["a"], { nowMs: 130_000, lastWrittenMs: 130_000 }), null);
  assert.equal(watch.note(["a", "b"], { nowMs: 131_000, lastWrittenMs: 131_000 }), "b");
  assert.equal(watch.note(["a"], { nowMs: 161_000, lastWrittenMs: 161_000 }), "a");
});

test("a link that deliveries hurt pauses them again and again; one that is lossy in the pause too does not", () => {
  const hurt = new OverdueWatch();
  const lossy = new OverdueWatch();
  const pauses = { hurt: 0, lossy: 0 };
  let hurtUntilMs = 0;
  let lossyUntilMs = 0;
  for (let nowMs = 100_000; nowMs < 160_000; nowMs += 100) {
    if (nowMs >= hurtUntilMs && hurt.note(["a"], { nowMs, lastWrittenMs: nowMs }) !== null) {
      pauses.hurt++;
      hurtUntilMs = nowMs + PAUSE_MS;
    }
    const lastWrittenMs = nowMs >= lossyUntilMs ? nowMs : lossyUntilMs - PAUSE_MS;
    if (lossy.note(["a"], { nowMs, lastWrittenMs }) !== null) {
      pauses.lossy++;
      lossyUntilMs = nowMs + PAUSE_MS;
    }
  }
  assert.deepEqual(pauses, { hurt: 5, lossy: 1 });
});
