import assert from "node:assert/strict";
import { test } from "node:test";
import { createRtt, learnRtt, relearnRtt, softTimeoutUs } from "../../../src/detect/rtt.ts";

const HARD_US = 2_000_000;

test("before the first reply a probe is overdue after a second (RFC 6298 rule 2.1), and never after its hard timeout", () => {
  assert.equal(softTimeoutUs(createRtt(), HARD_US), 1_000_000);
  assert.equal(softTimeoutUs(createRtt(), 300_000), 300_000);
});

test("the first reply sets SRTT and half of it as the variation (rule 2.2)", () => {
  const rtt = createRtt();
  learnRtt(rtt, 40_000);
  assert.deepEqual(rtt, { srttUs: 40_000, varianceUs: 20_000 });
  assert.equal(softTimeoutUs(rtt, HARD_US), 120_000);
});

test("later replies move it by 1/8 and 1/4, the variation first (rule 2.3)", () => {
  const rtt = { srttUs: 40_000, varianceUs: 20_000 };
  learnRtt(rtt, 48_000);
  assert.deepEqual(rtt, { srttUs: 41_000, varianceUs: 17_000 });
});

test("a steady path has 10 ms of patience above its RTT, however short that is", () => {
  for (const us of [50, 5_000, 200_000]) {
    const rtt = createRtt();
    for (let n = 0; n < 200; n++) learnRtt(rtt, us);
    assert.ok(Math.abs(softTimeoutUs(rtt, HARD_US) - us - 10_000) < 50, `${us} µs`);
  }
});

test("a wild path is patient for a second above its RTT at most", () => {
  const rtt = { srttUs: 100_000, varianceUs: 900_000 };
  assert.equal(softTimeoutUs(rtt, 60_000_000), 1_100_000);
});

test("relearning forgets what was and starts from this reply", () => {
  const rtt = { srttUs: 5_000, varianceUs: 10 };
  relearnRtt(rtt, 80_000);
  assert.deepEqual(rtt, { srttUs: 80_000, varianceUs: 40_000 });
});
