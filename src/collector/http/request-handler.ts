/**
 * One request, from its headers to its answer. In this order: is there such a path, who asks, may it come in, its body, its turn, the endpoint. Whatever goes wrong
 * becomes an answer that says so; what nobody foresaw is an error in the log and a 503, so that a node keeps what it has and tries again.
 *
 * Requests of one connection are answered one after the other, also when they were sent at once.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FactLog } from "../../fact-log.ts";
import type { ErrorAnswer } from "../../sync/wire.ts";
import { StoreUnavailable } from "../store/port.ts";
import type { TokenBook } from "../tokens/token-book.ts";
import { authorise } from "./auth.ts";
import { bodyHead, Gone, readJson, receiveBody } from "./body.ts";
import type { Gate, Kind, Pass } from "./gate.ts";
import type { Limits } from "./limits.ts";
import { busy, jsonText, Refusal } from "./refusal.ts";
import type { Answer, ApiRequest, Match, Router } from "./router.ts";
import type { Tally } from "./tally.ts";

const JSON_TYPE = "application/json; charset=utf-8";
/** Where the path is none of ours: what was asked for is the client's word, and would be a series of its own. */
const NO_PATH = "other";

export interface RequestHandlerOptions {
  readonly router: Router;
  readonly tokens: Pick<TokenBook, "holderOf">;
  readonly gate: Gate;
  readonly tally: Tally;
  readonly log: FactLog;
  readonly limits: Limits;
  readonly nowMs: () => number;
}

interface Written {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export class RequestHandler {
  readonly #options: RequestHandlerOptions;
  /** By connection: how many requests of it are not answered yet, when the last of them will be, and how many there were in all. */
  readonly #queues = new WeakMap<Socket, { length: number; last: Promise<void>; requests: number }>();
  readonly #atWork = new Set<Promise<void>>();
  #isStopping = false;

  constructor(options: RequestHandlerOptions) {
    this.#options = options;
  }

  /** Never throws. */
  take(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const queue = this.#queues.get(socket) ?? { length: 0, last: Promise.resolve(), requests: 0 };
    this.#queues.set(socket, queue);
    if (queue.length >= this.#options.limits.pipelined) {
      this.#options.tally.refused("pipelined");
      socket.destroy();
      return;
    }
    queue.length++;
    queue.requests++;
    queue.last = queue.last.then(() => this.#serve(request, response)).finally(() => queue.length--);
    const work = queue.last;
    this.#atWork.add(work);
    void work.finally(() => this.#atWork.delete(work));
  }

  /** From now on every answer is the last of its connection, and new requests are told to come later. Resolves when nothing is at work. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    while (this.#atWork.size > 0) await Promise.allSettled(this.#atWork);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.destroyed && !request.complete) return;
    const receivedMs = this.#options.nowMs();
    let path = NO_PATH;
    let written: Written;
    try {
      const match = this.#options.router.match(request.method ?? "", request.url ?? "");
      path = match.endpoint.path;
      written = writtenAnswer(await this.#answer(request, { response, match, receivedMs }));
    } catch (error) {
      if (error instanceof Gone) return this.#options.tally.refused("went-away", { path });
      written = this.#refusal(error, path);
    }
    this.#options.tally.answered(path, written.status);
    await this.#write({ request, response }, written).catch(() => {});
  }

  async #answer(
    request: IncomingMessage,
    { response, match, receivedMs }: { readonly response: ServerResponse; readonly match: Match; readonly receivedMs: number },
  ): Promise<Answer> {
    const { tokens, limits, gate } = this.#options;
    const { endpoint, parameters, query } = match;
    if (this.#isStopping) throw busy("stopping", "the collector is being stopped");
    const holder = authorise(request, { access: endpoint.access, tokens });
    const asked = { holder, parameters, query, receivedMs, body: null };
    if (endpoint.access === "open" || endpoint.access === "local") return endpoint.handle(asked);
    const head = endpoint.method === "POST" ? bodyHead(request, limits) : null;
    const kind: Kind = head === null ? "read" : head.bytes <= limits.smallBytes ? "small" : "bulk";
    const pass = gate.admit(kind, { holder: holder?.name ?? "", bytes: head?.bytes ?? 0, isFirst: this.#queues.get(request.socket)?.requests === 1 });
    if (pass.kind === "turned-away") throw busy("busy", `there is no room for ${kind} requests now`, { retryAfterS: pass.comeAgainS });
    try {
      if (head !== null) return await endpoint.handle({ ...asked, ...(await this.#body(request, { response, pass, encoding: head.encoding })) });
      await pass.turn();
      return await endpoint.handle(asked);
    } finally {
      pass.leave();
    }
  }

  async #body(
    request: IncomingMessage,
    { response, pass, encoding }: { readonly response: ServerResponse; readonly pass: Pass; readonly encoding: "gzip" | "identity" },
  ): Promise<Pick<ApiRequest, "body" | "receivedMs">> {
    const { limits, tally, nowMs } = this.#options;
    if (request.headers.expect !== undefined) response.writeContinue();
    const bytes = await receiveBody(request, limits);
    // Now, and not when its turn comes: the node reckons its clock against ours from it.
    const receivedMs = nowMs();
    tally.received(bytes.length);
    await pass.turn();
    return { receivedMs, body: await readJson(bytes, { encoding, limits }) };
  }

  #refusal(error: unknown, path: string): Written {
    const { tally, log } = this.#options;
    let refusal: Refusal;
    if (error instanceof Refusal) refusal = error;
    else if (error instanceof StoreUnavailable) refusal = busy("store-unavailable", "the store cannot be reached, or is full", { cause: error });
    else {
      log.error({ path, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, "a request failed");
      refusal = busy("failed", "this went wrong here; the collector's log says more");
    }
    const cause = error instanceof StoreUnavailable ? { error: error.message } : {};
    tally.refused(refusal.code, { path, status: refusal.status, ...cause });
    const body: ErrorAnswer = { error: { code: refusal.code, message: refusal.message } };
    return { status: refusal.status, headers: { "content-type": JSON_TYPE, ...refusal.headers }, body: jsonText(body) };
  }

  async #write(
    { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
    { status, headers, body }: Written,
  ): Promise<void> {
    if (response.destroyed) return;
    const isUnread = hasBody(request) && !request.readableEnded;
    const isLast = this.#isStopping || isUnread;
    response.writeHead(status, {
      ...headers,
      "content-length": typeof body === "string" ? Buffer.byteLength(body) : body.length,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...(isLast ? { connection: "close" } : {}),
    });
    if (isUnread) {
      response.write(body);
      await this.#linger(request);
    }
    const closed = new Promise<void>((resolve) => response.once("close", () => resolve()).once("finish", () => resolve()));
    response.end(isUnread ? undefined : body);
    await closed;
  }

  /** Lets the client send on for a moment, so that our answer arrives before its connection is cut. */
  #linger(request: IncomingMessage): Promise<void> {
    const { lingerMs, lingerBytes } = this.#options.limits;
    return new Promise((resolve) => {
      let bytes = 0;
      const timer = setTimeout(resolve, lingerMs);
      const end = (): void => {
        clearTimeout(timer);
        resolve();
      };
      request.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > lingerBytes) end();
      });
      request.once("end", end).once("close", end).resume();
    });
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function writtenAnswer(answer: Answer): Written {
  if (answer.kind === "text") return { status: 200, headers: { "content-type": answer.type }, body: answer.text };
  return { status: 200, headers: { "content-type": JSON_TYPE }, body: answer.kind === "bytes" ? answer.bytes : jsonText(answer.value) };
}
