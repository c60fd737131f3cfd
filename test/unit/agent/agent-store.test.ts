import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AgentStore } from "../../../src/agent/agent-store.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { StoreError } from "../../../src/store/store-error.ts";
import { FakeLog } from "../capture/fake-log.ts";
import { incident, rollup } from "../store/sample-rows.ts";
import { tempDir } from "../store/temp-dir.ts";

const T0 = Date.UTC(2026, 10, 21, 4, 12, 0);
const YAML = `node: { name: sh-a1 }
store: { max_bytes: 64MB }
peers: [{ name: p1, address: 10.0.0.2 }]
`;

function open(dataDir: string, log = new FakeLog()): AgentStore {
  return new AgentStore({ ...parseConfig(YAML, { file: "peers.yaml", hostName: "sh-a1" }), dataDir }, log);
}

test("every wire has a boot epoch above all before, also after a restart with the clock set back", (t) => {
  const dir = tempDir(t);
  const first = open(dir);
  const epochs = [first.nextEpoch(T0), first.nextEpoch(T0)];
  first.close(T0);
  const second = open(dir);
  epochs.push(second.nextEpoch(T0 - 60_000));
  second.close(T0);
  assert.deepEqual(epochs, [T0 / 1000, T0 / 1000 + 1, T0 / 1000 + 2]);
});

test("writes that fail are said once, until one works again, and stop nothing", (t) => {
  const log = new FakeLog();
  const store = open(tempDir(t), log);
  const fail = (): never => {
    throw new StoreError("full", "the disk is full");
  };
  store.attempt(fail);
  store.attempt(fail);
  store.upkeep(T0);
  store.attempt(fail);
  store.close(T0);
  const failed = "error cannot write to the store; probing goes on";
  const again = "info the store can be written again; what had waited is written";
  assert.deepEqual(log.said, [failed, again, failed, again]);
});

test("closing writes what waits, interrupts what is open and lets the next agent in", (t) => {
  const dir = tempDir(t);
  const store = open(dir);
  assert.throws(() => open(dir), StoreError);
  store.writer.soon((evidence) => evidence.openIncident(incident({ id: "i1", status: "open", endedMs: null }), []));
  store.close(T0);
  const next = open(dir);
  assert.deepEqual(next.evidence.database.prepare("SELECT id, status FROM incidents").raw().all(), [["i1", "interrupted"]]);
  next.close(T0);
});

test("both outboxes are there; minutes wait for a collector, and a directory that was copied tells under another id", (t) => {
  const dir = tempDir(t);
  const config = parseConfig(`${YAML}collector: { url: http://127.0.0.1:8443 }\n`, { file: "peers.yaml", hostName: "sh-a1" });
  const store = new AgentStore({ ...config, dataDir: dir }, new FakeLog());
  assert.deepEqual(
    store.outboxes.map(({ lanes }) => lanes),
    [[0, 1, 3], [2]],
  );
  assert.deepEqual(
    store.outboxes.map(({ db }) => db),
    [store.evidence.uuid, store.metrics.uuid],
  );
  store.metrics.addRollups([rollup({ atMs: T0 })]);
  store.metrics.roll(T0 + 120_000);
  assert.equal(store.outboxes[1]?.backlog(2).records, 1);
  const ids = store.outboxes.map(({ db }) => db);
  store.close(T0);
  const again = open(dir);
  assert.deepEqual(
    again.outboxes.map(({ db }) => db),
    ids,
  );
  again.close(T0);
  const copy = join(tempDir(t), "copy");
  cpSync(dir, copy, { recursive: true });
  const other = open(copy);
  assert.equal(new Set([...other.outboxes.map(({ db }) => db), ...ids]).size, 4);
  other.close(T0);
});
