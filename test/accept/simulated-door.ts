/** How a simulated node reaches the collector: one connection at a time, and never for longer than a real one waits. */
import { Readable } from "node:stream";
import { createSecureContext } from "node:tls";
import { setTimeout as pause } from "node:timers/promises";
import { buildConnector, Client } from "undici";
import { SYNC_PATH } from "../../src/sync/wire.ts";

const CONNECT_LIMIT_MS = 2_000;
const RESPONSE_LIMIT_MS = 10_000;
/** Slices of bulk, and how fast: `collector.rate` as it is by default, 1 Mbit/s. */
const SLICE_BYTES = 8 * 1024;
const RATE_BYTES_PER_S = 125_000;

export interface CollectorAddress {
  /** Origin, `https://127.0.0.1:PORT`. */
  readonly url: string;
  /** PEM. */
  readonly ca: string;
}

export interface Reply {
  readonly status: string;
  readonly text: string;
  readonly retryAfterMs: number | null;
}

/** One connection, and another one after anything but a 200. */
export class Door {
  readonly #url: string;
  readonly #connect: buildConnector.connector;
  #client: Client | null = null;

  constructor(collector: CollectorAddress) {
    this.#url = collector.url;
    this.#connect = connectorTo(collector);
  }

  async post(body: Uint8Array, options: { readonly token: string; readonly paced: boolean; readonly signal: AbortSignal }): Promise<Reply> {
    this.#client ??= new Client(this.#url, { connect: this.#connect, headersTimeout: RESPONSE_LIMIT_MS, bodyTimeout: RESPONSE_LIMIT_MS });
    let reply: Reply;
    try {
      const {
        statusCode,
        headers,
        body: answer,
      } = await this.#client.request({
        method: "POST",
        path: SYNC_PATH,
        headers: {
          authorization: `Bearer ${options.token}`,
          "content-type": "application/json",
          "content-encoding": "gzip",
          "content-length": String(body.length),
        },
        body: options.paced ? Readable.from(slices(body)) : body,
        signal: options.signal,
      });
      const seconds = Number(headers["retry-after"] ?? Number.NaN);
      reply = { status: String(statusCode), text: await answer.text(), retryAfterMs: Number.isFinite(seconds) ? seconds * 1_000 : null };
    } catch (error) {
      reply = { status: nameOf(error), text: "", retryAfterMs: null };
    }
    if (reply.status !== "200") await this.close();
    return reply;
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.destroy();
  }
}

const connectors = new Map<string, buildConnector.connector>();

/**
 * One for all nodes of a process: reading the CA takes longer than shaking hands. Every handshake is a whole one, as after hours without a link; but nobody looks
 * whose certificate it is, for two thousand nodes do not have one processor, and it says nothing of the collector.
 */
function connectorTo({ url, ca }: CollectorAddress): buildConnector.connector {
  const known = connectors.get(url);
  if (known !== undefined) return known;
  const connector = buildConnector({
    secureContext: createSecureContext({ ca }),
    rejectUnauthorized: false,
    timeout: CONNECT_LIMIT_MS,
    maxCachedSessions: 0,
  });
  connectors.set(url, connector);
  return connector;
}

async function* slices(body: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < body.length; from += SLICE_BYTES) {
    const slice = body.subarray(from, from + SLICE_BYTES);
    yield slice;
    await pause((slice.length / RATE_BYTES_PER_S) * 1_000);
  }
}

function nameOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "error";
  return /TIMEOUT/.test(code) ? "timeout" : code;
}
