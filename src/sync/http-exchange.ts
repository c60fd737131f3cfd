/**
 * HTTP/1.1 over undici, one client with one connection each. What it is told not to do: HTTP/2 (a body in paced slices is one stream of one connection), redirects
 * (it follows none by itself), timeouts of its own: they run in steps of half a second, and the one for the answer also runs while we hold back the body.
 */
import type { LookupFunction } from "node:net";
import { Socket } from "node:net";
import type { SecureContext } from "node:tls";
import { buildConnector, Client } from "undici";
import type { SyncClock } from "./clock.ts";
import { CONNECT_MS, type Connection, type Exchange, type Exchanged, type Post, RESPONSE_MS } from "./exchange.ts";
import { failureOf } from "./failure-words.ts";

/** Rejections of all records of the largest body take a quarter of it. */
const MAX_ANSWER_BYTES = 1_000_000;
/** Of two addresses of one name the second is tried within the connect limit, also where the first one's packets are slow. */
const NEXT_ADDRESS_MS = 900;

export interface HttpExchangeOptions {
  readonly clock: SyncClock;
  /** How names become addresses; default: as the system does. */
  readonly lookup?: LookupFunction;
}

export class HttpExchange implements Exchange {
  readonly #options: HttpExchangeOptions;

  constructor(options: HttpExchangeOptions) {
    this.#options = options;
  }

  open(endpoint: URL, tls: SecureContext | null): Connection {
    return new HttpConnection(endpoint, { ...this.#options, tls });
  }
}

class HttpConnection implements Connection {
  readonly #endpoint: URL;
  readonly #clock: SyncClock;
  readonly #client: Client;
  /** Also while it is being connected, where the client does not know it yet. */
  #socket: Socket | null = null;

  constructor(endpoint: URL, { clock, lookup, tls }: HttpExchangeOptions & { readonly tls: SecureContext | null }) {
    this.#endpoint = endpoint;
    this.#clock = clock;
    const connector = buildConnector({
      allowH2: false,
      timeout: 0,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
      ...(lookup === undefined ? {} : { lookup }),
      ...(tls === null ? {} : { secureContext: tls }),
    });
    this.#client = new Client(endpoint.origin, {
      connect: (options, callback) => {
        const socket: unknown = connector(options, callback);
        this.#socket = socket instanceof Socket ? socket : null;
      },
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  async post({ headers, length, slices, signal }: Post): Promise<Exchanged> {
    if (signal.aborted) return { kind: "aborted" };
    /** Ends the request and its body; by us, or because it is over. */
    const ending = new AbortController();
    const limit = new Limit(this.#clock);
    // A request that waits for its connection does not hear the signal (undici 8.12); the end of its client it does.
    const end = (): void => {
      ending.abort();
      this.close();
    };
    signal.addEventListener("abort", end, { once: true });
    let writtenMs: number | null = null;
    const wrote = (): void => void (writtenMs = this.#clock.nowMs());
    try {
      limit.set(CONNECT_MS, { text: `no connection within ${CONNECT_MS / 1000} s`, end });
      const { pathname, search } = this.#endpoint;
      const response = await this.#client.request({
        path: `${pathname}${search}`,
        method: "POST",
        headers: { ...headers, "content-length": String(length) },
        body: this.#watched(slices(ending.signal), { limit, end, wrote }) as unknown as Uint8Array,
        signal: ending.signal,
      });
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) return { kind: "failed", why: "too-long", text: "its answer is too long" };
        chunks.push(chunk);
      }
      const answeredMs = this.#clock.nowMs();
      return {
        kind: "answered",
        status: response.statusCode,
        retryAfter: one(response.headers["retry-after"]),
        location: one(response.headers["location"]),
        text: Buffer.concat(chunks).toString("utf8"),
        writtenMs: writtenMs ?? answeredMs,
        answeredMs,
      };
    } catch (error) {
      if (limit.reached !== null) return { kind: "failed", why: "timeout", text: limit.reached };
      return signal.aborted ? { kind: "aborted" } : failureOf(error);
    } finally {
      limit.clear();
      signal.removeEventListener("abort", end);
      ending.abort();
    }
  }

  close(): void {
    this.#socket?.destroy();
    this.#client.destroy().catch(() => {});
  }

  /** The body, with a limit on how long each slice may wait to be taken, and at its end the one for the answer. */
  async *#watched(
    body: AsyncIterable<Uint8Array>,
    { limit, end, wrote }: { readonly limit: Limit; readonly end: () => void; readonly wrote: () => void },
  ): AsyncGenerator<Uint8Array> {
    // Asked for the first time: the connection is there.
    limit.clear();
    for await (const slice of body) {
      wrote();
      limit.set(RESPONSE_MS, { text: `it takes nothing of what is sent, for ${RESPONSE_MS / 1000} s`, end });
      yield slice;
      limit.clear();
    }
    limit.set(RESPONSE_MS, { text: `no answer within ${RESPONSE_MS / 1000} s`, end });
  }
}

/** One limit at a time. */
class Limit {
  readonly #clock: SyncClock;
  #cancel: () => void = () => {};
  /** What the one that was reached says; null while none was. */
  reached: string | null = null;

  constructor(clock: SyncClock) {
    this.#clock = clock;
  }

  set(ms: number, { text, end }: { readonly text: string; readonly end: () => void }): void {
    this.#cancel();
    this.#cancel = this.#clock.after(ms, () => {
      this.reached = text;
      end();
    });
  }

  clear(): void {
    this.#cancel();
  }
}

function one(header: string | string[] | undefined): string | null {
  return Array.isArray(header) ? (header[0] ?? null) : (header ?? null);
}
