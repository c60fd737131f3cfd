/** Serves the metrics over HTTP, when the configuration says where. It only reads, holds no secret, and is meant for loopback: whoever reaches it sees the peers. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { addressBytes } from "../packet/address.ts";
import type { MetricsConfig } from "../config/config.ts";
import type { FactLog } from "../fact-log.ts";
import { EXPOSITION_TYPE } from "./exposition.ts";

/** A few scrapers; each holds one. */
const MAX_CONNECTIONS = 16;
/** For the whole of a request; a scraper sends one line. */
const REQUEST_MS = 5_000;
/** Longer than the usual pause between two scrapes. */
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 8_192;

export interface MetricsServerOptions {
  readonly listen: MetricsConfig;
  readonly log: Pick<FactLog, "info" | "warn">;
  readonly render: () => string;
}

export class MetricsServer {
  readonly #options: MetricsServerOptions;
  readonly #server: Server;

  constructor(options: MetricsServerOptions) {
    this.#options = options;
    const limits = { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS };
    this.#server = createServer({ ...limits, connectionsCheckingInterval: REQUEST_MS }, (request, response) => this.#serve(request, response));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** The port it listens on, null while it does not. */
  get port(): number | null {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : null;
  }

  /** Listens, or says in the log why it cannot. */
  async start(): Promise<void> {
    const { listen, log } = this.#options;
    const at = { address: listen.address, port: listen.port };
    const problem = await new Promise<Error | null>((resolve) => {
      this.#server.once("error", resolve).listen(listen.port, listen.address, () => resolve(null));
    });
    this.#server.on("error", () => {});
    if (problem !== null) return log.warn({ ...at, error: problem.message }, "cannot serve metrics (metrics.listen)");
    log.info(at, "metrics are served");
    if (!isLoopback(listen.address))
      log.warn(at, "metrics.listen is no loopback address: whoever reaches it sees the names and addresses of all peers");
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const path = (request.url ?? "").split("?", 1)[0];
    if (request.method !== "GET" && request.method !== "HEAD") return end(response, { status: 405, text: "GET /metrics\n" });
    if (path !== "/metrics") return end(response, { status: 404, text: "GET /metrics\n" });
    end(response, { status: 200, text: this.#options.render(), type: EXPOSITION_TYPE });
  }
}

function end(response: ServerResponse, answer: { readonly status: number; readonly text: string; readonly type?: string }): void {
  const { status, text, type = "text/plain; charset=utf-8" } = answer;
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text), ...(status === 405 ? { allow: "GET, HEAD" } : {}) });
  response.end(text);
}

function isLoopback(address: string): boolean {
  const bytes = addressBytes(address);
  if (bytes === null) return false;
  return bytes.length === 4 ? bytes[0] === 127 : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
}
