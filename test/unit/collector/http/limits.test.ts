/** Whoever means ill, or only sends slowly, on real sockets: a clear 4xx or the end of the connection, and the next one is served. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextRound, setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { call, codeOf, postSync, RawConnection, type RunningCollector, startCollector } from "../running-collector.ts";
import { fullRequest, gzipped, laneOf, record, smallRequest, VERDICT } from "../sample-records.ts";

const SYNC = "/api/v1/sync";

async function stillServes({ port, tokens }: RunningCollector): Promise<void> {
  assert.equal((await postSync(port, tokens.node, smallRequest("sh-a1"))).status, 200);
}

function head({ tokens }: RunningCollector, ...lines: readonly string[]): string {
  return [`POST ${SYNC} HTTP/1.1`, "host: x", `authorization: Bearer ${tokens.node}`, "content-type: application/json", ...lines, "", ""].join(
    "\r\n",
  );
}

async function refusals({ port }: RunningCollector, reason: string): Promise<number> {
  const { text } = await call(port, "/metrics");
  return Number(new RegExp(`refused_total\\{reason="${reason}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}

test("a whole request is stored, plain and gzipped, and acknowledged", async (t) => {
  const { port, tokens, store } = await startCollector(t);
  const body = gzipped(fullRequest());
  const reply = await call(port, SYNC, { method: "POST", token: tokens.node, body, headers: { "content-encoding": "gzip" } });
  assert.equal(reply.status, 200, reply.text);
  const { acks, rejected } = JSON.parse(reply.text) as { acks: { lane: number; seq: number }[]; rejected: unknown[] };
  assert.deepEqual([acks.map(({ seq }) => seq), rejected], [[2, 8, 1, 1], []]);
  assert.equal(store.size, 12);
});

test("a body is what it says: JSON, gzip or plain, within its limits", async (t) => {
  const running = await startCollector(t);
  const { port, tokens } = running;
  const answer = async (body: string | Uint8Array, headers: Record<string, string> = {}): Promise<string> => {
    const reply = await call(port, SYNC, { method: "POST", token: tokens.node, body, headers });
    return `${reply.status} ${codeOf(reply)}`;
  };
  const gzip = { "content-encoding": "gzip" };
  assert.equal(await answer("{}", { "content-type": "text/plain" }), "415 unsupported-type");
  assert.equal(await answer("{}", { "content-encoding": "br" }), "415 unsupported-encoding");
  assert.equal(await answer("{}", { "content-encoding": "gzip, gzip" }), "415 unsupported-encoding");
  assert.equal(await answer("{"), "400 malformed");
  assert.equal(await answer(Buffer.from([0x22, 0xff, 0x22])), "400 malformed");
  assert.equal(await answer("no gzip", gzip), "400 malformed");
  assert.equal(await answer(gzipped(fullRequest()).subarray(0, 300), gzip), "400 malformed", "half of one");
  assert.equal(await answer(`{"api":1,"x":${"[".repeat(200_000)}`), "400 malformed", "deep");
  assert.equal(await answer(gzipSync(`{"a":${'{"a":'.repeat(90_000)}1${"}".repeat(90_001)}`), gzip), "400 malformed", "deep, and whole");
  assert.equal(await answer(gzipSync(Buffer.alloc(200_000_000)), gzip), "413 too-large", "a bomb of 200 MB in 200 kB");
  assert.equal(await answer(gzipSync(gzipSync(Buffer.alloc(1e6))), gzip), "400 malformed");
  assert.equal(await answer(Buffer.alloc(512 * 1024 + 1, 0x20)), "413 too-large");
  assert.equal(await answer("", { "content-length": "10000000000" }), "413 too-large", "10 GB");
  assert.equal(await answer("{}"), "400 unsupported-api");
  await stillServes(running);
  assert.equal(await refusals(running, "too-large"), 3);
});

test("a body without a length is counted while it comes", async (t) => {
  const running = await startCollector(t, { limits: { compressedBytes: 4_000 } });
  const small = new RawConnection(t, running.port);
  const body = JSON.stringify(smallRequest("sh-a1"));
  small.say(`${head(running, "transfer-encoding: chunked")}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
  await small.until(/^HTTP\/1.1 200 [^]*"acks"/);
  const endless = new RawConnection(t, running.port);
  endless.say(head(running, "transfer-encoding: chunked"));
  endless.say(`800\r\n${" ".repeat(0x800)}\r\n`.repeat(3));
  await endless.until(/^HTTP\/1.1 413 /);
  await endless.closed;
  await stillServes(running);
});

test("a sender below the least pace is told so; one that is slow at the pace of a slow lane is not", async (t) => {
  const running = await startCollector(t, { limits: { paceGraceMs: 200, paceBytesPerS: 2_000 } });
  const body = JSON.stringify({ ...smallRequest("sh-a1"), more: "x".repeat(4_000) });
  const slow = new RawConnection(t, running.port);
  slow.say(`${head(running, `content-length: ${body.length}`)}${body.slice(0, 20)}`);
  const honest = new RawConnection(t, running.port);
  honest.say(`${head(running, `content-length: ${body.length}`)}${body.slice(0, 4_000)}`);
  await slow.until(/^HTTP\/1.1 408 [^]*too-slow/);
  await slow.closed;
  assert.equal(honest.heard, "");
  honest.say(body.slice(4_000));
  await honest.until(/^HTTP\/1.1 200 /);
  assert.equal(await refusals(running, "too-slow"), 1);
});

test("a request has arrived when its last byte has, and is answered when it was stored: the node's clock is reckoned from both", async (t) => {
  let nowMs = 1_000_000;
  const running = await startCollector(t, { nowMs: () => nowMs });
  let release = (): void => {};
  running.store.hold = new Promise((resolve) => (release = resolve));
  const body = JSON.stringify(smallRequest("sh-a1"));
  const connection = new RawConnection(t, running.port);
  connection.say(`${head(running, `content-length: ${body.length}`)}${body.slice(0, 100)}`);
  while (!/kind="small"\} 1/.test((await call(running.port, "/metrics")).text));
  nowMs += 30_000;
  connection.say(body.slice(100));
  while (!/body_bytes_total [1-9]/.test((await call(running.port, "/metrics")).text));
  nowMs += 5_000;
  release();
  await connection.until(/"answered_at":"1970-01-01T00:17:15.000Z"/);
  assert.match(connection.heard, /"received_at":"1970-01-01T00:17:10.000Z"/);
});

test("half a request ends with its connection: no answer, nothing stored, nothing kept", async (t) => {
  const running = await startCollector(t, { limits: { headersMs: 300, stalledMs: 2_500 } });
  const body = JSON.stringify(smallRequest("sh-a1"));
  const gone = new RawConnection(t, running.port);
  gone.say(`${head(running, `content-length: ${body.length}`)}${body.slice(0, 100)}`);
  gone.socket.end();
  const silent = new RawConnection(t, running.port);
  const halfHead = new RawConnection(t, running.port);
  halfHead.say("POST /api/v1/sync HTTP/1.1\r\nhost: x\r\n");
  const stalled = new RawConnection(t, running.port);
  stalled.say(`${head(running, `content-length: ${body.length}`)}${body.slice(0, 100)}`);
  await Promise.all([gone, silent, halfHead, stalled].map(({ closed }) => closed));
  assert.match(halfHead.heard, /^HTTP\/1.1 408 /);
  assert.equal(running.store.size, 0);
  const { text } = await call(running.port, "/metrics");
  assert.match(text, /requests_at_work\{kind="small"\} 0/);
  await stillServes(running);
});

test("requests that come at once on one connection are answered in their order; too many end it", async (t) => {
  const running = await startCollector(t);
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${running.tokens.reader}\r\n\r\n`;
  const pipe = new RawConnection(t, running.port);
  pipe.say(get("/api/v1/nodes") + get("/healthz") + get("/nothing"));
  await pipe.until(/"nodes"[^]*"ok"[^]*not-found/);
  const flood = new RawConnection(t, running.port);
  flood.say(get("/api/v1/nodes").repeat(100));
  await flood.closed;
  assert.ok((await refusals(running, "pipelined")) >= 1);
  await stillServes(running);
});

test("no spelling of a path leads anywhere else", async (t) => {
  const { port, tokens } = await startCollector(t);
  const status = async (path: string, method = "GET"): Promise<number> => (await call(port, path, { method, token: tokens.reader })).status;
  for (const path of [
    "/api/v1/../v1/nodes",
    "/api/v1/%2e%2e/nodes",
    "//api/v1/nodes",
    "/api/v1/nodes/",
    "/API/v1/nodes",
    "/api/v1/nodes;x",
    "/etc/passwd",
    "/",
    "*",
    "/api/v1/incidents//records",
  ])
    assert.equal(await status(path), 404, path);
  assert.equal(await status("/api/v1/incidents/%zz"), 400);
  for (const id of ["%00", "a%00b", "%0d%0aX:%201", "%7f"]) assert.equal(await status(`/api/v1/incidents/${id}`), 400, id);
  assert.equal(await status("/api/v1/incidents/a%00bcdefgh/records"), 400);
  assert.equal(await status("/api/v1/incidents/%2e%2e%2f%2e%2e%2fetc%2fpasswd"), 404);
  assert.equal(await status(`/api/v1/incidents/${"a".repeat(8_000)}`), 400);
  assert.equal(await status("/api/v1/nodes", "DELETE"), 405);
  assert.equal(await status("/api/v1/sync"), 405);
  assert.equal(await status("/api/v1/nodes", "HEAD"), 200);
});

test("tricks with headers are no HTTP, and say nothing about what is behind", async (t) => {
  const running = await startCollector(t);
  const body = JSON.stringify(smallRequest("sh-a1"));
  const tricks: readonly (readonly [string, RegExp])[] = [
    [
      `${head(running, `content-length: ${body.length}`, "transfer-encoding: chunked")}0\r\n\r\nGET /api/v1/nodes HTTP/1.1\r\n\r\n`,
      /^HTTP\/1.1 400 /,
    ],
    [`${head(running, "content-length: 5", "content-length: 6")}hello!`, /^HTTP\/1.1 400 /],
    [head(running, "content-length: -5"), /^HTTP\/1.1 400 /],
    [head(running, "content-length : 5"), /^HTTP\/1.1 400 /],
    [head(running, "transfer-encoding: gzip"), /^HTTP\/1.1 400 /],
    [head(running, "connection: close"), /^HTTP\/1.1 411 /],
    [`GET /healthz HTTP/1.1\r\n\r\n`, /^HTTP\/1.1 400 /],
    [`GET /healthz HTTP/1.1\nhost: x\r\n folded: yes\r\n\r\n`, /^HTTP\/1.1 400 /],
    [`GET /healthz HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`, /^HTTP\/1.1 431 /],
    [`\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03`, /^HTTP\/1.1 400 /],
    [`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`, /^HTTP\/1.1 400 |^$/],
  ];
  for (const [bytes, expected] of tricks) {
    const connection = new RawConnection(t, running.port);
    connection.say(Buffer.from(bytes, "latin1"));
    await connection.closed;
    assert.match(connection.heard, expected, bytes.slice(0, 300));
    assert.equal(connection.heard.match(/^HTTP\/1.1/gm)?.length ?? 1, 1, "one answer, and no second request smuggled in");
  }
  assert.equal(running.store.size, 0);
  await stillServes(running);
});

test("who goes on sending what is no HTTP still hears why before the connection is cut", async (t) => {
  const { port, log } = await startCollector(t);
  const connection = new RawConnection(t, port);
  connection.socket.pause();
  connection.say(`GET /${"a".repeat(20_000)}`);
  // With the answer on its way and not read yet, what follows must not be met by a reset: a client that cannot write stops reading.
  while (!log.said.some((line) => line.includes("http-headers-too-large"))) await nextRound();
  let isBroken = false;
  connection.socket.once("error", () => (isBroken = true));
  for (let more = 0; more < 20; more++) {
    connection.say("a".repeat(16_384));
    await pause(5);
  }
  assert.equal(isBroken, false);
  connection.socket.resume();
  await connection.closed;
  assert.match(connection.heard, /^HTTP\/1.1 431 /);
});

test("SQL in names and parameters is text like any other", async (t) => {
  const { port, tokens, store } = await startCollector(t);
  const evil = "x'); DROP TABLE records; --";
  await postSync(
    port,
    tokens.node,
    smallRequest("sh-a1", [laneOf(0, [record("verdict", { id: evil, data: { ...VERDICT, event_id: evil } })])], evil),
  );
  assert.deepEqual(
    store.all().map(({ id }) => id),
    [evil],
  );
  const at = (path: string): Promise<number> => call(port, path, { token: tokens.reader }).then(({ status }) => status);
  const quoted = encodeURIComponent(evil);
  assert.equal(await at(`/api/v1/incidents/${quoted}`), 404);
  assert.equal(await at(`/api/v1/incidents?peer=${quoted}&node=${quoted}`), 200);
  assert.equal(await at(`/api/v1/incidents?limit=${quoted}`), 400);
  assert.equal(await at(`/api/v1/incidents?since=${quoted}`), 400);
  assert.equal(await at(`/api/v1/incidents?peer=%00`), 400);
  assert.equal(await at(`/api/v1/incidents?scope=${quoted}`), 400);
  assert.equal(await at(`/api/v1/incidents?peer=a&peer=b`), 400);
  assert.equal(await at(`/api/v1/incidents?__proto__=a`), 400);
});

test("connections beyond the most there may be are cut, those that say nothing first", async (t) => {
  const running = await startCollector(t, { limits: { connections: 3, crowdedAt: 2, crowdedIdleMs: 300 } });
  const idle = [1, 2, 3].map(() => new RawConnection(t, running.port));
  for (const { socket } of idle) await new Promise((resolve) => (socket.connecting ? socket.once("connect", resolve) : resolve(null)));
  for (const connection of idle) {
    connection.say("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    await connection.until(/"ok"/);
  }
  const beyond = new RawConnection(t, running.port);
  await beyond.closed;
  assert.equal(beyond.heard, "");
  await Promise.all(idle.map(({ closed }) => closed));
  await stillServes(running);
  assert.equal(await refusals(running, "connections"), 1);
});

test("bulk beyond what may be at work is asked to come later; heads still get through", async (t) => {
  const running = await startCollector(t, { limits: { smallBytes: 5_000, bulk: 2, bulkAtOnce: 1 } });
  const { port, tokens, store } = running;
  let release = (): void => {};
  const bulk = { ...smallRequest("sh-a1"), more: "x".repeat(6_000) };
  store.hold = new Promise((resolve) => (release = resolve));
  const working = [postSync(port, tokens.node, bulk), postSync(port, tokens.node, bulk)];
  while (!/kind="bulk"\} 2/.test((await call(port, "/metrics")).text));
  const beyond = await postSync(port, tokens.node, bulk);
  assert.equal(`${beyond.status} ${codeOf(beyond)}`, "503 busy");
  assert.match(String(beyond.headers["retry-after"]), /^[2-5]$/);
  const urgent = postSync(port, tokens.other, smallRequest("bj-b1"));
  while (!/kind="small"\} 1/.test((await call(port, "/metrics")).text));
  release();
  assert.deepEqual(
    (await Promise.all([...working, urgent])).map(({ status }) => status),
    [200, 200, 200],
  );
});

test("one token cannot keep everybody busy: what is beyond its share is asked to come later, others get in, and its own heads do", async (t) => {
  const running = await startCollector(t, { limits: { perHolder: 2, smallPerHolder: 3 } });
  const hanging = [1, 2].map(() => new RawConnection(t, running.port));
  for (const connection of hanging) connection.say(`${head(running, "content-length: 20000")}{`);
  while (!/kind="bulk"\} 2/.test((await call(running.port, "/metrics")).text));
  const beyond = new RawConnection(t, running.port);
  beyond.say(`${head(running, "content-length: 20000")}{`);
  await beyond.until(/^HTTP\/1.1 503 /);
  assert.equal((await postSync(running.port, running.tokens.node, smallRequest("sh-a1"))).status, 200);
  const lost = [1, 2, 3].map(() => new RawConnection(t, running.port));
  for (const connection of lost) connection.say(`${head(running, "content-length: 200")}{`);
  while (!/kind="small"\} 3/.test((await call(running.port, "/metrics")).text));
  assert.equal((await postSync(running.port, running.tokens.node, smallRequest("sh-a1"))).status, 503);
  assert.equal((await postSync(running.port, running.tokens.other, smallRequest("bj-b1"))).status, 200);
  for (const { socket } of [...hanging, ...lost]) socket.destroy();
  while (!/kind="bulk"\} 0/.test((await call(running.port, "/metrics")).text));
  await stillServes(running);
});

test("who asks whether to send is told to go on only when the body is wanted", async (t) => {
  const running = await startCollector(t);
  const body = JSON.stringify(smallRequest("sh-a1"));
  const wanted = new RawConnection(t, running.port);
  wanted.say(head(running, `content-length: ${body.length}`, "expect: 100-continue"));
  await wanted.until(/^HTTP\/1.1 100 Continue\r\n\r\n$/);
  wanted.say(body);
  await wanted.until(/HTTP\/1.1 200 OK/);
  const unwanted = new RawConnection(t, running.port);
  unwanted.say(`POST ${SYNC} HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\nexpect: 100-continue\r\n\r\n`);
  await unwanted.closed;
  assert.match(unwanted.heard, /^HTTP\/1.1 401 /);
});

test("a connection that only waits is closed in the end, and that is no refusal; one in the midst of a request is", async (t) => {
  const running = await startCollector(t, { limits: { idleMs: 200, stalledMs: 300 } });
  const idle = new RawConnection(t, running.port);
  idle.say("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
  const stalled = new RawConnection(t, running.port);
  stalled.say(`${head(running, "content-length: 100")}{`);
  await Promise.all([idle.closed, stalled.closed]);
  assert.match(idle.heard, /"ok"/);
  assert.equal(await refusals(running, "stalled"), 1);
});

test("a store that is away is a 503 with Retry-After, and so is what nobody foresaw; the log tells once in a while", async (t) => {
  const { port, tokens, store, log } = await startCollector(t);
  store.isAway = true;
  for (let times = 0; times < 5; times++) {
    const reply = await postSync(port, tokens.node, smallRequest("sh-a1"));
    assert.equal(`${reply.status} ${codeOf(reply)}`, "503 store-unavailable");
    assert.match(String(reply.headers["retry-after"]), /^[2-5]$/);
  }
  assert.equal((await call(port, "/readyz")).status, 503);
  assert.equal((await call(port, "/healthz")).status, 200);
  assert.equal(log.said.filter((line) => line.includes("store-unavailable")).length, 1);
  store.isAway = false;
  store.deliver = () => Promise.reject(new TypeError("unforeseen"));
  const failed = await postSync(port, tokens.node, smallRequest("sh-a1"));
  assert.equal(`${failed.status} ${codeOf(failed)}`, "503 failed");
  assert.ok(!failed.text.includes("unforeseen"));
  assert.ok(log.said.some((line) => line.startsWith("error a request failed") && line.includes("unforeseen")));
});
