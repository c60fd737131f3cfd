import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startDelayMs, StartRecord } from "../../../src/service/start-delay.ts";

test("three bad starts cost nothing, then each waits longer, up to 30 s", () => {
  const waits = Array.from({ length: 10 }, (_, bad) =>
    startDelayMs(
      Array.from({ length: bad }, (__, index) => 1_000 - index),
      1_000,
    ),
  );
  assert.deepEqual(waits, [0, 0, 0, 0, 1_000, 2_000, 5_000, 10_000, 30_000, 30_000]);
});

test("starts of five minutes ago, and those of a clock that ran ahead, are forgotten", () => {
  assert.equal(startDelayMs([700, 700, 700, 700, 1_200], 1_000), 0);
  assert.equal(startDelayMs([701, 701, 701, 701], 1_000), 1_000);
});

test("a start leaves its trace until a run ends well", () => {
  const directory = mkdtempSync(join(tmpdir(), "meshprobe-starts-"));
  try {
    for (const now of [1_000, 1_001, 1_002, 1_003]) assert.equal(new StartRecord(directory).begin(now), 0);
    const fifth = new StartRecord(directory);
    assert.equal(fifth.begin(1_004), 1_000);
    fifth.endedWell();
    assert.equal(new StartRecord(directory).begin(1_005), 0);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a directory that cannot be written delays nothing", () => {
  const record = new StartRecord("/proc/nowhere");
  for (let now = 1_000; now < 1_010; now++) assert.equal(record.begin(now), 0);
  record.endedWell();
});
