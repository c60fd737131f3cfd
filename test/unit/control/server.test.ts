import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { ask, NoAgent } from "../../../src/control/client.ts";
import { ControlFailure, MAX_REQUEST_BYTES } from "../../../src/control/protocol.ts";
import { ControlServer, MAX_CLIENTS, type ControlOptions } from "../../../src/control/server.ts";
import { FakeLog } from "../capture/fake-log.ts";
import { tempDir } from "../store/temp-dir.ts";

const STATUS = { op: "status", dataDir: null, peers: null, language: "en" } as const;
const PATIENCE_MS = 150;

async function serve(t: TestContext, options: Partial<ControlOptions> = {}): Promise<{ path: string; server: ControlServer; log: FakeLog }> {
  const log = new FakeLog();
  const path = options.path ?? join(tempDir(t), "meshprobe.sock");
  const server = new ControlServer({ path, log, answer: () => "well", patienceMs: PATIENCE_MS, ...options });
  await server.start();
  t.after(() => server.stop());
  return { path, server, log };
}

/** All that one gets for these bytes, until the server ends the talk. */
function say(path: string, bytes: string | Buffer, half = false): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ path, allowHalfOpen: true });
    let heard = "";
    socket.setEncoding("utf8").on("data", (text: string) => (heard += text));
    socket.on("error", () => {}).on("end", () => socket.destroy());
    socket.on("close", () => resolve(heard));
    if (half) socket.end(bytes);
    else socket.write(bytes);
  });
}

function open(t: TestContext, path: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("error", () => {});
    t.after(() => socket.destroy());
    socket.once("connect", () => resolve(socket));
  });
}

test("a question is answered, and the socket is for user and group only", async (t) => {
  const { path, server } = await serve(t, { answer: (request) => ({ asked: request }) });
  assert.deepEqual(await ask(STATUS, { paths: [path] }), { asked: STATUS });
  assert.equal(lstatSync(path).mode & 0o777, 0o660);
  await server.stop();
  assert.equal(existsSync(path), false);
  assert.equal(existsSync(`${path}.new`), false);
});

test("progress comes before the answer, and a refusal with its reason", async (t) => {
  const { path } = await serve(t, {
    answer: (request, { progress }) => {
      if (request.op === "reload") throw new ControlFailure("config", "peers.yaml:3:1: wrong");
      progress("a");
      progress("b");
      return 7;
    },
  });
  const heard: string[] = [];
  assert.equal(await ask(STATUS, { paths: [path], onProgress: (text) => heard.push(text) }), 7);
  assert.deepEqual(heard, ["a", "b"]);
  await assert.rejects(ask({ op: "reload", dataDir: null }, { paths: [path] }), {
    name: "ControlFailure",
    code: "config",
    message: "peers.yaml:3:1: wrong",
  });
});

test("a client that closes its side after the question is answered all the same", async (t) => {
  const { path } = await serve(t);
  assert.match(await say(path, '{"op":"status"}\n', true), /"done","result":"well"/);
});

test("garbage, and a line that is too long, get one line and no more", async (t) => {
  const { path } = await serve(t);
  assert.match(await say(path, "GET / HTTP/1.1\r\n\r\n"), /"code":"request"/);
  assert.match(await say(path, Buffer.from([0xff, 0xfe, 0x00, 0x0a])), /"code":"request"/);
  assert.match(await say(path, "x".repeat(MAX_REQUEST_BYTES)), /at most 4096 bytes/);
  assert.match(await say(path, "x".repeat(5_000_000)), /at most 4096 bytes|^$/);
  const longest = `{"op":"trace","peer":"p"${" ".repeat(MAX_REQUEST_BYTES - 26)}}\n`;
  assert.equal(longest.length, MAX_REQUEST_BYTES);
  assert.match(await say(path, longest), /"done"/);
});

test("who says nothing, or a byte now and then, or does not take the answer is left after the patience", async (t) => {
  const { path } = await serve(t, { answer: () => "x".repeat(8_000_000) });
  const startedMs = performance.now();
  assert.equal(await say(path, ""), "");
  assert.equal(await say(path, "", true), "");
  const slow = await open(t, path);
  const drip = setInterval(() => slow.write("x"), PATIENCE_MS / 5);
  await new Promise((resolve) => slow.once("close", resolve));
  clearInterval(drip);
  const deaf = await open(t, path);
  deaf.pause();
  deaf.write('{"op":"status"}\n');
  // It reads again only once the server has let go: what it finds then is not the whole answer.
  const { promise: free, resolve: isFree } = Promise.withResolvers<void>();
  setTimeout(isFree, 3 * PATIENCE_MS);
  await free;
  let taken = 0;
  deaf.on("data", (bytes: Buffer) => (taken += bytes.length));
  deaf.resume();
  await new Promise((resolve) => deaf.once("close", resolve));
  assert.ok(taken < 8_000_000, `${taken} bytes`);
  assert.ok(performance.now() - startedMs < 20 * PATIENCE_MS);
});

test("sixteen are served, one more is told so, and there is room again when one has gone", async (t) => {
  const { path } = await serve(t, { patienceMs: 5_000 });
  const sockets = await Promise.all(Array.from({ length: MAX_CLIENTS }, () => open(t, path)));
  await assert.rejects(ask(STATUS, { paths: [path] }), { code: "busy" });
  const gone = sockets[0] as Socket;
  gone.destroy();
  await new Promise((resolve) => gone.once("close", resolve));
  // The server learns of it by an event of its own; a question that is asked after it is answered.
  while ((await ask(STATUS, { paths: [path] }).catch((error: ControlFailure) => error.code)) === "busy");
  assert.equal(await ask(STATUS, { paths: [path] }), "well");
});

test("five hundred that connect and vanish leave the server well", async (t) => {
  const { path } = await serve(t);
  for (let round = 0; round < 500; round++) {
    const socket = connect(path);
    socket.on("error", () => {});
    if (round % 2 === 0) socket.write(round % 4 === 0 ? '{"op":"status"}\n' : "garbage");
    if (round % 3 === 0) socket.once("connect", () => socket.destroy());
    else socket.destroy();
  }
  while ((await ask(STATUS, { paths: [path] }).catch((error: ControlFailure) => error.code)) === "busy");
  assert.equal(await ask(STATUS, { paths: [path] }), "well");
});

test("a socket that a killed agent has left is replaced; one that is in use, or another file, is not", async (t) => {
  const directory = tempDir(t);
  const path = join(directory, "meshprobe.sock");
  const left = spawnSync(process.execPath, [
    "-e",
    `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`,
  ]);
  assert.equal(left.signal, "SIGKILL");
  assert.ok(lstatSync(path).isSocket());
  const first = await serve(t, { path });
  assert.equal(await ask(STATUS, { paths: [path] }), "well");

  const second = await serve(t, { path, answer: () => "another" });
  assert.match(second.log.said.join(), /cannot open the control socket/);
  assert.equal(await ask(STATUS, { paths: [path] }), "well");
  await second.server.stop();
  assert.equal(await ask(STATUS, { paths: [path] }), "well");
  await first.server.stop();

  writeFileSync(path, "a file");
  const third = await serve(t, { path });
  assert.match(third.log.said.join(), /cannot open the control socket/);
  await third.server.stop();
  assert.ok(lstatSync(path).isFile());
});

test("without an agent it is said that none runs; somebody else's answer is no agent's", async (t) => {
  const directory = tempDir(t);
  const path = join(directory, "meshprobe.sock");
  await assert.rejects(
    ask(STATUS, { paths: [path, join(directory, "no/such/meshprobe.sock")] }),
    (error) => error instanceof NoAgent && /does not run/.test(error.message),
  );
  const other = createServer((socket) => socket.on("error", () => {}).end("220 smtp\r\n")).listen(path);
  t.after(() => other.close());
  await assert.rejects(ask(STATUS, { paths: [path] }), /no meshprobe agent/);
});

test("an agent of another data directory is passed over", async (t) => {
  const other = await serve(t, {
    answer: () => {
      throw new ControlFailure("other-agent", "this agent keeps its data in /other");
    },
  });
  const own = await serve(t);
  assert.equal(await ask(STATUS, { paths: [other.path, own.path] }), "well");
  await assert.rejects(ask(STATUS, { paths: [other.path] }), /keeps its data in/);
});
