/** What the API says of what was delivered. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { call, codeOf, postSync, type RunningCollector, startCollector } from "../running-collector.ts";
import { HEAD, laneOf, MINUTE_S, record, rollupCells, SHA256, smallRequest, START_MS, VERDICT } from "../sample-records.ts";

const NOW_MS = START_MS + 120_000;
const OTHER_SHA256 = "0".repeat(64);

async function get<T>({ port, tokens }: RunningCollector, path: string): Promise<T> {
  const reply = await call(port, path, { token: tokens.reader });
  assert.equal(reply.status, 200, reply.text);
  return JSON.parse(reply.text) as T;
}

async function deliver({ port, tokens }: RunningCollector, ...lanes: readonly ReturnType<typeof laneOf>[]): Promise<void> {
  const reply = await postSync(port, tokens.node, { ...smallRequest("sh-a1", lanes), clock: { offset_ms: -7, error_ms: 2 } });
  assert.equal(reply.status, 200, reply.text);
  assert.deepEqual((JSON.parse(reply.text) as { rejected: unknown[] }).rejected, []);
}

test("incidents come as the report has them, with node, verdict and the receipt of their sum", async (t) => {
  const running = await startCollector(t, { nowMs: () => NOW_MS });
  await deliver(running, laneOf(0, [record("incident"), record("verdict")]));
  const { incidents, complete } = await get<{ incidents: Record<string, unknown>[]; complete: boolean }>(
    running,
    "/api/v1/incidents?since=2026-11-20",
  );
  const { event_id: _event, ...verdict } = VERDICT;
  const at = new Date(NOW_MS).toISOString();
  const receipt = { incident: HEAD.id, sha256: SHA256, received_at: at, clock: { offset_ms: -7, error_ms: 2 }, changed: null };
  const report = { node: "sh-a1", verdict, receipt, strip: null, strip_started_at: null, captures: [] };
  assert.deepEqual(incidents, [{ ...HEAD, ...report }]);
  assert.equal(complete, true);
  const changed = { ...HEAD, evidence: { ...HEAD.evidence, sha256: OTHER_SHA256 } };
  await deliver(running, laneOf(0, [record("incident", { data: changed, version: START_MS + 1 })]));
  const [again] = (await get<{ incidents: { receipt: unknown }[] }>(running, "/api/v1/incidents?since=2h")).incidents;
  assert.deepEqual(again?.receipt, { ...receipt, changed: { sha256: OTHER_SHA256, at } });
});

test("incidents are narrowed by time, node, peer, scope and number, and say when older ones were left out", async (t) => {
  const running = await startCollector(t, { nowMs: () => NOW_MS });
  const heads = ["a", "b", "c"].map((id, index) => {
    const at = new Date(START_MS + index * 10_000).toISOString();
    return record("incident", { id, data: { ...HEAD, id, event_id: `e${id}`, peer: `peer-${id}`, started_at: at, ended_at: at } });
  });
  const verdicts = ["a", "b"].map((id) =>
    record("verdict", { id: `e${id}`, data: { ...VERDICT, event_id: `e${id}`, scope: id === "a" ? "uplink" : "path" } }),
  );
  await deliver(running, laneOf(0, [...heads, ...verdicts]));
  const ids = async (query: string): Promise<string> => {
    const { incidents, complete } = await get<{ incidents: { id: string }[]; complete: boolean }>(running, `/api/v1/incidents${query}`);
    return `${incidents.map(({ id }) => id).join("")}${complete ? "" : "…"}`;
  };
  assert.equal(await ids(""), "abc");
  assert.equal(await ids("?limit=2"), "bc…");
  assert.equal(await ids("?scope=uplink"), "a");
  assert.equal(await ids("?peer=peer-b"), "b");
  assert.equal(await ids("?node=nobody"), "");
  assert.equal(await ids(`?since=${new Date(START_MS + 5_000).toISOString()}`), "bc");
  assert.equal(await ids(`?until=${new Date(START_MS + 15_000).toISOString()}`), "ab");
  assert.equal(await ids("?since=1h&until=30m"), "");
});

test("a parameter that is wrong is named, with what would be right", async (t) => {
  const { port, tokens } = await startCollector(t);
  const refuse = async (path: string, message: RegExp): Promise<void> => {
    const reply = await call(port, path, { token: tokens.reader });
    assert.equal(`${reply.status} ${codeOf(reply)}`, "400 bad-parameter", reply.text);
    assert.match(reply.text, message);
  };
  await refuse("/api/v1/incidents?sinse=2h", /no parameter .*sinse.*; there are since, until/);
  await refuse("/api/v1/incidents?since=yesteryear", /since: Cannot read the time .*; accepted: 2h.* 10:00\\" \(UTC\), 2026/);
  await refuse("/api/v1/incidents?since=1h&until=2h", /until is before since/);
  await refuse("/api/v1/incidents?limit=0", /limit is no whole number from 1 to 5000/);
  await refuse("/api/v1/incidents?scope=moon", /scope is none of agent, local/);
  await refuse("/api/v1/incidents?node=", /node is empty/);
  await refuse("/api/v1/nodes?since=2h", /there are none here/);
  await refuse("/api/v1/matrix?at=x", /at: Cannot read/);
});

test("one incident is found by its id or the beginning of it, with its records", async (t) => {
  const running = await startCollector(t, { nowMs: () => NOW_MS });
  await deliver(running, laneOf(0, [record("incident")]), laneOf(1, [record("row.incidents"), record("row.captures")]));
  const { incidents } = await get<{ incidents: { id: string; node: string }[] }>(running, `/api/v1/incidents/${HEAD.id.slice(0, 10)}`);
  assert.deepEqual(
    incidents.map(({ id, node }) => [id, node]),
    [[HEAD.id, "sh-a1"]],
  );
  const { nodes } = await get<{ nodes: { node: string; records: { type: string }[] }[] }>(running, `/api/v1/incidents/${HEAD.id}/records`);
  assert.ok(nodes[0]?.records.some(({ type }) => type === "row.captures"));
  assert.equal((await call(running.port, "/api/v1/incidents/nothing", { token: running.tokens.reader })).status, 404);
  assert.equal((await call(running.port, `/api/v1/incidents/${HEAD.id}?node=bj-b1`, { token: running.tokens.reader })).status, 404);
});

test("the matrix: a burst is bad, a minute without answers too; who was blind or not heard is blind, never bad", async (t) => {
  const running = await startCollector(t, { nowMs: () => NOW_MS });
  const cells = [
    rollupCells("bj-b1", { sent: 600, received: 570, lost: 30 }),
    rollupCells("dead", { sent: 600, received: 0, lost: 600 }),
    rollupCells("fine", { sent: 600, received: 595, lost: 5 }),
    rollupCells("unjudged", { sent: 10, received: 0, blind: 10 }),
    rollupCells("later", {}, MINUTE_S + 60),
  ];
  const rollups = cells.map((data) => record("rollup", { id: String(data[1]), data }));
  const peers = ["silent", "gone"].map((name) =>
    record("row.peers", { id: name, data: [name, "10.0.0.1", 100, null, name === "gone" ? 0 : 1, 0, null] }),
  );
  await deliver(running, laneOf(0, [record("incident")]), laneOf(1, peers), laneOf(2, rollups));
  const at = async (ms: number): Promise<Record<string, string>> => {
    const { pairs } = await get<{ pairs: { node: string; peer: string; state: string; because: string; loss_pct: number | null }[] }>(
      running,
      `/api/v1/matrix?at=${new Date(ms).toISOString()}`,
    );
    return Object.fromEntries(pairs.map(({ peer, state, because, loss_pct: loss }) => [peer, `${state} ${because} ${loss}`]));
  };
  assert.deepEqual(await at(START_MS + 2_000), {
    "bj-b1": "bad burst 5",
    dead: "bad minute 100",
    fine: "good minute 0.8",
    silent: "blind not-heard null",
    unjudged: "blind minute null",
  });
  assert.equal((await at(START_MS + 20_000))["bj-b1"], "good minute 5", "the burst is over");
  assert.equal((await at(START_MS - 120_000))["bj-b1"], undefined);
  await deliver(running, laneOf(1, [record("row.blind", { data: [START_MS, "stall", START_MS + 3_000, null] })]));
  assert.deepEqual(
    new Set(Object.values(await at(START_MS + 2_000)).map((state) => state.split(" ").slice(0, 2).join(" "))),
    new Set(["blind blind"]),
  );
  assert.equal((await at(START_MS + 4_000))["bj-b1"], "bad burst 5");
});

test("nodes say when they were heard last, and what they still have to tell", async (t) => {
  const running = await startCollector(t, { nowMs: () => NOW_MS });
  const backlog = [{ lane: 2, records: 1440, oldest_at: new Date(START_MS).toISOString() }];
  const blind = new Date(START_MS).toISOString();
  await postSync(running.port, running.tokens.node, {
    ...smallRequest("sh-a1"),
    version: "0.1.0",
    address: "10.20.1.2",
    clock: { offset_ms: -7, error_ms: 2 },
    backlog,
    blind_since: blind,
  });
  const { nodes } = await get<{ nodes: Record<string, unknown>[] }>(running, "/api/v1/nodes");
  const heard = new Date(NOW_MS).toISOString();
  const expected = {
    node: "sh-a1",
    version: "0.1.0",
    address: "10.20.1.2",
    first_heard_at: heard,
    last_heard_at: heard,
    clock: { offset_ms: -7, error_ms: 2 },
    backlog,
    blind_since: blind,
  };
  assert.deepEqual(nodes, [expected]);
});

test("what is older than retention is deleted from time to time, in batches until nothing is left", async (t) => {
  const { store, collector } = await startCollector(t, { nowMs: () => NOW_MS });
  while (store.evictions.length < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(store.evictions[1], {
    recordsBeforeMs: NOW_MS - 3_000_000,
    samplesBeforeMs: NOW_MS - 2_000_000,
    rollupsBeforeMs: NOW_MS - 1_000_000,
  });
  await collector.stop();
  assert.equal(store.evictions.length, 2);
});
