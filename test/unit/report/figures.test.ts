import assert from "node:assert/strict";
import { test } from "node:test";
import { localClock, localTime, offsetText, utcTime } from "../../../src/report/clock.ts";
import { count, duration, lossText, percent, plural } from "../../../src/report/figures.ts";

test("durations are short and rounded to what matters", () => {
  const texts = [0, 850, 999.4, 9200, 9000, 59_940, 59_960, 63_000, 120_000, 7_500_000, 86_399_000, 273_600_000, 2_592_000_000].map((ms) =>
    duration(ms),
  );
  assert.deepEqual(texts, [
    "0 ms",
    "850 ms",
    "999 ms",
    "9.2 s",
    "9 s",
    "59.9 s",
    "1 min",
    "1 min 03 s",
    "2 min",
    "2 h 05 min",
    "1 d",
    "3 d 4 h",
    "30 d",
  ]);
});

test("percentages round once, and nothing judged is not 0 %", () => {
  assert.equal(percent(41, 36_000, 2), 0.11);
  assert.equal(percent(45, 123, 1), 36.6);
  assert.equal(percent(0, 0, 1), null);
  assert.equal(lossText(1, 1_000_000), "<0.01 %");
  assert.equal(lossText(0, 10), "0 %");
  assert.equal(lossText(0, 0), "-");
});

test("counts have thousands, words have plurals", () => {
  assert.deepEqual([count(7), count(1234), count(622_070_400)], ["7", "1,234", "622,070,400"]);
  assert.deepEqual([plural(1, "incident"), plural(0, "incident")], ["1 incident", "0 incidents"]);
});

test("local times carry the offset of their own instant", () => {
  const ms = Date.UTC(2026, 10, 19, 20, 12, 3, 120);
  assert.equal(
    localTime(ms, () => 480),
    "2026-11-20 04:12:03.120",
  );
  assert.equal(
    localClock(ms, () => -210),
    "16:42:03.120",
  );
  assert.equal(utcTime(ms), "2026-11-19 20:12:03.120");
  assert.deepEqual([offsetText(ms, () => 480), offsetText(ms, () => -210), offsetText(ms, () => 0)], ["+08:00", "-03:30", "+00:00"]);
});
