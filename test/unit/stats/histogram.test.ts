import assert from "node:assert/strict";
import { test } from "node:test";
import { Histogram, histogramBin, histogramBinUs } from "../../../src/stats/histogram.ts";

test("a bin stands for every RTT in it within 1 %", () => {
  for (let us = 10; us < 20_000_000; us *= 1.0037) {
    const error = Math.abs(histogramBinUs(histogramBin(us)) - us) / us;
    assert.ok(error <= 0.0101, `${us} µs is off by ${error}`);
  }
});

test("what is below the smallest or above the largest bin is counted at the end of the scale", () => {
  assert.equal(histogramBin(0), 0);
  assert.equal(histogramBin(NaN), 0);
  assert.equal(histogramBin(10), 0);
  assert.equal(histogramBin(Infinity), histogramBin(1e12));
  assert.ok(histogramBin(0xff_ffff) < histogramBin(1e12), "the longest RTT of a sample has a bin of its own");
});

test("quantiles are those of the values, within 1 %", () => {
  const histogram = new Histogram();
  for (let i = 1; i <= 10_000; i++) histogram.add(i * 10);
  for (const q of [0.01, 0.5, 0.95, 0.99, 1]) {
    const us = histogram.quantileUs(q) ?? 0;
    assert.ok(Math.abs(us - q * 100_000) / (q * 100_000) < 0.011, `${q}: ${us}`);
  }
  assert.equal(new Histogram().quantileUs(0.5), null);
});

test("merging encoded parts equals adding all values to one, byte for byte", () => {
  const whole = new Histogram();
  const merged = new Histogram();
  const part = new Histogram();
  let state = 7;
  for (let p = 0; p < 50; p++) {
    part.clear();
    for (let i = 0; i < 200; i++) {
      state = (state * 48271) % 2147483647;
      const us = 10 ** (1 + (state / 2147483647) * 6);
      part.add(us);
      whole.add(us);
    }
    assert.equal(merged.mergeEncoded(part.encode()), true);
  }
  assert.deepEqual(merged.encode(), whole.encode());
  assert.equal(merged.total, 10_000);
});

test("an empty histogram takes no bytes, a hundred close RTTs a few", () => {
  const histogram = new Histogram();
  assert.equal(histogram.encode().length, 0);
  for (let i = 0; i < 100; i++) histogram.add(2000 + (i % 10) * 30);
  assert.ok(histogram.encode().length <= 20, `${histogram.encode().length} bytes`);
  histogram.clear();
  assert.equal(histogram.encode().length, 0);
});

test("counts beyond 2^28 survive the encoding", () => {
  const big = new Histogram();
  big.add(500);
  for (let i = 0; i < 29; i++) big.mergeEncoded(big.encode());
  const copy = new Histogram();
  copy.mergeEncoded(big.encode());
  assert.equal(copy.total, 2 ** 29);
});

test("bytes that are no histogram never throw and say so", () => {
  const histogram = new Histogram();
  assert.equal(histogram.mergeEncoded(Uint8Array.of(5)), false);
  assert.equal(histogram.mergeEncoded(Uint8Array.of(0xff, 0xff, 0xff, 0x7f, 1)), false);
  assert.equal(histogram.mergeEncoded(new Uint8Array(40).fill(0xff)), false);
  assert.equal(histogram.mergeEncoded(Uint8Array.of(0, 1)), false);
  let state = 99;
  for (let round = 0; round < 2000; round++) {
    const bytes = Uint8Array.from({ length: round % 30 }, () => (state = (state * 48271) % 2147483647) & 255);
    histogram.mergeEncoded(bytes);
  }
});
