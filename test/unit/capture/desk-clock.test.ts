import assert from "node:assert/strict";
import { test } from "node:test";
import { DeskClock } from "../../../src/capture/desk-clock.ts";

test("the clock ticks while there is something to do, sleeps when there is not, and is woken again", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let left = 0;
  let ticks = 0;
  const clock = new DeskClock({
    get isIdle(): boolean {
      return left === 0;
    },
    tick: () => {
      ticks++;
      left--;
    },
  });
  clock.wake();
  t.mock.timers.tick(1_000);
  assert.equal(ticks, 0);
  for (const total of [3, 6]) {
    left = 3;
    clock.wake();
    clock.wake();
    t.mock.timers.tick(1_000);
    assert.equal(ticks, total);
  }
  left = 3;
  clock.wake();
  clock.stop();
  t.mock.timers.tick(1_000);
  assert.equal(ticks, 6);
});
