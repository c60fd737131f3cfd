import assert from "node:assert/strict";
import { test } from "node:test";
import { HopBudget } from "../../../src/wire/sweeps/hop-budget.ts";

const S = 1_000_000;

/** How many tokens can be taken at this moment. */
function takeAll(budget: HopBudget, use: "urgent" | "baseline", nowUs: number, hop = "10.0.0.1"): number {
  let taken = 0;
  while (budget.take(hop, { use, nowUs })) taken++;
  return taken;
}

test("three at once for incidents and three for baselines: together never the six that a stock router answers", () => {
  const budget = new HopBudget();
  assert.equal(takeAll(budget, "baseline", 0), 3);
  assert.equal(takeAll(budget, "urgent", 0), 3);
  assert.equal(takeAll(budget, "baseline", 0), 0);
});

test("incidents get one a second back and baselines one in five, never more than three", () => {
  const budget = new HopBudget();
  takeAll(budget, "urgent", 0);
  assert.deepEqual([takeAll(budget, "urgent", 0.9 * S), takeAll(budget, "urgent", 1.0 * S), takeAll(budget, "urgent", 2.9 * S)], [0, 1, 1]);
  const slow = new HopBudget();
  takeAll(slow, "baseline", 0);
  assert.deepEqual([takeAll(slow, "baseline", 4.9 * S), takeAll(slow, "baseline", 5.1 * S)], [0, 1]);
  assert.deepEqual([takeAll(budget, "baseline", 3_600 * S), takeAll(budget, "urgent", 3_600 * S)], [3, 3]);
});

test("in any ten minutes of asking as often as it may, a router gets no more than the six and one a second that it answers", () => {
  const budget = new HopBudget();
  let asked = 0;
  for (let ms = 0; ms < 600_000; ms += 10) asked += takeAll(budget, "baseline", ms * 1_000) + takeAll(budget, "urgent", ms * 1_000);
  assert.ok(asked >= 600 && asked <= 606, `${asked}`);
});

test("a burst that begins two seconds after the last one has three of its own, as far as the router has them", () => {
  const budget = new HopBudget();
  assert.equal(takeAll(budget, "urgent", 0), 3);
  budget.reserve(["10.0.0.1"], 0);
  assert.equal(takeAll(budget, "urgent", 1.9 * S), 0);
  // Six, less three and the first packet of the mtr, which takes what comes back.
  assert.equal(takeAll(budget, "urgent", 2.0 * S), 2);
  assert.equal(takeAll(budget, "urgent", 60 * S), 0);
  budget.release(["10.0.0.1"], 60 * S);
  assert.equal(takeAll(budget, "urgent", 63.1 * S), 3);
});

test("a baseline leaves three for an incident", () => {
  const budget = new HopBudget();
  takeAll(budget, "urgent", 0);
  assert.equal(takeAll(budget, "baseline", 0), 0);
  assert.equal(takeAll(budget, "baseline", 1.1 * S), 1);
});

test("hops have tokens of their own, and asking whether there is one takes none", () => {
  const budget = new HopBudget();
  takeAll(budget, "urgent", 0, "a");
  for (let n = 0; n < 10; n++) assert.equal(budget.available("b", { use: "urgent", nowUs: 0 }), true);
  assert.equal(takeAll(budget, "urgent", 0, "b"), 3);
});

test("a hop that a running mtr asks is left alone by baselines, gets nothing back, and both come back when the last mtr is gone", () => {
  const budget = new HopBudget();
  budget.reserve(["a", "b"], 0);
  budget.reserve(["a"], 0);
  assert.equal(takeAll(budget, "baseline", 0, "a"), 0);
  assert.equal(takeAll(budget, "urgent", 0, "a"), 3);
  assert.deepEqual([takeAll(budget, "urgent", 100 * S, "a"), takeAll(budget, "urgent", 200 * S, "a")], [1, 0]);
  budget.release(["a", "b"], 200 * S);
  assert.equal(takeAll(budget, "baseline", 200 * S, "a"), 0);
  budget.release(["a"], 200 * S);
  assert.equal(takeAll(budget, "urgent", 202 * S, "a"), 2);
  assert.equal(takeAll(budget, "baseline", 208 * S, "a"), 3);
  budget.release(["never reserved"], 208 * S);
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

test("a clock that stands still or a flood of hops breaks nothing: memory is bounded, and a full bucket is what is forgotten", () => {
  const budget = new HopBudget();
  for (let hop = 0; hop < 60_000; hop++) assert.equal(budget.take(`h${hop}`, { use: "urgent", nowUs: hop * 1_000 }), true);
});
