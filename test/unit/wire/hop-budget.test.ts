import assert from "node:assert/strict";
import { test } from "node:test";
import { HopBudget } from "../../../src/wire/hop-budget.ts";

const S = 1_000_000;

/** How many tokens can be taken at this moment. */
function takeAll(budget: HopBudget, use: "urgent" | "baseline", nowUs: number, hop = "10.0.0.1"): number {
  let taken = 0;
  while (budget.take(hop, { use, nowUs })) taken++;
  return taken;
}

test("three at once for incidents and three for baselines: together never the six that a stock router answers", () => {
  const budget = new HopBudget();
  assert.equal(takeAll(budget, "urgent", 0), 3);
  assert.equal(takeAll(budget, "baseline", 0), 3);
  assert.equal(takeAll(budget, "urgent", 0), 0);
});

test("incidents get one a second back and baselines one in five, never more than three", () => {
  const budget = new HopBudget();
  takeAll(budget, "urgent", 0);
  takeAll(budget, "baseline", 0);
  assert.deepEqual([takeAll(budget, "urgent", 0.9 * S), takeAll(budget, "urgent", 1.0 * S), takeAll(budget, "urgent", 3.0 * S)], [0, 1, 2]);
  assert.deepEqual([takeAll(budget, "baseline", 4.9 * S), takeAll(budget, "baseline", 5.1 * S)], [0, 1]);
  assert.deepEqual([takeAll(budget, "urgent", 3_600 * S), takeAll(budget, "baseline", 3_600 * S)], [3, 3]);
});

test("in any ten minutes of asking as often as it may, a router gets no more than its tokens", () => {
  const budget = new HopBudget();
  let asked = 0;
  for (let ms = 0; ms < 600_000; ms += 10) asked += takeAll(budget, "urgent", ms * 1_000) + takeAll(budget, "baseline", ms * 1_000);
  assert.ok(asked >= 720 && asked <= 726, `${asked}`);
});

test("hops have tokens of their own, and asking whether there is one takes none", () => {
  const budget = new HopBudget();
  takeAll(budget, "urgent", 0, "a");
  for (let n = 0; n < 10; n++) assert.equal(budget.available("b", { use: "urgent", nowUs: 0 }), true);
  assert.equal(takeAll(budget, "urgent", 0, "b"), 3);
});

test("a hop that a running mtr asks is left alone by baselines, gets no new tokens, and both come back when the last mtr is gone", () => {
  const budget = new HopBudget();
  budget.reserve(["a", "b"], 0);
  budget.reserve(["a"], 0);
  assert.equal(takeAll(budget, "baseline", 0, "a"), 0);
  assert.equal(takeAll(budget, "urgent", 0, "a"), 3);
  assert.equal(takeAll(budget, "urgent", 100 * S, "a"), 0);
  budget.release(["a", "b"], 100 * S);
  assert.equal(takeAll(budget, "baseline", 100 * S, "a"), 0);
  budget.release(["a"], 100 * S);
  assert.equal(takeAll(budget, "urgent", 102 * S, "a"), 2);
  assert.equal(takeAll(budget, "baseline", 102 * S, "a"), 3);
  budget.release(["never reserved"], 102 * S);
});

test("a bucket that stands for several routers holds and gets back as many times what one does", () => {
  const budget = new HopBudget();
  const ask = (nowUs: number): number => {
    let taken = 0;
    while (budget.take("ttl 3", { use: "baseline", nowUs, routers: 4 })) taken++;
    return taken;
  };
  assert.deepEqual([ask(0), ask(5 * S), ask(3_600 * S)], [12, 4, 12]);
});

test("hops lent to a trace of ours: baselines have nothing, incidents have their three again, and neither gets more until it is over", () => {
  const budget = new HopBudget();
  takeAll(budget, "urgent", 0);
  takeAll(budget, "urgent", 0, "b");
  takeAll(budget, "baseline", 0, "b");
  budget.lend(["10.0.0.1", "b"], 0);
  assert.deepEqual([takeAll(budget, "baseline", 60 * S), takeAll(budget, "urgent", 60 * S), takeAll(budget, "urgent", 60 * S, "b")], [0, 3, 0]);
  budget.release(["10.0.0.1", "b"], 60 * S);
  assert.deepEqual([takeAll(budget, "baseline", 65.1 * S), takeAll(budget, "urgent", 65.1 * S)], [1, 3]);
});

test("a clock that stands still or a flood of hops breaks nothing: memory is bounded, and a full bucket is what is forgotten", () => {
  const budget = new HopBudget();
  for (let hop = 0; hop < 60_000; hop++) assert.equal(budget.take(`h${hop}`, { use: "urgent", nowUs: hop * 1_000 }), true);
});
