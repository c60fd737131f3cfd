/**
 * A collector without a network: each request waits until the test says what becomes of it, or is answered by a rule. It keeps records as a collector does, so that its
 * answers are right unless the test wants them wrong.
 */
import { setImmediate as turn } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import type { Connection, Exchange, Exchanged, Post } from "../../../src/sync/exchange.ts";
import type { Ack, Rejection, SyncAnswer, SyncRequest } from "../../../src/sync/wire.ts";
import type { FakeClock } from "./fake-clock.ts";

type Answer = (exchanged: Exchanged) => void;

export interface FakeRequest {
  readonly connection: number;
  readonly url: string;
  readonly startedMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null until the body is whole. */
  body: SyncRequest | null;
  /** When each slice was written, and its bytes. */
  readonly slices: { readonly atMs: number; readonly bytes: number }[];
  readonly answer: Answer;
  isAborted: boolean;
}

export class FakeExchange implements Exchange {
  readonly requests: FakeRequest[] = [];
  readonly closed = new Set<number>();
  readonly #clock: FakeClock;
  /** What to answer; undefined: the test answers. */
  rule: (request: FakeRequest & { readonly body: SyncRequest }) => Exchanged | undefined;
  #connections = 0;

  constructor(clock: FakeClock) {
    this.#clock = clock;
    this.rule = ({ body }) => this.kept(body);
  }

  get connections(): number {
    return this.#connections;
  }

  open(endpoint: URL): Connection {
    const connection = ++this.#connections;
    return { post: (post) => this.#post(post, { connection, url: endpoint.href }), close: () => void this.closed.add(connection) };
  }

  /** Everything is kept. */
  kept(body: SyncRequest, more: { readonly rejected?: readonly Rejection[]; readonly acks?: readonly Ack[] } = {}): Exchanged {
    const acks = body.files.flatMap(({ db, lanes }) =>
      lanes.map(({ lane, records, tombstones }) => ({
        db,
        lane,
        seq: Math.max(0, ...records.map(({ seq }) => seq), ...tombstones.map(({ to }) => to)),
      })),
    );
    const answer: SyncAnswer = {
      api: 1,
      acks: more.acks ?? acks,
      rejected: more.rejected ?? [],
      received_at: new Date(this.#clock.wallMs()).toISOString(),
      answered_at: new Date(this.#clock.wallMs()).toISOString(),
      version: "0",
    };
    return this.answered(200, JSON.stringify(answer));
  }

  answered(status: number, text = "", more: { readonly retryAfter?: string; readonly location?: string } = {}): Exchanged {
    const nowMs = this.#clock.nowMs();
    return {
      kind: "answered",
      status,
      retryAfter: more.retryAfter ?? null,
      location: more.location ?? null,
      text,
      writtenMs: nowMs,
      answeredMs: nowMs,
    };
  }

  async #post(post: Post, at: { readonly connection: number; readonly url: string }): Promise<Exchanged> {
    const { promise, resolve } = Promise.withResolvers<Exchanged>();
    const request: FakeRequest = {
      ...at,
      startedMs: this.#clock.nowMs(),
      headers: post.headers,
      body: null,
      slices: [],
      answer: resolve,
      isAborted: false,
    };
    this.requests.push(request);
    post.signal.addEventListener("abort", () => {
      request.isAborted = true;
      resolve({ kind: "aborted" });
    });
    void this.#read(post, request);
    return promise;
  }

  async #read(post: Post, request: FakeRequest): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const slice of post.slices(post.signal)) {
      chunks.push(slice);
      request.slices.push({ atMs: this.#clock.nowMs(), bytes: slice.length });
    }
    if (request.isAborted) return;
    const bytes = Buffer.concat(chunks);
    const body = JSON.parse((post.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString("utf8")) as SyncRequest;
    request.body = body;
    // Never in the same turn: the sender has said all that it sends by then.
    await turn();
    const exchanged = this.rule({ ...request, body });
    if (exchanged !== undefined) request.answer(exchanged);
  }
}
