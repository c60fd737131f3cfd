/** A peer that sends ten requests a second, some of which are lost, and somebody who sends in its name now and then. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HeardWindow, WINDOW } from "../../src/detect/heard-window.ts";
import { RequestLine, type Belief } from "../../src/detect/request-line.ts";
import { randomFor } from "./random.ts";

const INTERVAL_US = 100_000;
const HOUR_US = 3_600_000_000;

/** What is heard of a peer, as src/wire/hearing/hearing.ts keeps it. */
class Heard {
  readonly #line = new RequestLine();
  #window = new HeardWindow();
  epoch = 1;
  #atUs = 0;
  expected = 0;
  received = 0;
  others = 0;

  take(epoch: number, number: number, atUs: number): Belief {
    const belief =
      this.#window.newest < 0
        ? "other"
        : this.#line.believe({ epoch: this.epoch, number: this.#window.newest, atUs: this.#atUs, intervalUs: INTERVAL_US }, { epoch, number, atUs });
    if (belief === "doubted") return belief;
    if (belief === "other") {
      this.#window = new HeardWindow();
      this.epoch = epoch;
      this.others++;
    }
    const heard = this.#window.hear(number);
    if (heard.kind === "duplicate" || heard.kind === "old") return belief;
    this.received++;
    if (heard.kind === "gap") return belief;
    this.expected += 1 + (heard.kind === "newer" ? heard.missed : 0);
    this.#atUs = atUs;
    return belief;
  }

  get missing(): number {
    return this.expected - this.received;
  }
}

test("one forged request now and then, with any number and boot, changes nothing of what is counted of a peer that is heard", (t) => {
  const random = randomFor(t);
  for (let run = 0; run < 100; run++) {
    const [honest, forged] = [new Heard(), new Heard()];
    let number = random.below(1_000_000);
    let forgeries = 0;
    for (let slot = 0; slot < 600; slot++, number++) {
      const atUs = slot * INTERVAL_US;
      if (!random.chance(0.2)) {
        honest.take(1, number, atUs);
        forged.take(1, number, atUs);
      }
      if (forged.received === 0 || !random.chance(0.1)) continue;
      // Near enough to be no other line, and never one that follows from another or whose number is to come.
      const anywhere = random.chance(0.5) ? random.below(2 ** 32) : number + ++forgeries * 20 * WINDOW;
      forged.take(random.chance(0.5) ? 1 : random.below(2 ** 32), anywhere, atUs + random.below(INTERVAL_US));
    }
    assert.deepEqual([forged.expected, forged.received, forged.others], [honest.expected, honest.received, 1]);
  }
});

test("of a forged number that is near, what it skipped is found when it comes; a little further on it is not believed", () => {
  for (let ahead = -200; ahead <= 400; ahead++) {
    // Half an interval after the last one, a jump of so much more than the window could be real.
    if (ahead >= WINDOW && ahead < WINDOW + 2) continue;
    const heard = new Heard();
    for (let number = 0; number < 250; number++) heard.take(1, number, number * INTERVAL_US);
    assert.equal(heard.take(1, 249 + ahead, 249.5 * INTERVAL_US), Math.abs(ahead) < WINDOW ? "same" : "doubted", `${ahead} ahead`);
    for (let number = 250; number < 650; number++) heard.take(1, number, number * INTERVAL_US);
    assert.deepEqual([heard.expected, heard.missing, heard.others], [650, 0, 1], `${ahead} ahead`);
  }
});

test("a peer that started anew is believed with its third request, however long that took and whatever its numbers", (t) => {
  const random = randomFor(t);
  for (let run = 0; run < 200; run++) {
    const heard = new Heard();
    for (let slot = 0; slot < 50; slot++) heard.take(1, slot, slot * INTERVAL_US);
    const startUs = 50 * INTERVAL_US + random.below(2_000_000);
    const from = random.below(3);
    const beliefs = Array.from({ length: 6 }, (_, slot) => heard.take(2, from + slot, startUs + slot * INTERVAL_US));
    const at = beliefs.indexOf("other");
    assert.ok(at >= 2 && at <= 4, beliefs.join());
    assert.deepEqual(
      beliefs.slice(at + 1),
      Array.from({ length: 5 - at }, () => "same"),
    );
    assert.equal(heard.missing, 0);
  }
});

test("a peer that could not be heard for an hour is believed at once, and what is missing is counted", () => {
  const heard = new Heard();
  for (let slot = 0; slot < 50; slot++) heard.take(1, slot, slot * INTERVAL_US);
  assert.equal(heard.take(1, 50 + 36_000, 50 * INTERVAL_US + HOUR_US), "same");
  assert.equal(heard.missing, 36_000);
});

test("whoever was believed falsely first loses the peer's place within half a second", (t) => {
  const random = randomFor(t);
  for (let run = 0; run < 100; run++) {
    const heard = new Heard();
    heard.take(random.below(2), random.below(2 ** 32), 0);
    const beliefs = Array.from({ length: 10 }, (_, slot) => heard.take(1, 1_000 + slot, 50_000 + slot * INTERVAL_US));
    assert.ok(beliefs.indexOf("other") <= 4, beliefs.join());
    assert.deepEqual([heard.epoch, beliefs.at(-1), heard.missing], [1, "same", 0]);
  }
});

test("a few in a row do not take the place of a peer that is heard between them; twenty do, where the line is silent for no longer than usual", () => {
  const heard = new Heard();
  for (let slot = 0; slot < 50; slot++) {
    heard.take(1, slot, slot * INTERVAL_US);
    for (let forged = 0; forged < 5; forged++) assert.equal(heard.take(7, slot * 5 + forged, (slot + forged / 10) * INTERVAL_US), "doubted");
  }
  const beliefs = Array.from({ length: 21 }, (_, forged) => heard.take(9, forged, 50 * INTERVAL_US + forged * 1_000));
  assert.deepEqual([beliefs.indexOf("other"), beliefs.at(-1)], [19, "same"]);
});
