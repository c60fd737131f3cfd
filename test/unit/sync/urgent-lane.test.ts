import assert from "node:assert/strict";
import { test } from "node:test";
import { HELLO_MS } from "../../../src/sync/urgent-lane.ts";
import { settle } from "./fake-clock.ts";
import type { FakeRequest } from "./fake-exchange.ts";
import { bench } from "./sync-bench.ts";

const gaps = (requests: readonly FakeRequest[]): number[] =>
  requests.slice(1).map(({ startedMs }, index) => startedMs - (requests[index]?.startedMs ?? 0));

test("a head is sent at once when it is written, on the connection that is there", async (t) => {
  const { clock, of, write, outbox } = await bench(t);
  await clock.advance(10_000);
  write(0, "i1", { status: "open" });
  await clock.advance(100);
  const [hello, head] = of(0);
  assert.equal(of(0).length, 2);
  assert.deepEqual(head?.body?.files, [
    { db: "db1", lanes: [{ lane: 0, records: [{ seq: 1, type: "incident", id: "i1", version: 1, data: { status: "open" } }], tombstones: [] }] },
  ]);
  assert.equal(head?.connection, hello?.connection);
  assert.equal(outbox.next(0, 1000), null);
});

for (const [name, random] of [
  ["early", () => 0],
  ["late", () => 0.999999],
] as const)
  test(`while a head is unsent an attempt starts every 2-3 s on a fresh connection, though none is ever answered (dice: ${name})`, async (t) => {
    const { clock, exchange, write, of } = await bench(t, { random });
    await clock.advance(5_000);
    exchange.rule = ({ body }) => (body.files[0]?.lanes[0]?.lane === 0 ? undefined : exchange.kept(body));
    const before = exchange.connections;
    write(0, "i1");
    // Nobody ends them here, as the exchange would after ten seconds.
    await clock.advance(14_000);
    const attempts = of(0).slice(1);
    assert.ok(attempts.length >= 5 && attempts.length <= 7, `${attempts.length} attempts`);
    for (const gap of gaps(attempts)) assert.ok(gap >= 2_000 && gap <= 3_000, `${gap} ms`);
    assert.equal(exchange.connections - before, attempts.length - 1, "only the first found a connection that had worked");
    assert.equal(new Set(attempts.map(({ connection }) => connection)).size, attempts.length);
  });

test("an attempt that fails at once does not make the next come sooner or later", async (t) => {
  const { clock, of, exchange } = await bench(t, {
    fill: (outbox) => void outbox.add(0, "i1"),
    rule:
      ({ exchange }) =>
      ({ body }) =>
        body.files[0]?.lanes[0]?.lane === 0 ? { kind: "failed", why: "connect", text: "connection refused" } : exchange.kept(body),
  });
  await clock.advance(60_000);
  const attempts = of(0);
  assert.deepEqual(new Set(gaps(attempts)), new Set([2_500]));
  assert.equal(attempts.length, 25);
  assert.equal(new Set(attempts.map(({ connection }) => connection)).size, attempts.length);
  assert.equal(
    attempts.every(({ connection }) => exchange.closed.has(connection)),
    true,
  );
});

test("the first attempt to be acknowledged ends the others; nothing is acknowledged twice", async (t) => {
  const { clock, exchange, of, outbox } = await bench(t, { fill: (queue) => void queue.add(0, "i1"), rule: () => () => undefined });
  await clock.advance(5_000);
  const attempts = of(0);
  assert.equal(attempts.length, 3);
  const [first, second, third] = attempts;
  assert.ok(second?.body != null && third?.body != null);
  second.answer(exchange.kept(second.body));
  await settle();
  assert.deepEqual([first?.isAborted, third.isAborted], [true, true]);
  third.answer(exchange.kept(third.body));
  await clock.advance(10_000);
  assert.deepEqual(outbox.outcomes, ["progress"]);
  assert.equal(of(0).length, 3);
});

test("what is written while a hello waits for its answer does not wait with it", async (t) => {
  const { clock, exchange, write, of, outbox } = await bench(t, { rule: () => () => undefined });
  await clock.advance(500);
  write(0, "i1");
  await clock.advance(100);
  const [hello, head] = of(0);
  assert.ok(hello?.body != null && head?.body != null);
  hello.answer(exchange.kept(hello.body));
  await settle();
  assert.equal(head.isAborted, false);
  head.answer(exchange.kept(head.body));
  await settle();
  assert.deepEqual(outbox.outcomes, ["same", "progress"]);
});

test("a quiet node says hello once a minute, with its backlog and without records", async (t) => {
  const { clock, of } = await bench(t, {
    fill: (outbox) => outbox.add(3, "s1"),
    rule:
      ({ exchange }) =>
      ({ body }) =>
        body.files[0]?.lanes[0]?.lane === 0 ? exchange.kept(body) : undefined,
  });
  await clock.advance(5 * HELLO_MS);
  assert.deepEqual(new Set(gaps(of(0))), new Set([HELLO_MS]));
  assert.equal(of(0).length, 6);
  const hello = of(0)[1]?.body;
  assert.deepEqual(hello?.files, [{ db: "db1", lanes: [{ lane: 0, records: [], tombstones: [] }] }]);
  assert.deepEqual(
    hello?.backlog?.map(({ records }) => records),
    [0, 0, 0, 1],
  );
  assert.deepEqual([hello?.node, hello?.version, hello?.address, hello?.api], ["sh-a1", "1.2.3", "10.0.0.1", 1]);
});

test("a thousand heads that change every second take no more than the rate", async (t) => {
  const { clock, of, outbox, sync, exchange } = await bench(t, { rate: 400_000 });
  await clock.advance(1_000);
  for (let second = 0; second < 10; second++) {
    for (let peer = 0; peer < 1_000; peer++) outbox.add(0, `i${peer}`, { sentence: Array.from({ length: 30 }, () => Math.random()) });
    sync.wake();
    await clock.advance(1_000);
  }
  const bytes = of(0)
    .flatMap(({ slices }) => slices)
    .reduce((sum, slice) => sum + slice.bytes, 0);
  assert.ok(bytes * 8 < 11 * 400_000 + 8 * 20_000, `${bytes} bytes in 10 s`);
  assert.ok(bytes * 8 > 5 * 400_000, `${bytes} bytes in 10 s`);
  assert.ok(exchange.requests.every(({ slices }) => slices.every((slice) => slice.bytes < 40_000)));
});

test("a connection that the collector had closed meanwhile costs no time: a fresh one is tried at once", async (t) => {
  const { clock, exchange, write, of, log } = await bench(t);
  await clock.advance(20_000);
  const hello = of(0)[0];
  exchange.rule = ({ connection, body }) =>
    connection === hello?.connection ? { kind: "failed", why: "closed", text: "closed" } : exchange.kept(body);
  write(0, "i1");
  await clock.advance(50);
  assert.equal(of(0).length, 3);
  assert.equal(exchange.closed.has(hello?.connection ?? 0), true);
  assert.deepEqual(log.said, ["info the collector answers"]);
});

test("stopping makes one last try for what is unsent, and waits a second at most", async (t) => {
  const { clock, exchange, of, outbox, sync, write } = await bench(t);
  await clock.advance(5_000);
  exchange.rule = () => undefined;
  outbox.add(0, "i1");
  const before = clock.nowMs();
  let stoppedMs = 0;
  const stopped = sync.stop().then(() => (stoppedMs = clock.nowMs()));
  await clock.advance(2_000);
  await stopped;
  assert.equal(of(0).length, 2);
  assert.ok(stoppedMs - before <= 1_000, `${stoppedMs - before} ms`);
  write(0, "i2");
  await clock.advance(HELLO_MS);
  assert.equal(of(0).length, 2, "nothing is sent after the end");
  assert.equal(clock.waiting, 0);
});

test("stopping delivers a last head when the collector answers, and takes no time without one", async (t) => {
  const { clock, outbox, sync } = await bench(t);
  await clock.advance(5_000);
  outbox.add(0, "last");
  await sync.stop();
  assert.equal(outbox.next(0, 1_000), null);
});
