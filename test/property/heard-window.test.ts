import assert from "node:assert/strict";
import { test } from "node:test";
import { HeardWindow, wasHeard, WINDOW } from "../../src/detect/heard-window.ts";
import { randomFor } from "./random.ts";

test("the window of heard numbers equals a naive set of them, with gaps, repeats and numbers out of order", (t) => {
  const random = randomFor(t);
  for (let run = 0; run < 200; run++) {
    const window = new HeardWindow();
    const heard = new Set<number>();
    let newest = -1;
    let number = random.below(1000);
    for (let step = 0; step < 300; step++) {
      number = Math.max(0, number + random.below(random.below(20) === 0 ? 200 : 6) - 2);
      const result = window.hear(number);
      const expected = newest < 0 ? "first" : number > newest ? "newer" : newest - number >= WINDOW ? "old" : heard.has(number) ? "duplicate" : "gap";
      assert.equal(result.kind, expected);
      if (result.kind === "newer") assert.equal(result.missed, number - newest - 1);
      if (expected === "old") continue;
      heard.add(number);
      newest = Math.max(newest, number);
      for (let back = 0; back < WINDOW; back++) assert.equal(wasHeard(window, back), heard.has(newest - back), `${newest} − ${back}`);
    }
  }
});
