/** The door to the network against real servers on loopback; time is the test's, so that limits are reached without waiting. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttp, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import { createServer as createTcp, type AddressInfo, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { createSecureContext, type SecureContext } from "node:tls";
import { CredentialFiles } from "../../../src/sync/credentials.ts";
import { CONNECT_MS, RESPONSE_MS, type Connection, type Exchanged } from "../../../src/sync/exchange.ts";
import { HttpExchange } from "../../../src/sync/http-exchange.ts";
import { MAX_SLICE_BYTES, Pace, slices } from "../../../src/sync/paced-body.ts";
import { tempDir } from "../store/temp-dir.ts";
import { makeCertificates } from "./certificates.ts";
import { FakeClock, settle } from "./fake-clock.ts";

const never = new AbortController().signal;

async function listen(t: TestContext, server: Server | ReturnType<typeof createTcp>): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => void sockets.add(socket));
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

interface Bench {
  readonly clock: FakeClock;
  readonly connection: Connection;
  readonly post: (options?: {
    readonly bytes?: number;
    readonly signal?: AbortSignal;
    readonly pace?: Pace;
    readonly headers?: Record<string, string>;
  }) => Promise<Exchanged>;
}

function open(t: TestContext, url: string, tls: SecureContext | null = null): Bench {
  const clock = new FakeClock();
  const connection = new HttpExchange({ clock }).open(new URL(url), tls);
  t.after(() => connection.close());
  const post: Bench["post"] = ({ bytes = 100, signal = never, pace = null, headers = {} } = {}) => {
    const body = new Uint8Array(bytes).fill(65);
    return connection.post({ headers, length: bytes, slices: (ended) => slices(body, { pace, signal: ended }), signal });
  };
  return { clock, connection, post };
}

async function http(t: TestContext, listener: RequestListener): Promise<Bench> {
  return open(t, `http://127.0.0.1:${await listen(t, createHttp(listener))}/api/v1/sync`);
}

/** Lets time pass in steps until the exchange has ended. */
async function patiently(
  clock: FakeClock,
  exchanged: Promise<Exchanged>,
  stepMs = 100,
): Promise<{ readonly exchanged: Exchanged; readonly ms: number }> {
  const startMs = clock.nowMs();
  let isOver = false;
  const watched = exchanged.finally(() => (isOver = true));
  while (!isOver) await clock.advance(stepMs);
  return { exchanged: await watched, ms: clock.nowMs() - startMs };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

test("a request is posted with its headers and length, and its answer read; the connection is kept for the next", async (t) => {
  const seen: unknown[] = [];
  const ports: (number | undefined)[] = [];
  const { post } = await http(t, (request, response) => {
    void bodyOf(request).then((body) => {
      ports.push(request.socket.remotePort);
      seen.push([
        request.method,
        request.url,
        request.headers["content-length"],
        request.headers["transfer-encoding"],
        request.headers["x-one"],
        body.length,
      ]);
      response.writeHead(503, { "retry-after": "7", location: "/x" }).end("busy");
    });
  });
  const first = await post({ headers: { "x-one": "1" } });
  assert.ok(first.kind === "answered");
  assert.deepEqual([first.status, first.retryAfter, first.location, first.text], [503, "7", "/x", "busy"]);
  await post();
  assert.deepEqual(seen[0], ["POST", "/api/v1/sync", "100", undefined, "1", 100]);
  assert.equal(ports[0], ports[1]);
});

test("a redirect is not followed", async (t) => {
  let requests = 0;
  const { post } = await http(t, (request, response) => {
    requests++;
    request.resume();
    response.writeHead(308, { location: "/elsewhere" }).end();
  });
  const exchanged = await post();
  assert.ok(exchanged.kind === "answered");
  assert.deepEqual([exchanged.status, exchanged.location, requests], [308, "/elsewhere", 1]);
});

test("a server that accepts and never answers is given up after 10 s, and its connection is cut", async (t) => {
  const closed = Promise.withResolvers<void>();
  const { clock, connection, post } = await http(t, (request) => {
    request.socket.once("close", () => closed.resolve());
  });
  const { exchanged, ms } = await patiently(clock, post());
  assert.deepEqual(exchanged, { kind: "failed", why: "timeout", text: "no answer within 10 s" });
  assert.ok(ms >= RESPONSE_MS && ms <= RESPONSE_MS + CONNECT_MS, `${ms} ms`);
  connection.close();
  await closed.promise;
});

test("an answer that trickles is given up as well: the limit is for all of it", async (t) => {
  const { clock, post } = await http(t, (request, response) => {
    request.resume();
    response.writeHead(200, { "content-length": "1000" });
    const timer = setInterval(() => response.write("x"), 1);
    request.socket.once("close", () => clearInterval(timer));
  });
  const { exchanged } = await patiently(clock, post());
  assert.deepEqual(exchanged, { kind: "failed", why: "timeout", text: "no answer within 10 s" });
});

test("a server that does not get as far as TLS is given up after 2 s", async (t) => {
  const port = await listen(
    t,
    createTcp(() => {}),
  );
  const { clock, post } = open(t, `https://127.0.0.1:${port}`, createSecureContext());
  const { exchanged, ms } = await patiently(clock, post());
  assert.deepEqual(exchanged, { kind: "failed", why: "timeout", text: "no connection within 2 s" });
  assert.ok(ms >= CONNECT_MS && ms < CONNECT_MS + 200, `${ms} ms`);
});

test("a connection that is cut after the request, or in the middle of the answer, is told as that", async (t) => {
  const dropped = await http(t, (request) => void request.resume().once("end", () => request.socket.destroy()));
  assert.deepEqual(await dropped.post(), { kind: "failed", why: "closed", text: "it closed the connection before it had answered" });
  const half = await http(t, (request, response) => {
    request.resume();
    response.writeHead(200, { "content-length": "1000" });
    response.write('{"api":1,', () => request.socket.destroy());
  });
  const exchanged = await half.post();
  assert.deepEqual([exchanged.kind, exchanged.kind === "failed" && exchanged.why], ["failed", "closed"]);
});

test("nobody there, and something there that is no HTTP, are told apart", async (t) => {
  const gone = createTcp();
  gone.listen(0, "127.0.0.1");
  await once(gone, "listening");
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const refused = await open(t, `http://127.0.0.1:${port}`).post();
  assert.deepEqual(refused, { kind: "failed", why: "connect", text: "connection refused: nothing listens there" });
  const ssh = await listen(
    t,
    createTcp((socket) => void socket.on("error", () => {}).end("SSH-2.0-OpenSSH_9.2\r\n")),
  );
  const exchanged = await open(t, `http://127.0.0.1:${ssh}`).post();
  assert.ok(exchanged.kind === "failed" && exchanged.why === "protocol", JSON.stringify(exchanged));
});

test("an answer without end is not read to its end", async (t) => {
  const { post } = await http(t, (request, response) => {
    request.resume();
    const more = (): void => {
      while (response.writable && response.write("x".repeat(65_536)));
    };
    response.on("drain", more).on("error", () => {});
    more();
  });
  assert.deepEqual(await post(), { kind: "failed", why: "too-long", text: "its answer is too long" });
});

test("an answer that comes before the body is whole is taken: 413 does not wait for 200 kB", async (t) => {
  const { clock, post } = await http(t, (request, response) => {
    request.once("data", () => response.writeHead(413, { connection: "close" }).end('{"error":{}}'));
  });
  const { exchanged } = await patiently(clock, post({ bytes: 200_000, pace: new Pace(clock, 1e6) }));
  assert.ok(exchanged.kind === "answered", JSON.stringify(exchanged));
  assert.equal(exchanged.status, 413);
});

test("a slow reader gets slices at the pace and no sooner, and waiting between them is no timeout", async (t) => {
  const arrived: number[] = [];
  const { clock, post } = await http(t, (request, response) => {
    request.on("data", (chunk: Buffer) => {
      arrived.push(chunk.length);
      request.pause();
      setImmediate(() => request.resume());
    });
    request.once("end", () => response.end("{}"));
  });
  // A slice takes 16 s at this pace, longer than any limit.
  const { exchanged, ms } = await patiently(clock, post({ bytes: 40_000, pace: new Pace(clock, 4_000) }), 1_000);
  assert.equal(exchanged.kind, "answered");
  assert.ok(ms >= 4 * 16_000, `${ms} ms for five slices`);
  assert.ok(Math.max(...arrived) <= MAX_SLICE_BYTES, arrived.join(" "));
});

test("a reader that takes nothing is given up when no slice was taken for 10 s", async (t) => {
  const port = await listen(
    t,
    createTcp((socket) => void socket.pause().on("error", () => {})),
  );
  const { clock, post } = open(t, `http://127.0.0.1:${port}`);
  const { exchanged } = await patiently(clock, post({ bytes: 100_000_000, pace: new Pace(clock, 1e12) }));
  assert.deepEqual(exchanged, { kind: "failed", why: "timeout", text: "it takes nothing of what is sent, for 10 s" });
});

test("our signal ends it in any state, and no timer is left", async (t) => {
  const reached = Promise.withResolvers<void>();
  const { clock, post } = await http(t, () => reached.resolve());
  const abort = new AbortController();
  const exchanged = post({ signal: abort.signal });
  await reached.promise;
  abort.abort();
  assert.deepEqual(await exchanged, { kind: "aborted" });
  await settle();
  assert.equal(clock.waiting, 0);
  assert.deepEqual(await post({ signal: abort.signal }), { kind: "aborted" });
});

test("TLS: our authority is trusted and no other, an expired certificate is told, a client certificate is shown", async (t) => {
  const made = makeCertificates(tempDir(t));
  const answer: RequestListener = (request, response) => void request.resume().once("end", () => response.end("{}"));
  const good = await listen(t, createHttps({ cert: made.server.cert, key: made.server.key }, answer));
  const expired = await listen(t, createHttps({ cert: made.expired.cert, key: made.expired.key }, answer));
  const ca = readFileSync(made.caFile, "utf8");
  const picky = await listen(t, createHttps({ cert: made.server.cert, key: made.server.key, ca, requestCert: true }, answer));
  const files = { tokenFile: null, caFile: made.caFile, certFile: null, keyFile: null, urls: ["https://127.0.0.1"] };
  const ours = new CredentialFiles(files).get().tls ?? assert.fail("no TLS");
  const cases: readonly (readonly [string, SecureContext, string | RegExp])[] = [
    [`https://127.0.0.1:${good}`, ours, "answered"],
    [`https://localhost:${good}`, ours, "answered"],
    [`https://127.0.0.2:${good}`, ours, "connection refused: nothing listens there"],
    [
      `https://127.0.0.1:${good}`,
      createSecureContext({ ca: readFileSync(made.otherCaFile, "utf8") }),
      "its certificate is not from a trusted authority (collector.ca_file)",
    ],
    [`https://127.0.0.1:${good}`, createSecureContext(), "its certificate is not from a trusted authority (collector.ca_file)"],
    [`https://127.0.0.1:${expired}`, ours, "its certificate has expired"],
    [`https://127.0.0.1:${picky}`, ours, /^it wants a client certificate|^it closed the connection/],
    [
      `https://127.0.0.1:${picky}`,
      new CredentialFiles({ ...files, certFile: made.client.certFile, keyFile: made.client.keyFile }).get().tls ?? assert.fail(),
      "answered",
    ],
  ];
  for (const [url, tls, expected] of cases) {
    const exchanged = await open(t, url, tls).post();
    const said = exchanged.kind === "failed" ? exchanged.text : exchanged.kind;
    // In TLS 1.3 the refusal comes after the handshake, and the end of the connection may overtake it.
    if (typeof expected === "string") assert.equal(said, expected, url);
    else assert.match(said, expected, url);
  }
  const plain = await listen(t, createHttp(answer));
  assert.equal((await open(t, `https://127.0.0.1:${plain}`, ours).post()).kind, "failed");
});

test("a certificate for another name is refused", async (t) => {
  const made = makeCertificates(tempDir(t));
  const server = createHttps(
    { cert: made.server.cert, key: made.server.key },
    (request, response) => void request.resume().once("end", () => response.end("{}")),
  );
  server.listen(0, "127.0.0.2");
  await once(server, "listening");
  t.after(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const exchanged = await open(t, `https://127.0.0.2:${port}`, createSecureContext({ ca: readFileSync(made.caFile, "utf8") })).post();
  assert.deepEqual(exchanged, { kind: "failed", why: "certificate", text: "its certificate is for another name" });
});
