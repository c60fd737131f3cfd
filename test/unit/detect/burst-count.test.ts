import assert from "node:assert/strict";
import { test } from "node:test";
import { BurstCounter } from "../../../src/detect/burst-count.ts";
import { OUTCOME, packSample, type OutcomeCode } from "../../../src/detect/sample.ts";

const CODES: Readonly<Record<string, OutcomeCode>> = {
  ".": OUTCOME.reply,
  o: OUTCOME.slow,
  l: OUTCOME.late,
  x: OUTCOME.lost,
  "-": OUTCOME.blind,
  "!": OUTCOME.sendFailed,
  _: OUTCOME.skipped,
  "?": OUTCOME.pending,
  " ": OUTCOME.none,
};

/** Slots from 0, flows in turn. */
function recorder(strip: string): { sampleAt: (slot: number) => number; set: (slot: number, character: string) => void } {
  const samples = [...strip].map((character, slot) => packSample(CODES[character] as OutcomeCode, 0, slot % 4));
  return {
    sampleAt: (slot) => samples[slot] ?? 0,
    set: (slot, character) => void (samples[slot] = packSample(CODES[character] as OutcomeCode, 0, slot % 4)),
  };
}

test("each outcome is counted as what it is; what was not sent is not sent", () => {
  const counts = new BurstCounter(0).count(recorder(".oolx-!!_? ").sampleAt, { endSlot: 11, finalBefore: 11 });
  const { sent, lost, late, slow, pending, sendFailed, blind } = counts;
  assert.deepEqual(
    { sent, lost, late, slow, pending, sendFailed, blind },
    { sent: 7, lost: 1, late: 1, slow: 2, pending: 1, sendFailed: 2, blind: 1 },
  );
});

test("only the slots from its start to the end are counted", () => {
  const counts = new BurstCounter(3).count(recorder("xxx.x.xxx").sampleAt, { endSlot: 6, finalBefore: 0 });
  assert.deepEqual([counts.sent, counts.lost], [3, 1]);
});

test("a late reply re-labels the loss until its slot is final, and nothing does after", () => {
  const counter = new BurstCounter(0);
  const { sampleAt, set } = recorder("xxxx");
  assert.deepEqual(
    [counter.count(sampleAt, { endSlot: 4, finalBefore: 0 }).lost, counter.count(sampleAt, { endSlot: 4, finalBefore: 0 }).lost],
    [4, 4],
  );
  set(1, "l");
  const undecided = counter.count(sampleAt, { endSlot: 4, finalBefore: 1 });
  assert.deepEqual([undecided.lost, undecided.lostForGood, undecided.late], [3, 1, 1]);
  const final = counter.count(sampleAt, { endSlot: 4, finalBefore: 4 });
  assert.deepEqual([final.lost, final.lostForGood, final.late], [3, 3, 1]);
  set(3, "l");
  assert.equal(counter.count(sampleAt, { endSlot: 4, finalBefore: 4 }).lost, 3);
});

test("folding in any number of steps counts the same as once", () => {
  const { sampleAt } = recorder("x.xx!xxl-x_xxxx.o.x?");
  const once = new BurstCounter(0).count(sampleAt, { endSlot: 20, finalBefore: 20 });
  const counter = new BurstCounter(0);
  for (let final = 0; final < 20; final++) counter.count(sampleAt, { endSlot: 20, finalBefore: final });
  assert.deepEqual(counter.count(sampleAt, { endSlot: 20, finalBefore: 20 }), once);
  assert.equal(once.lost + once.late + once.blind + 4, once.sent - 1, "four were answered, one is pending");
});

test("the longest run goes over what says nothing (blind, refused, skipped, not yet judged) and ends at an answer", () => {
  const longest = (strip: string): number =>
    new BurstCounter(0).count(recorder(strip).sampleAt, { endSlot: strip.length, finalBefore: 0 }).longestRun;
  assert.deepEqual(["xxx.xx", "xx-xx", "xx!x_x?x", "xxlx", "xxox", "....", "x"].map(longest), [3, 4, 5, 2, 2, 0, 1]);
});

test("flows are counted apart and add up", () => {
  const { sent, lost, flowSent, flowLost } = new BurstCounter(0).count(recorder("x...x...x..xx").sampleAt, { endSlot: 13, finalBefore: 5 });
  assert.deepEqual(
    [flowSent, flowLost],
    [
      [4, 3, 3, 3],
      [4, 0, 0, 1],
    ],
  );
  assert.deepEqual(
    [flowSent, flowLost].map((flows) => flows.reduce((sum, one) => sum + one, 0)),
    [sent, lost],
  );
});
