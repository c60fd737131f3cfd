import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as nextRound } from "node:timers/promises";
import { Lull } from "../../../../src/collector/http/lull.ts";

describe("the lull that bulk waits for", () => {
  test("comes at once when nobody is at the door", async () => {
    const lull = new Lull(() => 0);
    let rounds = 0;
    let isOver = false;
    const counted = (async () => {
      for (; !isOver; rounds++) await nextRound();
    })();
    await lull.wait();
    isOver = true;
    await counted;
    assert.ok(rounds <= 4, `${rounds} rounds of the event loop`);
  });

  test("does not come while connections arrive in every round, and comes when they end", async () => {
    const lull = new Lull(() => 0);
    let isOver = false;
    const waited = lull.wait().then(() => (isOver = true));
    for (let round = 0; round < 10; round++) {
      lull.arrived();
      await nextRound();
      assert.equal(isOver, false, `over in round ${round}`);
    }
    await waited;
  });

  test("comes after a while however many arrive, one caller after the other", async () => {
    let nowMs = 0;
    const lull = new Lull(() => nowMs);
    const order: number[] = [];
    const waited = [1, 2, 3].map((caller) => lull.wait().then(() => order.push(caller)));
    for (; order.length < 3; nowMs += 10) {
      assert.ok(nowMs < 1_000, `${order.length} of 3 after ${nowMs} ms`);
      lull.arrived();
      await nextRound();
    }
    await Promise.all(waited);
    assert.deepEqual(order, [1, 2, 3]);
  });
});
