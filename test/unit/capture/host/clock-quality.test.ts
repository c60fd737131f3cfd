import assert from "node:assert/strict";
import { test } from "node:test";
import { clockQuality } from "../../../../src/capture/host/clock-quality.ts";

/** As chrony 4.3 prints it. */
const TRACKING =
  "C0A80101,192.168.1.1,3,1795290000.123456789,-0.000212345,-0.000001234,0.000023456,12.345,0.001,0.050,0.012000000,0.001500000,64.5,Normal\n";

test("chrony tells its offset, and the error is bounded by offset, dispersion and half of the delay", () => {
  assert.deepEqual(clockQuality({ chrony: TRACKING, timesyncd: null }), { source: "chrony", offsetMs: -0.212, maxErrorMs: 7.712 });
});

test("a chrony that is not synchronised is said to be, and what it prints otherwise is not believed", () => {
  const unsynchronised = TRACKING.replace("Normal", "Not synchronised");
  assert.deepEqual(clockQuality({ chrony: unsynchronised, timesyncd: null }), {
    source: "chrony, not synchronised",
    offsetMs: null,
    maxErrorMs: null,
  });
  for (const odd of ["", "506 Cannot talk to daemon\n", TRACKING.replace("0.012000000", "x"), TRACKING.replace("0.012000000", ""), "1,2,3"])
    assert.equal(clockQuality({ chrony: odd, timesyncd: null }), null, odd);
});

test("of timesyncd only that it has synchronised is known; without either nothing is", () => {
  assert.deepEqual(clockQuality({ chrony: null, timesyncd: "" }), { source: "systemd-timesyncd", offsetMs: null, maxErrorMs: null });
  assert.equal(clockQuality({ chrony: null, timesyncd: null }), null);
  assert.equal(clockQuality({ chrony: TRACKING, timesyncd: "" })?.source, "chrony");
});
