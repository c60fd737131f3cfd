/** The thread that answers questions, on a real file: the same answers, and deliveries go on while it works. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readingEndpoints } from "../../../src/collector/api/endpoints.ts";
import { Refusal } from "../../../src/collector/http/refusal.ts";
import type { Answer, ApiRequest } from "../../../src/collector/http/router.ts";
import { READING_PATHS } from "../../../src/collector/reader/messages.ts";
import { ReaderThread, type ReaderThreadOptions } from "../../../src/collector/reader/reader-thread.ts";
import { createReports } from "../../../src/collector/reports/reports.ts";
import { StoreUnavailable, type ParsedRollup } from "../../../src/collector/store/port.ts";
import { SqliteStore } from "../../../src/collector/store/sqlite-store.ts";
import { parseRequest } from "../../../src/collector/sync/parse-request.ts";
import { Histogram } from "../../../src/stats/histogram.ts";
import { FakeLog } from "../capture/fake-log.ts";
import { tempDir } from "../store/temp-dir.ts";
import { MemoryStore } from "./memory-store.ts";
import { fullRequest, HEAD, START_MS } from "./sample-records.ts";

const NOW_MS = START_MS + 60_000;

function asking(query: string, parameters: readonly string[] = []): ApiRequest {
  return { holder: null, parameters, query: new URLSearchParams(query), body: null, receivedMs: NOW_MS };
}

async function textOf(answer: Promise<Answer> | undefined): Promise<string> {
  const given = await answer;
  return given?.kind === "bytes" ? Buffer.from(given.bytes).toString() : "";
}

function open(t: TestContext, more: Partial<ReaderThreadOptions> = {}): { store: SqliteStore; file: string; ask: typeof ask } {
  const file = join(tempDir(t), "collector.db");
  const store = new SqliteStore(file);
  const reader = new ReaderThread({ store: `sqlite:${file}`, log: new FakeLog(), ...more });
  t.after(async () => {
    await reader.stop();
    await store.close();
  });
  const ask = (path: string, request: ApiRequest): Promise<string> =>
    textOf(reader.endpoints.find((endpoint) => endpoint.path === path)?.handle(request));
  return { store, file, ask };
}

test("it answers every path that reads, as it would be answered here", async (t) => {
  const store = new MemoryStore();
  const endpoints = readingEndpoints(
    store,
    createReports(store, () => NOW_MS),
  );
  assert.deepEqual(endpoints.map(({ path }) => path).toSorted(), [...READING_PATHS].toSorted());
  assert.ok(endpoints.every(({ method, access }) => method === "GET" && access === "reader"));
  const { store: real, ask } = open(t);
  const request = parseRequest(fullRequest(), NOW_MS);
  assert.ok(request.kind === "ok");
  await real.deliver(request.delivery);
  const listed = JSON.parse(await ask("/api/v1/incidents", asking("since=2026-11-20"))) as { incidents: { id: string }[] };
  assert.deepEqual(
    listed.incidents.map(({ id }) => id),
    [HEAD.id],
  );
  assert.match(await ask("/api/v1/incidents/{id}", asking("", [HEAD.id])), new RegExp(HEAD.id));
  await assert.rejects(ask("/api/v1/incidents/{id}", asking("", ["nothing"])), (error) => error instanceof Refusal && error.status === 404);
  await assert.rejects(ask("/api/v1/matrix", asking("at=never")), (error) => error instanceof Refusal && error.status === 400);
});

test("deliveries are taken while a report over two hundred peers and a day is made", async (t) => {
  const { store, ask } = open(t);
  const request = parseRequest(fullRequest(), NOW_MS);
  assert.ok(request.kind === "ok");
  const { delivery } = request;
  const histogram = new Histogram().encode();
  const minute = Math.floor(START_MS / 60_000) * 60;
  const rollups = Array.from({ length: 60_000 }, (_, index): ParsedRollup => {
    const counts = [600, 600, 0, 0, 0, 0, 0, 0, 0, 0, 20_000, 30_000, 10, 600, 600];
    return { seq: index + 1, version: 1, at: minute - Math.floor(index / 200) * 60, peer: `peer ${index % 200}`, counts, histogram };
  });
  await store.deliver({ ...delivery, files: [{ db: "m", lanes: [{ lane: 2, records: [], rollups, tombstones: [], rejected: [] }] }] });
  // The thread has begun.
  await ask("/api/v1/nodes", asking(""));
  const asked = performance.now();
  let answeredMs = 0;
  const report = ask("/api/v1/report", asking(`node=${delivery.node}`)).then((text) => {
    answeredMs = performance.now() - asked;
    return text;
  });
  await store.deliver(delivery);
  const deliveredMs = performance.now() - asked;
  assert.match(await report, /"peer 199"/);
  t.diagnostic(`delivered after ${Math.round(deliveredMs)} ms, report after ${Math.round(answeredMs)} ms`);
  assert.ok(deliveredMs < answeredMs / 2, `${deliveredMs} of ${answeredMs} ms`);
});

test("a question that takes too long ends the thread, and the next begins another; a store that is away is told as that", async (t) => {
  const { ask } = open(t, { deadlineMs: 0 });
  await assert.rejects(ask("/api/v1/nodes", asking("")), (error) => error instanceof Refusal && error.code === "too-much");
  await assert.rejects(ask("/api/v1/nodes", asking("")), (error) => error instanceof Refusal && error.code === "too-much");
  const away = new ReaderThread({ store: `sqlite:${tempDir(t)}/no/such/place.db`, log: new FakeLog() });
  t.after(() => away.stop());
  await assert.rejects(textOf(away.endpoints[0]?.handle(asking(""))), StoreUnavailable);
});
