import assert from "node:assert/strict";
import { test } from "node:test";
import { CUSUM_ALARM, CUSUM_BAD, DENSE_SHARE, Detector, type DetectorChange } from "../../src/detect/detector.ts";
import { randomFor, type Random } from "./random.ts";

/** The rules written down as they are said: keeps everything and counts afresh each time. */
class NaiveDetector {
  readonly #window: number;
  readonly #lost: number;
  readonly #clear: number;
  #judged: { slot: number; bad: boolean }[] = [];
  #cusum = 0;
  #cusumFrom = 0;
  #inBurst = false;
  #openedAt = 0;
  #goodRun = 0;
  #run = 0;

  constructor(window: number, lost: number, clear: number) {
    [this.#window, this.#lost, this.#clear] = [window, lost, clear];
  }

  judge(slot: number, bad: boolean): string {
    if (bad && this.#cusum === 0) this.#cusumFrom = this.#judged.length;
    this.#judged.push({ slot, bad });
    this.#cusum = bad ? Math.min(CUSUM_ALARM, this.#cusum + CUSUM_BAD) : Math.max(0, this.#cusum - 1);
    this.#run = bad ? this.#run + 1 : 0;
    if (this.#inBurst) return this.#end(bad);
    if (!bad) return "";
    const from = Math.max(0, this.#judged.length - this.#window);
    const inWindow = this.#judged.slice(from).filter((one) => one.bad);
    const byWindow = inWindow.length >= this.#lost;
    if (!byWindow && this.#cusum < CUSUM_ALARM) return this.#run === 2 ? `suspect ${slot}` : "";
    const first = this.#judged.indexOf(inWindow[0] as { slot: number; bad: boolean });
    this.#openedAt = byWindow ? first : Math.min(first, this.#cusumFrom);
    this.#inBurst = true;
    this.#goodRun = 0;
    return `open ${byWindow ? "window" : "cusum"} ${this.#judged[this.#openedAt]?.slot}`;
  }

  forget(): void {
    this.#run = 0;
    this.#goodRun = 0;
    if (this.#inBurst) return;
    this.#judged = [];
    this.#cusum = 0;
  }

  #end(bad: boolean): string {
    this.#goodRun = bad ? 0 : this.#goodRun + 1;
    if (this.#goodRun < this.#clear) return "";
    const inside = this.#judged.slice(this.#openedAt, this.#judged.findLastIndex((one) => one.bad) + 1);
    const dense = inside.filter((one) => one.bad).length >= DENSE_SHARE * inside.length;
    if (!dense && this.#cusum > 0) return "";
    const end = this.#judged[this.#judged.findLastIndex((one) => one.bad) + 1]?.slot;
    this.#judged = [];
    this.#cusum = 0;
    this.#inBurst = false;
    this.#run = 0;
    return `end ${end}`;
  }
}

function words(change: DetectorChange | null): string {
  if (change === null) return "";
  if (change.kind === "suspect") return `suspect ${change.slot}`;
  return change.kind === "burst-opened" ? `open ${change.rule} ${change.startSlot}` : `end ${change.endSlot}`;
}

/** Loss comes and goes, at every rate. */
function play(random: Random, options: { readonly window: number; readonly lost: number; readonly clear: number }): number {
  const detector = new Detector(options);
  const naive = new NaiveDetector(options.window, options.lost, options.clear);
  let rate = 0;
  let changes = 0;
  for (let slot = 0; slot < 3_000; slot++) {
    if (random.chance(0.005)) rate = [0, 0, 0.02, 0.05, 0.1, 0.3, 0.6, 1][random.below(8)] as number;
    if (random.chance(0.002)) {
      detector.forget();
      naive.forget();
    }
    if (random.chance(0.02)) continue;
    const bad = random.chance(rate);
    const said = words(bad ? detector.bad(slot, slot * 7) : detector.good(slot, slot * 7));
    assert.equal(said, naive.judge(slot, bad), `slot ${slot}`);
    if (said !== "") changes++;
  }
  return changes;
}

test("the ring of the window says what a model says that keeps everything", (t) => {
  const random = randomFor(t);
  let changes = 0;
  for (let run = 0; run < 100; run++) {
    const window = 5 + random.below(40);
    changes += play(random, { window, lost: 1 + random.below(window), clear: 1 + random.below(40) });
    changes += play(random, { window: 20, lost: 5, clear: 20 });
  }
  assert.ok(changes > 2_000, `only ${changes} changes`);
});
