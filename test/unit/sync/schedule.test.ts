import assert from "node:assert/strict";
import { test } from "node:test";
import { Places } from "../../../src/sync/places.ts";
import { backoffMs, retryAfterMs, urgentGapMs } from "../../../src/sync/schedule.ts";

const WALL_MS = Date.UTC(2026, 10, 21, 4, 12, 0);

test("attempts for a head start two to three seconds apart, wherever the dice fall", () => {
  assert.equal(
    urgentGapMs(() => 0),
    2_000,
  );
  assert.equal(urgentGapMs(() => 0.999999) < 3_000, true);
  assert.equal(
    urgentGapMs(() => 0.5),
    2_500,
  );
});

test("backing off goes from a second to five minutes with full jitter, and never on to nothing", () => {
  const longest = [1, 2, 3, 4, 8, 9, 10, 1000].map((failures) => backoffMs(failures, () => 0.999999999));
  assert.deepEqual(
    longest.map((ms) => Math.round(ms)),
    [1_000, 2_000, 4_000, 8_000, 128_000, 256_000, 300_000, 300_000],
  );
  assert.equal(
    backoffMs(9, () => 0.25),
    64_000,
  );
  assert.equal(
    backoffMs(9, () => 0),
    100,
  );
});

test("Retry-After is taken in seconds and as a date, bounded, and nonsense is none", () => {
  const cases: readonly (readonly [string | null, number | null])[] = [
    [null, null],
    ["120", 120_000],
    ["0", 1_000],
    ["999999999", 3_600_000],
    ["Sat, 21 Nov 2026 04:12:30 GMT", 30_000],
    ["Saturday, 21-Nov-26 04:12:30 GMT", 30_000],
    ["Sat Nov 21 04:12:30 2026", 30_000],
    ["Sat, 21 Nov 2020 04:12:30 GMT", 1_000],
    ["soon", null],
    ["-5", null],
    ["1.5", null],
    ["", null],
  ];
  for (const [header, expected] of cases) assert.equal(retryAfterMs(header, WALL_MS), expected, String(header));
});

test("a failure moves on to the next address, once for both connections, and round again", () => {
  const places = new Places(["a", "b", "c"]);
  places.failed("a", { load: "urgent", nowMs: 0, retryAfterMs: null });
  assert.equal(places.current("urgent"), "b");
  places.failed("a", { load: "urgent", nowMs: 0, retryAfterMs: null });
  assert.equal(places.current("urgent"), "b");
  places.failed("b", { load: "urgent", nowMs: 0, retryAfterMs: null });
  places.failed("c", { load: "urgent", nowMs: 0, retryAfterMs: null });
  assert.equal(places.current("urgent"), "a");
});

test("an address that asked to be left alone is passed over until its time; when all have, the first to be free is waited for", () => {
  const places = new Places(["a", "b"]);
  places.failed("a", { load: "urgent", nowMs: 0, retryAfterMs: 60_000 });
  assert.deepEqual([places.current("urgent"), places.readyAtMs("urgent")], ["b", Number.NEGATIVE_INFINITY]);
  places.failed("b", { load: "urgent", nowMs: 1_000, retryAfterMs: null });
  assert.equal(places.current("urgent"), "b", "the other one is still to be left alone");
  places.failed("b", { load: "urgent", nowMs: 2_000, retryAfterMs: 90_000 });
  assert.deepEqual([places.current("urgent"), places.readyAtMs("urgent")], ["a", 60_000]);
  places.succeeded("a", "urgent");
  assert.equal(places.readyAtMs("urgent"), Number.NEGATIVE_INFINITY);
});

test("an address that has no room for bulk may have some for heads; one that has none for heads has none at all", () => {
  const places = new Places(["a"]);
  places.failed("a", { load: "bulk", nowMs: 0, retryAfterMs: 30_000 });
  assert.deepEqual([places.readyAtMs("urgent"), places.readyAtMs("bulk")], [Number.NEGATIVE_INFINITY, 30_000]);
  places.failed("a", { load: "urgent", nowMs: 0, retryAfterMs: 60_000 });
  assert.deepEqual([places.readyAtMs("urgent"), places.readyAtMs("bulk")], [60_000, 60_000]);
  places.succeeded("a", "urgent");
  assert.deepEqual([places.readyAtMs("urgent"), places.readyAtMs("bulk")], [Number.NEGATIVE_INFINITY, 30_000]);
});

test("of several addresses the one that has no room for bulk keeps the heads, and bulk looks elsewhere; one that is dead is left by both", () => {
  const places = new Places(["a", "b"]);
  places.failed("a", { load: "bulk", nowMs: 0, retryAfterMs: 30_000 });
  assert.deepEqual([places.current("urgent"), places.current("bulk")], ["a", "b"]);
  places.failed("b", { load: "bulk", nowMs: 0, retryAfterMs: 40_000 });
  assert.deepEqual([places.current("urgent"), places.current("bulk"), places.readyAtMs("bulk")], ["a", "a", 30_000]);
  places.failed("a", { load: "bulk", nowMs: 30_000, retryAfterMs: null });
  assert.equal(places.current("urgent"), "b");
});
