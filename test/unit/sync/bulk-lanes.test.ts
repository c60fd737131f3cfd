import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { PAUSE_MS } from "../../../src/sync/overdue-watch.ts";
import { MAX_SLICE_BYTES } from "../../../src/sync/paced-body.ts";
import { MAX_BODY_BYTES } from "../../../src/sync/wire.ts";
import type { FakeOutbox } from "./fake-outbox.ts";
import { bench, type Bench } from "./sync-bench.ts";

/** So many bytes that no compression makes fewer of. */
const noise = (bytes: number): string => randomBytes((bytes * 3) / 4).toString("base64");
const fill =
  (...records: readonly (readonly [lane: 1 | 2 | 3, count: number, bytes: number])[]) =>
  (outbox: FakeOutbox): void => {
    for (const [lane, count, bytes] of records) for (let at = 0; at < count; at++) outbox.add(lane, `${lane}-${at}`, noise(bytes));
  };
/** The lanes of the requests with records, in their order. */
const order = ({ exchange }: Bench): number[] =>
  exchange.requests.flatMap(
    ({ body }) => body?.files.flatMap(({ lanes }) => lanes.flatMap(({ lane, records }) => (records.length > 0 ? [lane] : []))) ?? [],
  );
const failing: Parameters<typeof bench>[1] = {
  rule:
    ({ exchange }) =>
    ({ body }) =>
      body.files[0]?.lanes[0]?.lane === 0 ? exchange.kept(body) : { kind: "failed", why: "connect", text: "refused" },
};

test("the first request asks how far the collector is, in every lane, and holds nothing", async (t) => {
  const { of } = await bench(t, { fill: fill([1, 3, 100]) });
  assert.deepEqual(of(1)[0]?.body?.files, [{ db: "db1", lanes: [1, 2, 3].map((lane) => ({ lane, records: [], tombstones: [] })) }]);
});

test("evidence goes before rollups and those before raw samples, one request at a time", async (t) => {
  const on = await bench(t, { fill: fill([3, 3, 200_000], [2, 3, 200_000], [1, 3, 200_000]), rate: 100e6 });
  await on.clock.advance(20_000);
  assert.deepEqual(order(on), [1, 1, 1, 2, 2, 2, 3, 3, 3]);
  const bulk = on.exchange.requests.filter(({ body }) => body?.files[0]?.lanes[0]?.lane !== 0);
  bulk.slice(1).forEach(({ startedMs }, index) => assert.ok(startedMs >= (bulk[index]?.slices.at(-1)?.atMs ?? 0)));
  assert.equal(new Set(bulk.map(({ connection }) => connection)).size, 1);
});

test("bodies hold at most 256 kB, and leave in slices of 8 kB no faster than the rate, over all bodies", async (t) => {
  const { clock, exchange, of } = await bench(t, { fill: fill([1, 200, 4_000]), rate: 1e6 });
  await clock.advance(12_000);
  const sizes = exchange.requests.map(({ body }) => JSON.stringify(body).length);
  assert.ok(Math.max(...sizes) <= MAX_BODY_BYTES && Math.max(...sizes) > 0.9 * MAX_BODY_BYTES, sizes.join(" "));
  const slices = of(1).flatMap((request) => request.slices);
  assert.ok(slices.every(({ bytes }) => bytes <= MAX_SLICE_BYTES));
  const bytes = slices.reduce((sum, slice) => sum + slice.bytes, 0);
  // In any stretch, from any slice on, no more than the rate allows plus the slice itself.
  slices.forEach(({ atMs }, from) => {
    let sum = 0;
    for (const slice of slices.slice(from)) {
      assert.ok(sum * 8 <= ((slice.atMs - atMs) / 1000) * 1e6 + 1, `${sum} bytes in ${slice.atMs - atMs} ms`);
      sum += slice.bytes;
    }
  });
  const took = (slices.at(-1)?.atMs ?? 0) - (slices[0]?.atMs ?? 0);
  assert.ok(bytes * 8 > 0.95 * took * 1000, `${bytes} bytes in ${took} ms: slower than allowed`);
});

test("a head does not wait behind a bulk body", async (t) => {
  const { clock, of, write, exchange } = await bench(t, { fill: fill([2, 1, 200_000]), rate: 100_000 });
  await clock.advance(2_000);
  const bulk = of(2).length;
  write(0, "i1");
  await clock.advance(100);
  assert.equal(of(0).length, 2);
  const waiting = exchange.requests.filter(({ body }) => body === null);
  assert.deepEqual([bulk, waiting.length], [1, 1], "the bulk body is still under way");
  assert.notEqual(waiting[0]?.connection, of(0)[1]?.connection);
});

test("failures back off from a second to five minutes, for ever", async (t) => {
  const { clock, exchange } = await bench(t, {
    fill: fill([1, 1, 100]),
    random: () => 0.999999,
    rule: () => () => ({ kind: "failed", why: "connect", text: "refused" }),
  });
  await clock.advance(30 * 60_000);
  const bulk = exchange.requests.filter(({ body }) => (body?.files[0]?.lanes.length ?? 0) > 1).map(({ startedMs }) => startedMs);
  const gaps = bulk.slice(1).map((at, index) => Math.round((at - (bulk[index] ?? 0)) / 1000));
  assert.deepEqual(gaps.slice(0, 12), [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
});

test("the success of lane 0 resets what has backed off", async (t) => {
  const on = await bench(t, {
    fill: fill([1, 1, 100]),
    random: () => 0.999999,
    rule: () => () => ({ kind: "failed", why: "connect", text: "refused" }),
  });
  await on.clock.advance(9 * 60_000);
  const before = on.exchange.requests.filter(({ body }) => (body?.files[0]?.lanes.length ?? 0) > 1).length;
  on.exchange.rule = ({ body }) => on.exchange.kept(body);
  on.write(0, "i1");
  await on.clock.advance(1_500);
  const after = on.exchange.requests.filter(({ body }) => (body?.files[0]?.lanes.length ?? 0) > 1).length;
  assert.equal(after, before + 1);
  assert.deepEqual(order(on).filter((lane) => lane === 1).length, 1);
});

test("rollups and raw samples wait while an incident is open, evidence does not; one under way is cut and sent again", async (t) => {
  const on = await bench(t, { fill: fill([2, 1, 100_000], [3, 1, 1_000]), rate: 100_000 });
  await on.clock.advance(1_000);
  on.isCalm = false;
  on.sync.incidentsChanged();
  on.write(1, "evidence");
  await on.clock.advance(30_000);
  assert.deepEqual(order(on), [1]);
  assert.equal(on.exchange.requests.filter(({ isAborted }) => isAborted).length, 1);
  assert.match(on.sync.status().paused ?? "", /an incident is open/);
  on.isCalm = true;
  on.sync.incidentsChanged();
  await on.clock.advance(30_000);
  assert.deepEqual(order(on), [1, 2, 3]);
  assert.equal(on.sync.status().paused, null);
  assert.deepEqual(on.log.said, ["info the collector answers"]);
});

test("a peer that turns overdue while something is sent pauses it for ten seconds, in the middle of a body", async (t) => {
  const { clock, sync, exchange, of } = await bench(t, { fill: fill([1, 1, 200_000]), rate: 1e6 });
  await clock.advance(500);
  sync.overdue(["bj-b1"]);
  const pausedMs = clock.nowMs();
  assert.match(sync.status().paused ?? "", /a probe to bj-b1 turned overdue/);
  await clock.advance(20_000);
  const slices = of(1).at(-1)?.slices ?? [];
  const gap = slices.slice(1).map(({ atMs }, index) => atMs - (slices[index]?.atMs ?? 0));
  assert.equal(gap.filter((ms) => ms >= PAUSE_MS - 100).length, 1);
  assert.deepEqual(
    slices.filter(({ atMs }) => atMs > pausedMs && atMs < pausedMs + PAUSE_MS),
    [],
  );
  assert.equal(
    exchange.requests.some(({ isAborted }) => isAborted),
    false,
  );
});

test("peers that are lossy all the time starve no delivery", async (t) => {
  const { clock, sync, outbox } = await bench(t, { fill: fill([1, 1, 200_000]), rate: 1e6 });
  for (let ms = 0; ms < 20_000; ms += 100) {
    sync.overdue(["lossy", `peer-${ms / 100}`]);
    await clock.advance(100);
  }
  assert.equal(outbox.next(1, 1_000), null);
});

test("everything that backs off does so without a word more than the first", async (t) => {
  const { clock, log } = await bench(t, { fill: fill([1, 1, 100]), ...failing });
  await clock.advance(3_600_000);
  assert.deepEqual(log.said, ["info the collector answers", "warn cannot deliver to the collector: https://c.example: refused"]);
});
