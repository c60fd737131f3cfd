import assert from "node:assert/strict";
import { closeSync, openSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { storedHere } from "../../../src/doctor/stored.ts";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { EVIDENCE_SCHEMA } from "../../../src/store/migrations.ts";
import { lockDataDir } from "../../../src/store/lock.ts";
import { MetricsStore } from "../../../src/store/metrics.ts";
import { rollup, T0 } from "../store/sample-rows.ts";
import { tempDir } from "../store/temp-dir.ts";
import { fakeSystem } from "./fake-system.ts";

const stored = storedHere(fakeSystem({}));

function fill(t: TestContext): string {
  const dir = tempDir(t);
  const evidence = new EvidenceStore(dir);
  evidence.putPeers([
    { name: "bj-b1", address: "10.20.3.2", intervalMs: 100, firstReplyMs: T0, agentEpoch: 0, agentSilentMs: null, active: true },
    { name: "gz-c1", address: "10.20.4.2", intervalMs: 100, firstReplyMs: null, agentEpoch: 0, agentSilentMs: null, active: true },
  ]);
  evidence.close();
  const metrics = new MetricsStore(dir);
  metrics.addRollups([rollup()]);
  metrics.close();
  return dir;
}

test("an agent runs when the pid in its lock is a process that is one", (t) => {
  const dir = tempDir(t);
  assert.equal(stored.agentPid(dir), null);
  const lock = lockDataDir(dir, 4711);
  t.after(() => lock.release());
  const holder = (cmdline: string): number | null => storedHere(fakeSystem({ files: { "/proc/4711/cmdline": cmdline } })).agentPid(dir);
  assert.equal(holder("node\0/opt/meshprobe/dist/cli.js\0agent\0--config\0/etc/meshprobe/peers.yaml\0"), 4711);
  assert.equal(holder("/usr/bin/ssh-agent\0"), null, "the pid belongs to somebody else now");
  assert.equal(stored.agentPid(dir), null, "the process is gone");
  assert.ok(process.pid !== 4711);
});

test("databases that are whole, damaged inside, garbage, of a newer version, and not there yet", (t) => {
  const dir = fill(t);
  const whole = stored.database(dir);
  assert.deepEqual([whole.level, whole.mend], ["ok", null]);
  assert.match(whole.text, /^evidence\.db schema \d+, \d+ kB; metrics\.db schema \d+, \d+ kB: whole$/);
  assert.ok(whole.text.startsWith(`evidence.db schema ${EVIDENCE_SCHEMA.steps.length},`));
  scribble(join(dir, "metrics.db"));
  const inside = stored.database(dir);
  assert.equal(inside.level, "fail");
  assert.match(`${inside.text} → ${inside.mend}`, /metrics\.db.*damaged.* → .*move it and its -wal away/);
  writeFileSync(join(dir, "metrics.db"), "garbage\n".repeat(2_000));
  const garbage = stored.database(dir);
  assert.deepEqual(
    [garbage.level, /metrics\.db: the database is damaged/.test(garbage.text), garbage.mend?.startsWith("move it")],
    ["fail", true, true],
  );
  rmSync(join(dir, "metrics.db"));
  const evidence = new EvidenceStore(dir);
  evidence.database.pragma("user_version = 99");
  evidence.close();
  assert.match(stored.database(dir).text, /newer meshprobe \(schema 99/);
  assert.equal(stored.database(tempDir(t)).text, "nothing is stored yet: the agent has not run");
});

test("what the running agent stored of its peers in the last minute", (t) => {
  const dir = fill(t);
  assert.deepEqual(stored.peers(dir, T0 + 20_000), [
    { name: "bj-b1", address: "10.20.3.2", firstReplyAt: new Date(T0).toISOString(), sent: 100, received: 99 },
    { name: "gz-c1", address: "10.20.4.2", firstReplyAt: null, sent: 0, received: 0 },
  ]);
  assert.equal(stored.peers(dir, T0 + 3_600_000)?.[0]?.sent, 0);
  truncateSync(join(dir, "metrics.db"), 6_000);
  assert.equal(stored.peers(dir, T0 + 20_000), null);
});

/** Overwrites every page but the first, which holds the schema. */
function scribble(file: string): void {
  const pageBytes = 4096;
  const descriptor = openSync(file, "r+");
  const pages = statSync(file).size / pageBytes;
  for (let page = 1; page < pages; page++) writeSync(descriptor, Buffer.alloc(pageBytes, 0x55), 0, pageBytes, page * pageBytes);
  closeSync(descriptor);
}
