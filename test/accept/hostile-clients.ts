/**
 * Clients that mean harm, or behave as if: bombs, endless and slow bodies, half requests, tricks in paths, headers and tokens. Each returns what the collector did
 * that it must not do; empty when it held. Written on bare sockets, for no HTTP library would send most of this.
 */
import { once } from "node:events";
import { connect as connectPlain } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { createGzip, gzipSync } from "node:zlib";
import { MAX_BODY_BYTES, SYNC_PATH } from "../../src/sync/wire.ts";
import { ANSWER_MS, openTls, talk, type Reply, type Source, type Target } from "./bare-client.ts";
import { TRICKS } from "./hostile-bodies.ts";

export interface HostileTarget extends Target {
  readonly nodeToken: string;
  readonly readerToken: string;
  /** A good body of the node that the token is of. */
  readonly good: string;
  /** Another node: good bodies with its name in them, and with one of its files in them. */
  readonly asVictim: string;
  readonly withVictimsFile: string;
}

const GIGABYTE = 1024 ** 3;
/** Beyond this the collector reads what it should have refused. */
const MAX_READ_BYTES = 16 * 1024 ** 2;
const CHUNK = Buffer.alloc(64 * 1024, 0x20);
const SLOW_EVERY_MS = 1_000;

/** Header of a sync request; `more` replaces or adds. */
function post(token: string, more: Readonly<Record<string, string>>): string {
  const headers = { host: "collector", authorization: `Bearer ${token}`, "content-type": "application/json", ...more };
  return `POST ${SYNC_PATH} HTTP/1.1\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`;
}

function postBody(token: string, body: Uint8Array | string, more: Readonly<Record<string, string>> = {}): (Uint8Array | string)[] {
  return [post(token, { "content-length": String(Buffer.byteLength(body)), ...more }), body];
}

/** Faults of replies: each must have one of these status codes. */
function expect(what: string, reply: Reply, wanted: readonly number[]): string[] {
  return wanted.includes(reply.status) ? [] : [`${what}: ${reply.status === 0 ? "no answer" : reply.status}, not ${wanted.join(" or ")}`];
}

export async function bombs(target: HostileTarget, times: number): Promise<string[]> {
  const zeros = await packedZeros(GIGABYTE / 4);
  const json = gzipSync(`{"api":1,"node":"${" ".repeat(60 * 1024 ** 2)}"}`);
  const twice = gzipSync(gzipSync(Buffer.alloc(8 * 1024 ** 2)));
  const whole = gzipSync(target.good);
  const cases: readonly (readonly [string, Uint8Array, string, readonly number[]])[] = [
    ["250 MB of zeros", zeros, "gzip", [413]],
    ["60 MB of blanks in JSON", json, "gzip", [413]],
    ["gzip in gzip", twice, "gzip, gzip", [400, 415]],
    ["gzip in gzip, said once", twice, "gzip", [400, 413]],
    ["brotli", whole, "br", [415]],
    ["deflate", whole, "deflate", [400, 415]],
    ["half of gzip", whole.subarray(0, whole.length / 2), "gzip", [400]],
    // zlib reads to the end of the member and no further.
    ["bytes behind gzip", Buffer.concat([whole, zeros.subarray(0, 1_000)]), "gzip", [200, 400, 413]],
    ["two gzip members", Buffer.concat([whole, whole]), "gzip", [400, 413]],
    ["no gzip", Buffer.from(target.good), "gzip", [400]],
    ["four bodies in one", gzipSync(" ".repeat(4 * MAX_BODY_BYTES + 1)), "gzip", [413]],
  ];
  const one = async ([what, body, encoding, wanted]: (typeof cases)[number]): Promise<string[]> =>
    expect(what, await talk(target, postBody(target.nodeToken, body, { "content-encoding": encoding })), wanted);
  const faults: string[] = [];
  for (let time = 0; time < times; time++) for (const each of cases) faults.push(...(await one(each)));
  return faults;
}

async function packedZeros(bytes: number): Promise<Uint8Array> {
  const gzip = createGzip({ level: 9 });
  const parts: Buffer[] = [];
  gzip.on("data", (part: Buffer) => parts.push(part));
  const zeros = Buffer.alloc(1024 ** 2);
  for (let sent = 0; sent < bytes; sent += zeros.length) if (!gzip.write(zeros)) await once(gzip, "drain");
  gzip.end();
  await once(gzip, "end");
  return Buffer.concat(parts);
}

export async function depths(target: HostileTarget): Promise<string[]> {
  const deep = (open: string, close: string, levels: number): string => open.repeat(levels) + close.repeat(levels);
  const cases: readonly (readonly [string, string])[] = [
    ["lists in lists", deep("[", "]", 120_000)],
    ["open lists", "[".repeat(250_000)],
    ["maps in maps", `${'{"a":'.repeat(35_000)}1${"}".repeat(35_000)}`],
    ["a list in a record's data", target.good.replace('"data":{', `"data":${deep("[", "]", 60_000)},"more":{`)],
    ["a map in a record's data", target.good.replace('"data":{', `"data":{"a":${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)},`)],
    ["depth inside a text", target.good.replace('"sentence":"', `"sentence":"${"[".repeat(60_000)}`)],
  ];
  const faults: string[] = [];
  for (const [what, body] of cases) faults.push(...expect(what, await talk(target, postBody(target.nodeToken, body)), [200, 400]));
  return faults;
}

/** More than the collector takes: said, or sent without an end. */
export async function endless(target: HostileTarget): Promise<string[]> {
  const { nodeToken } = target;
  const said = post(nodeToken, { "content-length": String(10 * GIGABYTE) });
  const chunked = post(nodeToken, { "transfer-encoding": "chunked" });
  const packed = post(nodeToken, { "transfer-encoding": "chunked", "content-encoding": "gzip" });
  const random = Buffer.from(Array.from(CHUNK, (_, index) => (index * 2_654_435_761) & 255));
  async function* endlessly(head: string, part: Uint8Array | string): AsyncGenerator<Uint8Array | string> {
    yield head;
    for (;;) {
      yield part;
      // Lets the answer come in between.
      await new Promise(setImmediate);
    }
  }
  const chunk = (data: Uint8Array): Buffer => Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from("\r\n")]);
  const cases: readonly (readonly [string, Source, readonly number[]])[] = [
    ["10 GB, said and sent", endlessly(said, CHUNK), [413]],
    ["10 GB, said only", [said], [413]],
    ["chunks without an end", endlessly(chunked, chunk(CHUNK)), [413]],
    ["chunks of noise as gzip", endlessly(packed, chunk(random)), [400, 413]],
    ["one chunk of 16 EB", [chunked, "ffffffffffffffff\r\n"], [400, 408, 413]],
    ["header without an end", endlessly("GET /healthz HTTP/1.1\r\nhost: collector\r\nx: ", Buffer.alloc(16_384, 0x61)), [400, 413, 431]],
    ["headers without an end", endlessly("GET /healthz HTTP/1.1\r\nhost: collector\r\n", `x: ${"y".repeat(500)}\r\n`.repeat(20)), [400, 413, 431]],
    ["a path without an end", endlessly("GET /", Buffer.alloc(16_384, 0x61)), [400, 414, 431]],
    ["negative length", [post(nodeToken, { "content-length": "-5" })], [400]],
    ["length in hexadecimal", [post(nodeToken, { "content-length": "0x10" })], [400]],
    ["two lengths", [post(nodeToken, { "content-length": "5\r\ncontent-length: 6" }), "{}   "], [400]],
    ["length and chunks", [post(nodeToken, { "content-length": "5", "transfer-encoding": "chunked" }), "0\r\n\r\n"], [400]],
    ["chunked twice", [post(nodeToken, { "transfer-encoding": "chunked, chunked" }), "0\r\n\r\n"], [400, 501]],
  ];
  const faults: string[] = [];
  for (const [what, source, wanted] of cases) {
    const reply = await talk(target, source);
    // A reset may overtake the answer when more is sent than is read; that it is refused soon is what counts.
    const isCut = reply.status === 0 && reply.sentBytes > CHUNK.length && reply.tookMs < ANSWER_MS / 2;
    if (!isCut) faults.push(...expect(what, reply, wanted));
    if (reply.sentBytes > MAX_READ_BYTES) faults.push(`${what}: took in ${Math.round(reply.sentBytes / 1024 ** 2)} MB`);
  }
  return faults;
}

/** Connections that send a byte a second: half of them their header, half their body. Each must be ended within `limitMs`. */
export async function slowSenders(target: HostileTarget, options: { readonly connections: number; readonly limitMs: number }): Promise<string[]> {
  const body = Buffer.from(target.good);
  const head = post(target.nodeToken, { "content-length": String(body.length) });
  async function* drop(text: Uint8Array): AsyncGenerator<Uint8Array> {
    for (const byte of text) {
      yield Uint8Array.of(byte);
      await pause(SLOW_EVERY_MS);
    }
  }
  async function* slowBody(): AsyncGenerator<Uint8Array | string> {
    yield head;
    yield* drop(body);
  }
  const replies = await Promise.all(
    Array.from({ length: options.connections }, (_, index) =>
      talk(target, index % 2 === 0 ? slowBody() : drop(Buffer.from(head)), { limitMs: options.limitMs }).catch((error: unknown) => String(error)),
    ),
  );
  return replies.flatMap((reply, index) => {
    const what = index % 2 === 0 ? "slow body" : "slow header";
    if (typeof reply === "string") return [`${what}: could not connect: ${reply}`];
    if (reply.tookMs >= options.limitMs) return [`${what}: still there after ${options.limitMs / 1_000} s`];
    return reply.status === 0 ? [] : expect(what, reply, [400, 408, 429, 503]);
  });
}

/** Requests that end in the middle, and what is no TLS at all. Nothing is expected of them but that others go on. */
export async function halfRequests(
  target: HostileTarget,
  { times, random }: { readonly times: number; readonly random: () => number },
): Promise<void> {
  const whole = Buffer.concat([
    Buffer.from(post(target.nodeToken, { "content-length": String(Buffer.byteLength(target.good)) })),
    Buffer.from(target.good),
  ]);
  for (let time = 0; time < times; time++) {
    const isTls = time % 4 !== 3;
    const socket = isTls ? await openTls(target) : connectPlain(target.port, "127.0.0.1");
    socket.on("error", () => {});
    const part = isTls ? whole.subarray(0, Math.floor(random() * whole.length)) : Buffer.from(Array.from({ length: 200 }, () => random() * 256));
    if (!isTls) await once(socket, "connect");
    await new Promise<void>((resolve) => void socket.write(part, () => resolve()));
    if (time % 2 === 0) socket.destroy();
    else socket.end();
  }
}

/** Names, tokens and rights that are not the sender's. */
export async function impostors(target: HostileTarget): Promise<string[]> {
  const { nodeToken, readerToken, good } = target;
  const get = (token: string | null, path: string): string[] => [
    `GET ${path} HTTP/1.1\r\nhost: collector\r\n${token === null ? "" : `authorization: Bearer ${token}\r\n`}\r\n`,
  ];
  const cases: readonly (readonly [string, Source, readonly number[]])[] = [
    ["another node's name", postBody(nodeToken, target.asVictim), [403]],
    ["another node's file", postBody(nodeToken, target.withVictimsFile), [403]],
    ["another node's file as gzip", postBody(nodeToken, gzipSync(target.withVictimsFile), { "content-encoding": "gzip" }), [403]],
    ["a reader that writes", postBody(readerToken, good), [403]],
    ["a node that reads", get(nodeToken, "/api/v1/incidents"), [403]],
    ["no token", get(null, "/api/v1/incidents"), [401]],
    ["no token on sync", [post("", { "content-length": "2", authorization: "" }), "{}"], [401]],
    ["a wrong token", postBody(`${nodeToken.slice(0, -1)}${nodeToken.endsWith("A") ? "B" : "A"}`, good), [401]],
    ["half a token", postBody(nodeToken.slice(0, 20), good), [401]],
    ["a token with more behind", postBody(`${nodeToken}x`, good), [401]],
    ["a long token", postBody("A".repeat(8_000), good), [401, 431]],
    ["a token with bytes", postBody("\u00ff\u00fe' OR 1=1", good), [400, 401]],
    ["basic", postBody(nodeToken, good, { authorization: `Basic ${Buffer.from(`x:${nodeToken}`).toString("base64")}` }), [401]],
    ["the token in the address", get(null, `/api/v1/incidents?token=${readerToken}`), [400, 401]],
    ["two tokens", postBody(nodeToken, good, { authorization: `Bearer ${readerToken}\r\nauthorization: Bearer ${nodeToken}` }), [400, 401, 403]],
  ];
  const faults: string[] = [];
  for (const [what, source, wanted] of cases) faults.push(...expect(what, await talk(target, source), wanted));
  return faults;
}

/** Tricks in every path, parameter, method and header: refused, or answered without anything of anybody else. */
export async function tricks(target: HostileTarget, every = 1): Promise<string[]> {
  const reader = `authorization: Bearer ${target.readerToken}\r\n`;
  const get = (path: string, more = ""): string[] => [`GET ${path} HTTP/1.1\r\nhost: collector\r\n${reader}${more}\r\n`];
  const faults: string[] = [];
  let asked = 0;
  const ask = async (what: string, source: Source, wanted: (reply: Reply) => boolean): Promise<void> => {
    if (asked++ % every !== 0) return;
    const reply = await talk(target, source);
    if (!wanted(reply)) faults.push(`${what}: ${reply.status} ${reply.text.slice(-200)}`);
  };
  const isRefused = (reply: Reply): boolean => reply.status >= 400 && reply.status < 500;
  // The fuzzer may have stored such words as its own; nobody else's data may come for them.
  const isRefusedOrHarmless = (reply: Reply): boolean => isRefused(reply) || (reply.status === 200 && !/"node":"(?!fuzzer")/.test(reply.text));
  const parameters = ["since", "until", "node", "peer", "scope", "at", "limit", "id", "format", "x"];
  for (const trick of TRICKS) {
    const encoded = encode(trick).slice(0, 4_000);
    for (const path of ["incidents", "events", "nodes", "matrix"]) {
      for (const name of parameters) {
        // What a list of nodes has to do with such a parameter, only the collector knows: refused or ignored.
        const wanted =
          path === "nodes" || path === "matrix" || name === "x" || trick.trim() === ""
            ? (reply: Reply) => isRefused(reply) || reply.status === 200
            : isRefusedOrHarmless;
        await ask(`${path}?${name}=${trick.slice(0, 30)}`, get(`/api/v1/${path}?${name}=${encoded}`), wanted);
      }
    }
    for (const path of [`/api/v1/incidents/${encoded}`, `/api/v1/events/${encoded}`, `/${encoded}`, `/api/${encoded}/sync`])
      if (trick.trim() !== "") await ask(path.slice(0, 60), get(path), isRefused);
  }
  const paths = [
    "/../../etc/passwd",
    "/api/v1/../../etc/passwd",
    "/api/v1/%2e%2e/%2e%2e/etc/passwd",
    "//etc/passwd",
    "/%ZZ",
    "/api/v1/incidents/%ff%fe",
  ];
  for (const path of paths) await ask(path, get(path), isRefused);
  for (const path of ["*", "http://127.0.0.1:1/api/v1/incidents", "api/v1/incidents", "/a b", "/\u0001"])
    await ask(`path ${path}`, get(path), (reply) => reply.status !== 0 && reply.status < 500);
  for (const method of ["TRACE", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "FOO", "post"])
    await ask(method, [`${method} ${SYNC_PATH} HTTP/1.1\r\nhost: collector\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`], isRefused);
  await ask("CONNECT", [`CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: collector\r\n\r\n`], (reply) => reply.status === 0 || isRefused(reply));
  await ask("upgrade", get("/healthz", "connection: upgrade\r\nupgrade: websocket\r\n"), (reply) => reply.status !== 101 && reply.status < 500);
  await ask("expect", postBody(target.nodeToken, target.good, { expect: "something-else" }), (reply) => reply.status === 200 || isRefused(reply));
  await ask("HTTP/3.7", ["GET /healthz HTTP/3.7\r\nhost: collector\r\n\r\n"], isRefused);
  await ask("no HTTP", ["\u0000\u0001\u0002\r\n\r\n"], isRefused);
  await ask(
    "a wrong content type",
    postBody(target.nodeToken, target.good, { "content-type": "text/html" }),
    (reply) => reply.status === 200 || isRefused(reply),
  );
  return faults;
}

function encode(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : "%ed%a0%80";
}
