/** A collector on a free port of this machine's loopback, with a store in memory, one node and one reader; and what is needed to talk to it byte by byte. */
import { once } from "node:events";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { readingEndpoints } from "../../../src/collector/api/endpoints.ts";
import { Collector } from "../../../src/collector/collector.ts";
import type { CollectorSettings } from "../../../src/collector/config/collector-config.ts";
import { LIMITS, type Limits } from "../../../src/collector/http/limits.ts";
import { createReports } from "../../../src/collector/reports/reports.ts";
import { newToken, tokenSum } from "../../../src/collector/tokens/token-book.ts";
import { changeTokens } from "../../../src/collector/tokens/token-file.ts";
import { addToken, type TokenRole } from "../../../src/collector/tokens/token-list.ts";
import type { FactLog } from "../../../src/fact-log.ts";
import { tempDir } from "../store/temp-dir.ts";
import { MemoryStore } from "./memory-store.ts";

export interface RunningCollector {
  readonly port: number;
  readonly store: MemoryStore;
  readonly collector: Collector;
  readonly log: WholeLog;
  readonly tokensFile: string;
  /** Of node sh-a1, of node bj-b1, and of a reader. */
  readonly tokens: { readonly node: string; readonly other: string; readonly reader: string };
}

/** Keeps everything that was said, with its facts. */
export class WholeLog implements FactLog {
  readonly said: string[] = [];
  readonly info: FactLog["info"] = (facts, message) => void this.said.push(`info ${message} ${JSON.stringify(facts)}`);
  readonly warn: FactLog["warn"] = (facts, message) => void this.said.push(`warn ${message} ${JSON.stringify(facts)}`);
  readonly error: FactLog["error"] = (facts, message) => void this.said.push(`error ${message} ${JSON.stringify(facts)}`);
}

export interface StartOptions {
  readonly limits?: Partial<Limits>;
  readonly tls?: CollectorSettings["tls"];
  readonly nowMs?: () => number;
}

export async function startCollector(t: TestContext, { limits = {}, tls = null, nowMs = Date.now }: StartOptions = {}): Promise<RunningCollector> {
  const dir = tempDir(t);
  const tokensFile = join(dir, "tokens.json");
  const give = (name: string, role: TokenRole): string => {
    const token = newToken();
    changeTokens(tokensFile, (list) => addToken(list, { name, role, sha256: tokenSum(token), createdMs: nowMs(), endsMs: null }));
    return token;
  };
  const tokens = { node: give("sh-a1", "node"), other: give("bj-b1", "node"), reader: give("desk", "reader") };
  const store = new MemoryStore();
  const log = new WholeLog();
  const settings: CollectorSettings = {
    file: join(dir, "collector.yaml"),
    listen: [{ address: "127.0.0.1", port: 0 }],
    tls,
    store: "sqlite:unused",
    tokensFile,
    retention: { evidenceMs: 3_000_000, samplesMs: 2_000_000, rollupsMs: 1_000_000 },
    log: { level: "info" },
  };
  const collector = new Collector({
    settings,
    store,
    reading: readingEndpoints(store, createReports(store, nowMs)),
    log,
    version: "0.1.0",
    limits: { ...LIMITS, ...limits },
    nowMs,
  });
  await collector.start();
  t.after(() => (store.isClosed ? undefined : collector.stop()));
  return { port: collector.ports[0] ?? 0, store, collector, log, tokensFile, tokens };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Call {
  readonly method?: string;
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array;
}

/** On a connection of its own. */
export function call(port: number, path: string, { method = "GET", token = null, headers = {}, body }: Call = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const all = {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
      ...headers,
    };
    const request = httpRequest({ host: "127.0.0.1", port, path, method, headers: all, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }));
    });
    request.on("error", reject).end(body);
  });
}

export function postSync(port: number, token: string | null, body: unknown): Promise<Reply> {
  return call(port, "/api/v1/sync", { method: "POST", token, body: JSON.stringify(body) });
}

export function codeOf(reply: Reply): string {
  return (JSON.parse(reply.text) as { error: { code: string } }).error.code;
}

/** A connection on which nothing is said yet, and all that comes on it. */
export class RawConnection {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  heard = "";

  constructor(t: TestContext, port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.closed = new Promise((resolve) => this.socket.once("close", () => resolve()));
    this.socket.setEncoding("latin1").on("error", () => {});
    this.socket.on("data", (text: string) => (this.heard += text));
    t.after(() => this.socket.destroy());
  }

  say(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.heard)) {
      if (this.socket.destroyed) throw new Error(`closed after ${JSON.stringify(this.heard)}`);
      await Promise.race([once(this.socket, "data"), this.closed]);
    }
  }
}
