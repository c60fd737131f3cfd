import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CUSUM_ALARM, CUSUM_BAD, Detector } from "../../../src/detect/detector.ts";
import { changes, OPTIONS } from "./timeline.ts";

type Case = readonly [title: string, timeline: string, expected: string];

function all(cases: readonly Case[]): void {
  for (const [title, timeline, expected] of cases) test(`${title}: ${timeline}`, () => assert.equal(changes(timeline), expected));
}

describe("the window", () => {
  all([
    ["opens at the fifth bad of 20 and starts at the first of them", "10. 5x", "suspect@11 open:window@10>14"],
    ["opens with gaps", "10. x...x...x...x...x", "open:window@10>26"],
    ["the first of the five must still be among the last 20", "10. x...x....x....x....x", "open:window@10>29"],
    ["the first of the five must not be older: no burst, the CUSUM has not heard enough", "10. x....x....x....x....x 30.", ""],
    ["four bad are not enough", "10. 4x 40.", "suspect@11"],
    ["works from the first probe on", "5x", "suspect@1 open:window@0>4"],
    ["blind probes do not count as anything", "10. xx--------------------------xxx", "suspect@11 open:window@10>40"],
  ]);
});

describe("the CUSUM", () => {
  all([
    [
      "finds one bad in eight, which the window never sees, and starts at the first that counted",
      "10. x.......x.......x.......x.......x.......x.......x.......x",
      "open:cusum@10>66",
    ],
    ["starts anew when it has been back at zero", "x 17. x.......x.......x.......x.......x.......x.......x.......x", "open:cusum@18>74"],
    ["one bad in 18 never opens", "x 17. x 17. x 17. x 17. x 17. x 17. x 17. x 17. x 17.", ""],
  ]);

  test("is capped at its alarm, so that a long burst does not take longer to end than a short one", () => {
    const quiet = CUSUM_ALARM;
    assert.equal(changes(`5x 95. x.x.x.x.x.x.x.x.x.x. 200x ${quiet}.`).split(" ").at(-1), `end@320>339`);
    assert.ok(CUSUM_BAD * 6 > CUSUM_ALARM);
  });
});

describe("the end of a burst", () => {
  all([
    ["dense (at least 40 % bad): 20 good in a row, and the end is the first of them", "10. 10x 30.", "suspect@11 open:window@10>14 end@20>39"],
    ["19 good are not enough", "10. 20x 19. x 30.", "suspect@11 open:window@10>14 end@50>69"],
    ["thin (less than 40 %): not before the CUSUM is back at zero", "10. x...x...x...x...x 100.", "open:window@10>26 end@27>99"],
    ["a gap of 30 good in thin loss does not end it", "10. x...x...x...x...x 30. x 100.", "open:window@10>26 end@58>117"],
    ["exactly 40 % is dense", "10. xx...xx...xx...x 30.", "suspect@11 suspect@16 open:window@10>20 end@26>45"],
    ["opens again after it, from nothing", "10. 5x 20. 5x 20.", "suspect@11 open:window@10>14 end@15>34 suspect@36 open:window@35>39 end@40>59"],
  ]);

  test("an answer that is judged late, out of order, does not move the end before the last bad probe", () => {
    const detector = new Detector(OPTIONS);
    for (let slot = 0; slot < 5; slot++) detector.bad(slot, slot);
    for (let slot = 6; slot < 16; slot++) assert.equal(detector.good(slot, slot), null);
    detector.bad(5, 5);
    let end = null;
    for (let slot = 16; end === null && slot < 200; slot++) end = detector.good(slot, slot);
    assert.deepEqual(end, { kind: "burst-ended", endSlot: 6, endUs: 6 });
  });

  test("good probes from before the last bad one, judged after it, are not its end", () => {
    const detector = new Detector(OPTIONS);
    for (const slot of [10, 11, 12, 13, 14]) detector.bad(slot, slot);
    let end = null;
    for (let slot = 0; slot < 10; slot++) assert.equal(detector.good(slot, slot), null);
    for (let slot = 15; end === null && slot < 60; slot++) end = detector.good(slot, slot);
    assert.deepEqual([end?.kind, (end as { endSlot?: number } | null)?.endSlot], ["burst-ended", 15]);
  });
});

describe("suspicion", () => {
  all([
    ["at the second bad in a row", "10. xx 10.", "suspect@11"],
    ["not at two with a good one between", "10. x.x 30.", ""],
    ["once in a run, again in the next", "10. xxx 17. xx 17.", "suspect@11 suspect@31"],
    ["not within a burst", "10. 5x . xx . xx", "suspect@11 open:window@10>14"],
    ["blind probes do not end a run", "10. x--x", "suspect@13"],
  ]);

  test("troubled from the first bad probe to the next good one, and for as long as a burst is open", () => {
    const detector = new Detector(OPTIONS);
    assert.equal(detector.troubled, false);
    detector.bad(0, 0);
    assert.equal(detector.troubled, true);
    detector.good(1, 1);
    assert.equal(detector.troubled, false);
    for (let slot = 2; slot < 7; slot++) detector.bad(slot, slot);
    detector.good(7, 7);
    assert.deepEqual([detector.troubled, detector.inBurst, detector.lastBadSlot], [true, true, 6]);
  });
});

describe("forgetting after a blind interval", () => {
  all([
    ["four before and four after open nothing", "10. 4x | 4x 30.", "suspect@11 suspect@15"],
    ["a CUSUM that was near its alarm starts at zero", "x.......x.......x.......x.......x.......x.......x | .......x 100.", ""],
    ["an open burst stays open", "10. 5x | 10. x 100.", "suspect@11 open:window@10>14 end@26>111"],
    ["20 good ones must come after it", "10. 10x 15. | 20.", "suspect@11 open:window@10>14 end@20>54"],
  ]);
});

test("other settings: 2 of 5, ended by 3", () => {
  assert.equal(changes("..x..x...", { window: 5, lost: 2, clear: 3 }), "open:window@2>5 end@6>8");
});
