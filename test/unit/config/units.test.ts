import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDuration, parseBitRate, parseDuration, parseRate, parseSize } from "../../../src/config/units.ts";

const ok = (value: number): object => ({ kind: "ok", value });

test("durations are read in every unit and in sums of them", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["0s", 0],
    ["100ms", 100],
    ["2s", 2000],
    ["1.5s", 1500],
    ["0.1s", 100],
    ["10m", 600_000],
    ["1h30m", 5_400_000],
    ["1d12h", 129_600_000],
    ["1d1h1m1s1ms", 90_061_001],
  ];
  for (const [text, ms] of cases) assert.deepEqual(parseDuration(text), ok(ms), text);
});

test("a duration without unit, with an unknown or repeated unit, or below a millisecond is refused with the reason", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["100", /no unit/],
    ["1.5", /no unit/],
    ["-1", /no unit/],
    ["", /not a duration/],
    ["5y", /not a duration/],
    ["1 h", /not a duration/],
    ["2h ago", /not a duration/],
    ["ms", /not a duration/],
    ["1m1h", /out of order or twice/],
    ["1h1h", /out of order or twice/],
    ["0.1ms", /whole number of milliseconds/],
    [`${"9".repeat(400)}d`, /too long|whole/],
  ];
  for (const [text, reason] of cases) {
    const quantity = parseDuration(text);
    assert.equal(quantity.kind, "bad", text);
    assert.match(quantity.kind === "bad" ? quantity.reason : "", reason, text);
  }
});

test("a duration that is written out is read back as the same", () => {
  for (const ms of [0, 1, 999, 1000, 60_000, 90_061_001, 129_600_000, 365 * 86_400_000]) assert.deepEqual(parseDuration(formatDuration(ms)), ok(ms));
  assert.equal(formatDuration(129_600_000), "1d12h");
});

test("sizes are decimal unless they say binary", () => {
  assert.deepEqual(parseSize("2GB"), ok(2e9));
  assert.deepEqual(parseSize("512MB"), ok(512e6));
  assert.deepEqual(parseSize("1.5GiB"), ok(1.5 * 2 ** 30));
  assert.deepEqual(parseSize("100 kb"), ok(100e3));
  assert.equal(parseSize("2G").kind, "bad");
  assert.equal(parseSize("ib").kind, "bad");
  assert.match(JSON.stringify(parseSize("2000")), /no unit/);
});

test("rates are per second and bit rates in bits", () => {
  assert.deepEqual(parseRate("2000/s"), ok(2000));
  assert.deepEqual(parseBitRate("1Mbit/s"), ok(1e6));
  assert.deepEqual(parseBitRate("500kbit/s"), ok(500e3));
  assert.equal(parseRate("2000/m").kind, "bad");
  assert.equal(parseBitRate("1MB/s").kind, "bad");
  assert.match(JSON.stringify(parseRate("2000")), /no unit/);
});
