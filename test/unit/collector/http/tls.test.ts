/** TLS with certificates made for the test: what is served, who must show a certificate, how many shake hands at once, and a certificate that is renewed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { connect as tlsConnect } from "node:tls";
import { TlsFileError, TlsFiles } from "../../../../src/collector/http/tls-files.ts";
import { tempDir } from "../../store/temp-dir.ts";
import { startCollector } from "../running-collector.ts";

interface Pair {
  readonly certFile: string;
  readonly keyFile: string;
}

function openssl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync("openssl", args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

function selfSigned(dir: string, name: string): Pair {
  const pair = { certFile: join(dir, `${name}.crt`), keyFile: join(dir, `${name}.key`) };
  const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
  openssl(
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "2",
    ...subject,
    "-keyout",
    pair.keyFile,
    "-out",
    pair.certFile,
  );
  return pair;
}

/** Unlike `once`, an error before it is no failure. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.on("error", () => {}).once("close", () => resolve()));
}

interface Client {
  readonly port: number;
  readonly ca: Pair;
  readonly own?: Pair;
}

function get({ port, ca, own }: Client, path = "/healthz"): Promise<number> {
  const files = { ca: readFileSync(ca.certFile), ...(own === undefined ? {} : { cert: readFileSync(own.certFile), key: readFileSync(own.keyFile) }) };
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, agent: false, ...files }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    asked.on("error", reject).end();
  });
}

async function metric(client: Client, pattern: RegExp): Promise<number> {
  const { port, ca } = client;
  const text = await new Promise<string>((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path: "/metrics", agent: false, ca: readFileSync(ca.certFile) }, (response) => {
      let heard = "";
      response
        .setEncoding("utf8")
        .on("data", (part: string) => (heard += part))
        .on("end", () => resolve(heard));
    });
    asked.on("error", reject).end();
  });
  return Number(pattern.exec(text)?.[1] ?? 0);
}

function certificates(t: TestContext): { readonly dir: string; readonly server: Pair } {
  const dir = tempDir(t);
  return { dir, server: selfSigned(dir, "collector") };
}

test("https is served, and plain http gets nothing", async (t) => {
  const { server } = certificates(t);
  const { port } = await startCollector(t, { tls: { ...server, clientCaFile: null } });
  assert.equal(await get({ port, ca: server }), 200);
  const plain = connect(port, "127.0.0.1");
  let heard = "";
  plain.on("data", (bytes: Buffer) => (heard += bytes.toString("latin1")));
  plain.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
  await closed(plain);
  assert.ok(!heard.includes("200"));
  assert.equal(await metric({ port, ca: server }, /reason="handshake-failed"\} (\d+)/), 1);
  assert.equal(await metric({ port, ca: server }, /\nmeshprobe_collector_handshakes (\d+)/), 0, "each that ended is counted out");
});

test("with a client CA nobody comes without a certificate that it has signed", async (t) => {
  const { dir, server } = certificates(t);
  const node = selfSigned(dir, "node");
  const stranger = selfSigned(dir, "stranger");
  const { port } = await startCollector(t, { tls: { ...server, clientCaFile: node.certFile } });
  assert.equal(await get({ port, ca: server, own: node }), 200);
  await assert.rejects(get({ port, ca: server }));
  await assert.rejects(get({ port, ca: server, own: stranger }));
  assert.equal(await get({ port, ca: server, own: node }, "/api/v1/nodes"), 401, "the token is needed beside it");
});

test("handshakes beyond what can be finished in time are cut at accept, and one that hangs is cut too", async (t) => {
  const { server } = certificates(t);
  const { port } = await startCollector(t, { tls: { ...server, clientCaFile: null }, limits: { handshakes: 2, handshakeMs: 400 } });
  const hanging = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")];
  for (const socket of hanging) socket.resume();
  await Promise.all(hanging.map((socket) => once(socket, "connect")));
  const beyond = tlsConnect({ port, host: "127.0.0.1", ca: readFileSync(server.certFile) });
  await closed(beyond);
  await Promise.all(hanging.map(closed));
  assert.equal(await get({ port, ca: server }), 200, "there is room again");
  assert.equal(await metric({ port, ca: server }, /reason="handshakes"\} (\d+)/), 1);
});

test("files that do not fit together are said; a renewed certificate is taken, a broken one is told once", async (t) => {
  const { dir, server } = certificates(t);
  const other = selfSigned(dir, "other");
  const files = new TlsFiles({ ...server, clientCaFile: null });
  assert.equal(files.readIfChanged(), null);
  assert.throws(() => new TlsFiles({ ...server, keyFile: other.keyFile, clientCaFile: null }).read(), TlsFileError);
  assert.throws(() => new TlsFiles({ ...server, certFile: join(dir, "none"), clientCaFile: null }).read(), /Cannot read .*none: ENOENT/);
  writeFileSync(server.certFile, "no certificate");
  utimesSync(server.certFile, 1, 1);
  assert.throws(() => files.readIfChanged(), TlsFileError);
  assert.equal(files.readIfChanged(), null);
  writeFileSync(server.certFile, readFileSync(other.certFile));
  writeFileSync(server.keyFile, readFileSync(other.keyFile));
  utimesSync(server.certFile, 2, 2);
  assert.equal(files.readIfChanged()?.cert, readFileSync(other.certFile, "utf8"));
});
