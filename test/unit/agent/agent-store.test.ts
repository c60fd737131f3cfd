import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentStore } from "../../../src/agent/agent-store.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { StoreError } from "../../../src/store/store-error.ts";
import { FakeLog } from "../capture/fake-log.ts";
import { incident } from "../store/sample-rows.ts";
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
