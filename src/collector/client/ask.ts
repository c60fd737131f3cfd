/**
 * One question to a collector, for a person at a terminal: it ends soon, it never reads more than it said, and what is wrong is one line that says what to do. The answer
 * is JSON of an unknown kind; whoever asked parses it.
 */
import { Agent, request, type Dispatcher } from "undici";

const CONNECT_MS = 3_000;
const TOTAL_MS = 30_000;
/** Both sides of an incident with every line and sample: some megabytes. */
const MAX_ANSWER_BYTES: number = 128 * 1024 * 1024;
/** An error body is a sentence. */
const MAX_ERROR_BYTES = 16 * 1024;

export interface Question {
  /** Where the collector is, as it is configured at the nodes. */
  readonly url: string;
  /** Below it. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly token: string | null;
  /** PEM; null for those that the system trusts. */
  readonly ca: string | null;
  readonly signal: AbortSignal;
  readonly onProgress: (bytes: number) => void;
}

export interface QuestionLimits {
  readonly connectMs?: number;
  readonly totalMs?: number;
  readonly maxBytes?: number;
}

/** `not-understood`: the question, as by a collector of an earlier version. */
export type CollectorErrorCode = "unreachable" | "untrusted" | "refused" | "not-understood" | "not-found" | "bad-answer";

export class CollectorError extends Error {
  override readonly name = "CollectorError";
  readonly code: CollectorErrorCode;

  constructor(code: CollectorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Throws CollectorError. */
export async function askCollector(question: Question, limits: QuestionLimits = {}): Promise<unknown> {
  const { connectMs = CONNECT_MS, totalMs = TOTAL_MS, maxBytes = MAX_ANSWER_BYTES } = limits;
  const { url, path, query, token, ca, signal, onProgress } = question;
  const place = new URL(url);
  const address = new URL(`${place.pathname.replace(/\/$/, "")}${path}?${new URLSearchParams(query).toString()}`, place);
  const agent = new Agent({ connect: { timeout: connectMs, ...(ca === null ? {} : { ca }) }, headersTimeout: totalMs, bodyTimeout: totalMs });
  const patience = AbortSignal.timeout(totalMs);
  try {
    const headers = { accept: "application/json", ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
    const answer = await request(address, { dispatcher: agent, headers, signal: AbortSignal.any([signal, patience]) });
    if (answer.statusCode !== 200) throw await refusal(answer, { url, hasToken: token !== null });
    return parse(await read(answer.body, { maxBytes, url, onProgress }), url);
  } catch (error) {
    if (error instanceof CollectorError) throw error;
    if (patience.aborted)
      throw new CollectorError("unreachable", `${url} did not answer within ${totalMs / 1000} s; try again, or ask for less`, { cause: error });
    throw connectionError(error, url);
  } finally {
    await agent.destroy();
  }
}

async function read(
  body: AsyncIterable<Uint8Array>,
  { maxBytes, url, onProgress }: { readonly maxBytes: number; readonly url: string; readonly onProgress?: (bytes: number) => void },
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new CollectorError("bad-answer", `${url} answers with more than ${Math.round(maxBytes / 1024 / 1024)} MB; ask for less`);
    chunks.push(chunk);
    onProgress?.(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CollectorError("bad-answer", `${url} does not answer as a collector does; is it the address of one?`, { cause: error });
  }
}

async function refusal(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  { url, hasToken }: { readonly url: string; readonly hasToken: boolean },
): Promise<CollectorError> {
  const said = sentenceOf(await read(body, { maxBytes: MAX_ERROR_BYTES, url }));
  const reader = "a reader's token (meshprobe collector token add NAME --role reader, on the collector) goes into --token-file";
  switch (statusCode) {
    case 400:
      return new CollectorError("not-understood", `${url} answers ${statusCode}${said}`);
    case 401:
      return new CollectorError("refused", `${url} ${hasToken ? "does not know this token" : "wants a token, and none was given"}; ${reader}`);
    case 403:
      return new CollectorError("refused", `${url} gives no reports for this token; ${reader}`);
    case 404:
      return new CollectorError("not-found", `there are no reports at ${url}; is it the address of a collector, without a path of its own?`);
    case 503: {
      const after = headers["retry-after"];
      return new CollectorError(
        "unreachable",
        `${url} is busy or its database is away${said}; try again${typeof after === "string" ? ` in ${after} s` : ""}`,
      );
    }
    default:
      return new CollectorError("bad-answer", `${url} answers ${statusCode}${said}`);
  }
}

/** The message of an ErrorAnswer, for the end of a line. */
function sentenceOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: { readonly message?: unknown } };
    return typeof error?.message === "string" ? `: ${error.message.slice(0, 300)}` : "";
  } catch {
    return "";
  }
}

const UNTRUSTED = /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_(?!HAS_EXPIRED|NOT_YET)|INVALID_CA|PATH_LENGTH|CRL_)/;

function connectionError(error: unknown, url: string): CollectorError {
  const code = codeOf(error);
  const say = (kind: CollectorErrorCode, text: string): CollectorError => new CollectorError(kind, text, { cause: error });
  if (code === "ECONNREFUSED") return say("unreachable", `nothing listens at ${url}; is the collector running there, and is the port right?`);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return say("unreachable", `the name in ${url} cannot be resolved; check it, or DNS`);
  if (code === "UND_ERR_CONNECT_TIMEOUT" || code === "ETIMEDOUT" || code === "EHOSTUNREACH" || code === "ENETUNREACH")
    return say("unreachable", `${url} cannot be reached (${code}); check the address and the way to it`);
  if (UNTRUSTED.test(code))
    return say("untrusted", `the certificate of ${url} is not by an authority that is known here (${code}); name its file with --ca-file`);
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return say("untrusted", `the certificate of ${url} is for another name; use the name that is in it, or have one made for this one`);
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return say("untrusted", `the certificate of ${url} is not valid today (${code}); renew it, or set the clock right`);
  if (code.startsWith("ERR_SSL") || code === "EPROTO" || code === "HPE_INVALID_CONSTANT" || code === "UND_ERR_SOCKET" || code === "ECONNRESET")
    return say(
      "unreachable",
      `${url} does not speak ${new URL(url).protocol === "https:" ? "TLS: is it http://" : "plain http: is it https://"} there? (${code})`,
    );
  return say("unreachable", `${url} cannot be asked: ${error instanceof Error ? error.message : String(error)}`);
}

/** undici and Node wrap one another's errors. */
function codeOf(error: unknown): string {
  for (let inner = error; inner instanceof Error; inner = inner.cause) if ("code" in inner && typeof inner.code === "string") return inner.code;
  return "";
}
