/** The built collector as in the rows of the acceptance table, smaller: a fleet that comes back, enemies, a full disk, a database that dies. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { runFull } from "../accept/full-run.ts";
import { beHostile } from "../accept/hostile-run.ts";
import { reconnect } from "../accept/rows/collector-reconnect.ts";
import { skipPostgres } from "../contract/postgres.ts";

const NODES = 100;
const BODIES = 3_000;
const SEED = 5;
/** What one of a hundred may take on a machine that has other work, too. */
const HEADS_S = 30;
const MAX_MB = 400;
const HONEST_MS = 2_000;

const directory = mkdtempSync(join(tmpdir(), "meshprobe-trouble-"));
after(() => rmSync(directory, { recursive: true, force: true }));
const isRoot = process.getuid?.() === 0;
const skips = { sqlite: false, postgres: skipPostgres } as const;

describe("a collector in trouble", () => {
  for (const store of ["sqlite", "postgres"] as const) {
    test(`${NODES} nodes come back at once: heads first, then everything, once (${store})`, { skip: skips[store] }, async () => {
      const run = await reconnect({ store, nodes: NODES, seed: SEED, directory: join(directory, `reconnect-${store}`) });
      assert.deepEqual(run.faults, []);
      assert.ok(run.headsS.longest !== null && run.headsS.longest <= HEADS_S, `heads took ${run.headsS.longest} s`);
      assert.notEqual(run.allS, null, "not everything arrived");
      assert.ok(run.memoryMb.most <= MAX_MB, `${run.memoryMb.most} MB`);
    });
  }

  test(`${BODIES} fuzzed bodies, bombs, slow senders and impostors: it says no, goes on, and nothing foreign is written`, async () => {
    const size = { bodies: BODIES, slow: 10, bombs: 1, halves: 40, tricksEvery: 10, atOnce: true };
    const run = await beHostile({ store: "sqlite", ...size, seed: SEED, directory: join(directory, "hostile") });
    assert.deepEqual(run.faults, []);
    assert.ok(run.honest.deliveries > 0 && run.honest.slowestMs <= HONEST_MS, JSON.stringify(run.honest));
    assert.ok((run.answers["400"] ?? 0) > BODIES / 10 && (run.answers["200"] ?? 0) > BODIES / 10, JSON.stringify(run.answers));
  });

  test(
    "its disk is full: 503, and when there is room again everything arrives once",
    { skip: isRoot ? false : "needs root for a small disk" },
    async () => {
      const run = await runFull({ trouble: "sqlite-full", nodes: 5, lastsMs: 1_000, times: 1, seed: SEED, directory: join(directory, "full") });
      assert.deepEqual(run.faults, []);
    },
  );

  test("PostgreSQL is killed and comes back: 503, and everything arrives once", { skip: skipPostgres }, async () => {
    const run = await runFull({ trouble: "postgres-killed", nodes: 5, lastsMs: 1_000, times: 1, seed: SEED, directory: join(directory, "killed") });
    assert.deepEqual(run.faults, []);
  });
});
