import assert from "node:assert/strict";
import { test } from "node:test";
import { call, codeOf, postSync, RawConnection, startCollector } from "./running-collector.ts";
import { smallRequest } from "./sample-records.ts";

test("stopping: what is at work is stored and answered, nothing new comes in, and the store is closed last", async (t) => {
  const { port, tokens, store, collector } = await startCollector(t);
  let release = (): void => {};
  store.hold = new Promise((resolve) => (release = resolve));
  const atWork = postSync(port, tokens.node, smallRequest("sh-a1"));
  const kept = new RawConnection(t, port);
  const half = JSON.stringify(smallRequest("bj-b1"));
  kept.say(
    `POST /api/v1/sync HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokens.other}\r\ncontent-type: application/json\r\ncontent-length: ${half.length}\r\n\r\n${half.slice(0, 10)}`,
  );
  while (!/kind="small"\} 2/.test((await call(port, "/metrics")).text));
  const stopped = collector.stop();
  await assert.rejects(postSync(port, tokens.node, smallRequest("sh-a1")), "no new connection");
  assert.equal(store.isClosed, false);
  kept.say(`${half.slice(10)}GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n`);
  release();
  const reply = await atWork;
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.connection, "close");
  await kept.closed;
  assert.match(kept.heard, /^HTTP\/1.1 200 /);
  await stopped;
  assert.equal(store.isClosed, true);
  assert.equal(store.deliveries, 2);
});

test("a request on a kept connection is told that the collector stops", async (t) => {
  const { port, tokens, store, collector } = await startCollector(t);
  let release = (): void => {};
  store.hold = new Promise((resolve) => (release = resolve));
  const body = JSON.stringify(smallRequest("sh-a1"));
  const post = `POST /api/v1/sync HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokens.node}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const busy = new RawConnection(t, port);
  busy.say(post);
  while (store.deliveries === 0 && !/kind="small"\} 1/.test((await call(port, "/metrics")).text));
  const late = new RawConnection(t, port);
  late.say("POST /api/v1/sync HTTP/1.1\r\nhost: x\r\n");
  await new Promise((resolve) => late.socket.once("connect", resolve));
  await call(port, "/healthz");
  const stopped = collector.stop();
  late.say(post.split("\r\n").slice(2).join("\r\n"));
  await late.until(/^HTTP\/1.1 503 [^]*\}\}/);
  assert.equal(codeOf({ status: 503, headers: {}, text: late.heard.split("\r\n\r\n")[1] ?? "" }), "stopping");
  release();
  await Promise.all([stopped, busy.closed]);
  assert.match(busy.heard, /^HTTP\/1.1 200 /);
});

test("what does not end is cut, and the collector stops all the same", async (t) => {
  const { port, tokens, store, collector } = await startCollector(t, { limits: { closeMs: 300 } });
  const stuck = new RawConnection(t, port);
  stuck.say(
    `POST /api/v1/sync HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokens.node}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
  );
  while (!/kind="small"\} 1/.test((await call(port, "/metrics")).text));
  const startedMs = performance.now();
  await collector.stop();
  await stuck.closed;
  assert.ok(performance.now() - startedMs < 2_000);
  assert.equal(store.isClosed, true);
});
