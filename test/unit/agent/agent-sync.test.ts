/** What the sender is told by the rest of the agent, and when it looks. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { AgentStore } from "../../../src/agent/agent-store.ts";
import { openSync } from "../../../src/agent/agent-sync.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import type { SyncRequest } from "../../../src/sync/wire.ts";
import { FakeLog } from "../capture/fake-log.ts";
import { FakeOutbox } from "../sync/fake-outbox.ts";
import { tempDir } from "../store/temp-dir.ts";

test("what the evidence writer commits is at the collector a moment later, over real HTTP", async (t) => {
  const heads: { readonly id: string; readonly atMs: number }[] = [];
  const hello = Promise.withResolvers<void>();
  const head = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.once("end", () => {
      const bytes = Buffer.concat(chunks);
      const body = JSON.parse((request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString()) as SyncRequest;
      const lanes = body.files.flatMap(({ db, lanes }) => lanes.map((lane) => ({ db, ...lane })));
      for (const { records } of lanes) for (const { id } of records) heads.push({ id, atMs: performance.now() });
      const at = new Date().toISOString();
      const acks = lanes.map(({ db, lane, records }) => ({ db, lane, seq: records.at(-1)?.seq ?? 0 }));
      response.end(JSON.stringify({ api: 1, acks, rejected: [], received_at: at, answered_at: at, version: "0" }), () => {
        hello.resolve();
        if (heads.length > 0) head.resolve();
      });
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = parseConfig(`collector: { url: "${url}" }\nstore: { max_bytes: 64MB }\npeers: []\n`, { file: "peers.yaml", hostName: "sh-a1" });
  const log = new FakeLog();
  const store = new AgentStore({ ...config, dataDir: tempDir(t) }, log);
  t.after(() => store.close(Date.now()));
  const outbox = new FakeOutbox([0, 1, 2, 3]);
  const agent = {
    outboxes: [outbox],
    set onWritten(run: () => void) {
      store.onWritten = run;
    },
    get onWritten() {
      return store.onWritten;
    },
  };
  const sync = openSync(config, { version: "1", store: agent, desks: { incidents: { live: [] } }, health: { unwatchedSinceMs: null }, log });
  assert.ok(sync !== null);
  sync.start();
  await hello.promise;
  const writtenMs = performance.now();
  store.writer.now(() => void outbox.add(0, "i1"));
  await head.promise;
  assert.equal(heads[0]?.id, "i1");
  t.diagnostic(`${((heads[0]?.atMs ?? 0) - writtenMs).toFixed(1)} ms from the commit to the collector`);
  await sync.stop();
  assert.equal(outbox.next(0, 1_000), null);
  assert.deepEqual([sync.status().reachable, sync.status().lanes[0]?.records], [true, 0]);
});

test("an incident holds rollups back; one that goes on for half an hour does not for ever; without a collector there is no sender", () => {
  const config = parseConfig("collector: { url: 'http://127.0.0.1:1' }\npeers: []\n", { file: "peers.yaml", hostName: "sh-a1" });
  const live: { continues: string | null }[] = [];
  const tools = {
    version: "1",
    store: { outboxes: [], onWritten: () => {} },
    desks: { incidents: { live } },
    health: { unwatchedSinceMs: null },
    log: new FakeLog(),
  };
  const sync = openSync(config, tools);
  assert.equal(sync?.status().paused, null);
  live.push({ continues: "i0" });
  assert.equal(sync?.status().paused, null);
  live.push({ continues: null });
  assert.match(sync?.status().paused ?? "", /an incident is open/);
  assert.equal(openSync({ ...config, collector: null }, tools), null);
});
