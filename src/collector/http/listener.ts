/**
 * One socket that listens: how many may be connected, how many may shake hands at once, and for how long one may say nothing. When a fleet comes back at once, those
 * beyond the handshakes that can be finished in time are cut at accept, which costs next to nothing: begun too, all of them would be late together.
 */
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { ListenConfig } from "../config/collector-config.ts";
import type { Limits } from "./limits.ts";
import type { Lull } from "./lull.ts";
import type { Tally } from "./tally.ts";
import type { TlsMaterial } from "./tls-files.ts";

const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 64;
const CHECK_MS = 1_000;
/**
 * Connections that the kernel holds until they are accepted. Whoever waits there for longer than a node waits (2 s) is gone when it is its turn, and a long queue of
 * those keeps everybody out: with 4096 a fleet of 2,000 was seen to get no head through for half a minute. Beyond it the kernel drops the SYN, which costs
 * nobody anything, and the node asks again.
 */
const BACKLOG = 128;

/** An address that cannot be listened on, with the mend. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

export interface ListenerOptions {
  readonly listen: ListenConfig;
  readonly tls: TlsMaterial | null;
  readonly limits: Limits;
  readonly tally: Tally;
  readonly lull: Pick<Lull, "arrived">;
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
}

export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server | HttpsServer;
  readonly #connections = new Set<Socket>();
  /** With a request that is not answered. */
  readonly #atWork = new WeakSet<Socket>();
  /** Told that what they send is no HTTP. */
  readonly #refused = new WeakSet<Socket>();
  /** By the far end's address and port. */
  readonly #handshakes = new Set<string>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    const { limits, tls, onRequest } = options;
    // The whole of a request has no fixed limit: a slow lane is honest. body.ts looks at the pace.
    const shared = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: limits.headersMs,
      requestTimeout: 0,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: CHECK_MS,
      noDelay: true,
    };
    this.#server =
      tls === null ? createHttpServer(shared) : createHttpsServer({ ...shared, ...tls, handshakeTimeout: limits.handshakeMs, minVersion: "TLSv1.2" });
    this.#server.maxHeadersCount = MAX_HEADERS;
    this.#server.timeout = limits.stalledMs;
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      this.#atWork.add(request.socket);
      response.once("close", () => this.#atWork.delete(request.socket));
      onRequest(request, response);
    };
    this.#server.on("request", take).on("checkContinue", take);
    this.#server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => this.#refuseClient(error, socket));
    this.#server.on("timeout", (socket: Socket) => {
      // One that only waits for the next request has simply waited long enough.
      if (this.#atWork.has(socket)) options.tally.refused("stalled");
      socket.destroy();
    });
    this.#guardConnections();
    if (tls !== null) this.#guardHandshakes(this.#server);
  }

  get port(): number | null {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : null;
  }

  get connections(): number {
    return this.#connections.size;
  }

  get handshakes(): number {
    return this.#handshakes.size;
  }

  /** Rejects with ListenError. */
  start(): Promise<void> {
    const { address, port } = this.#options.listen;
    return new Promise((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException): void => reject(listenError(error, { address, port }));
      this.#server.once("error", refuse).listen({ host: address, port, backlog: BACKLOG }, () => {
        this.#server.off("error", refuse).on("error", () => this.#options.tally.refused("accept-failed"));
        resolve();
      });
    });
  }

  /** For connections from now on. */
  renew(tls: TlsMaterial): void {
    if ("setSecureContext" in this.#server) this.#server.setSecureContext(tls);
  }

  /** No new connections, and those that say nothing are closed; resolves when all are. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    await closed;
  }

  cut(): void {
    this.#server.closeAllConnections();
    for (const socket of this.#connections) socket.destroy();
  }

  /** Comes before Node's own listeners: a connection that is turned away never reaches them, and so no handshake. */
  #guardConnections(): void {
    const own = this.#server.listeners("connection");
    this.#server.removeAllListeners("connection").on("connection", (socket: Socket) => {
      const reason = this.#reasonAgainst();
      if (reason !== null) {
        this.#options.tally.refused(reason);
        socket.on("error", () => {}).destroy();
        return;
      }
      this.#options.lull.arrived();
      this.#connections.add(socket);
      this.#setIdleTime();
      socket.once("close", () => {
        this.#connections.delete(socket);
        this.#setIdleTime();
      });
      for (const listener of own) listener.call(this.#server, socket);
    });
  }

  #reasonAgainst(): string | null {
    const { limits } = this.#options;
    if (this.#connections.size >= limits.connections) {
      // Those that only wait make room for those that have something to say.
      this.#server.closeIdleConnections();
      return "connections";
    }
    return this.#handshakes.size >= limits.handshakes ? "handshakes" : null;
  }

  #setIdleTime(): void {
    const { crowdedAt, crowdedIdleMs, idleMs } = this.#options.limits;
    this.#server.keepAliveTimeout = this.#connections.size >= crowdedAt ? crowdedIdleMs : idleMs;
  }

  #guardHandshakes(server: Server | HttpsServer): void {
    server.on("connection", (socket: Socket) => {
      if (socket.destroyed) return;
      const key = farEnd(socket);
      this.#handshakes.add(key);
      socket.once("close", () => this.#handshakes.delete(key));
    });
    server.on("secureConnection", (socket: Socket) => {
      this.#options.lull.arrived();
      this.#handshakes.delete(farEnd(socket));
    });
    server.on("tlsClientError", (error: Error, socket: Socket) => {
      this.#handshakes.delete(farEnd(socket));
      this.#options.tally.refused("handshake-failed", { error: error.message.slice(0, MAX_MESSAGE) });
      socket.destroy();
    });
  }

  /** What Node's parser refuses, and again with everything that follows: no request reached us. */
  #refuseClient(error: NodeJS.ErrnoException, socket: Socket): void {
    if (this.#refused.has(socket)) return;
    const { code = "" } = error;
    if (code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    const [status, reason] =
      code === "HPE_HEADER_OVERFLOW"
        ? ["431 Request Header Fields Too Large", "headers-too-large"]
        : code === "ERR_HTTP_REQUEST_TIMEOUT"
          ? ["408 Request Timeout", "too-slow"]
          : ["400 Bad Request", "malformed"];
    this.#options.tally.refused(`http-${reason}`);
    const body = `${JSON.stringify({ error: { code: reason, message: "the request cannot be read as HTTP, or does not come" } })}\n`;
    socket.end(
      `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    this.#refused.add(socket);
    // Closed at once, the reset for what still comes could overtake our answer.
    const timer = setTimeout(() => socket.destroy(), this.#options.limits.lingerMs);
    socket.once("end", () => socket.destroy()).once("close", () => clearTimeout(timer));
  }
}

const MAX_MESSAGE = 120;

const LISTEN_MENDS: Readonly<Record<string, string>> = {
  EADDRINUSE: "somebody listens there already; stop that, or write another port",
  EADDRNOTAVAIL: "this machine does not have the address; write one of its own, or 0.0.0.0 or [::]",
  EACCES: "ports below 1024 need a capability; take a higher one, or give the service AmbientCapabilities=CAP_NET_BIND_SERVICE",
};

function listenError(cause: NodeJS.ErrnoException, { address, port }: ListenConfig): ListenError {
  const { code = "" } = cause;
  const place = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  return new ListenError(`Cannot listen on ${place}: ${code in LISTEN_MENDS ? `${LISTEN_MENDS[code]} (${code})` : cause.message}`, { cause });
}

function farEnd(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
