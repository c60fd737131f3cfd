/** The body of a request: received at a pace that is worth waiting for, never larger than it may be, inflated the same way, as JSON. */
import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { parseJson } from "../sync/json.ts";
import type { Limits } from "./limits.ts";
import { Refusal } from "./refusal.ts";

const inflate = promisify(gunzip);
const PACE_CHECK_MS = 1_000;
/** Header and trailer with nothing between. */
const MIN_GZIP_BYTES = 18;
/** Of what is inflated in one go. */
const MIN_CHUNK_BYTES = 1_024;

/** The client went away; there is nobody to answer. */
export class Gone extends Error {
  override readonly name = "Gone";
}

export interface BodyHead {
  readonly encoding: "gzip" | "identity";
  /** As announced; the most that may come where nothing is. */
  readonly bytes: number;
}

/** What the headers say of it. Throws Refusal: 411 to 415, and nothing was read. */
export function bodyHead({ headers }: Pick<IncomingMessage, "headers">, limits: Limits): BodyHead {
  const type = (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new Refusal(415, "unsupported-type", { message: "content-type is not application/json" });
  const encoding = (headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding !== "gzip" && encoding !== "identity")
    throw new Refusal(415, "unsupported-encoding", {
      message: "content-encoding is neither gzip nor identity",
      headers: { "accept-encoding": "gzip" },
    });
  const length = headers["content-length"];
  if (length === undefined && headers["transfer-encoding"] === undefined) throw new Refusal(411, "length-required", { message: "there is no body" });
  const bytes = length === undefined ? limits.compressedBytes : Number(length);
  if (!(bytes <= limits.compressedBytes)) throw tooLarge(limits);
  return { encoding, bytes };
}

/** Rejects with Refusal, or Gone. */
export function receiveBody(request: IncomingMessage, limits: Limits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const startedMs = performance.now();
    let bytes = 0;
    const done = (end: () => void): void => {
      clearInterval(pace);
      request.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
      end();
    };
    const fail = (error: Error): void => {
      request.pause();
      done(() => reject(error));
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > limits.compressedBytes) return fail(tooLarge(limits));
      chunks.push(chunk);
    };
    const onEnd = (): void => done(() => resolve(Buffer.concat(chunks, bytes)));
    const onClose = (): void => done(() => reject(new Gone("the client went away")));
    const pace = setInterval(
      () => {
        const ms = performance.now() - startedMs;
        if (ms < limits.paceGraceMs || (bytes * 1000) / ms >= limits.paceBytesPerS) return;
        fail(new Refusal(408, "too-slow", { message: `the body comes with less than ${limits.paceBytesPerS} bytes a second` }));
      },
      Math.min(PACE_CHECK_MS, limits.paceGraceMs),
    );
    request.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}

/** Rejects with Refusal. */
export async function readJson(
  bytes: Buffer,
  { encoding, limits }: { readonly encoding: BodyHead["encoding"]; readonly limits: Limits },
): Promise<unknown> {
  const plain = encoding === "gzip" ? await inflated(bytes, limits) : bytes;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(plain);
  } catch (cause) {
    throw new Refusal(400, "malformed", { message: "the body is not UTF-8", cause });
  }
  const result = parseJson(text);
  if (result.kind === "bad") throw new Refusal(400, "malformed", { message: `the body ${result.reason}` });
  return result.value;
}

async function inflated(bytes: Buffer, limits: Limits): Promise<Buffer> {
  try {
    return await inflate(bytes, { maxOutputLength: limits.inflatedBytes, chunkSize: inflatedSize(bytes, limits) });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(limits);
    throw new Refusal(400, "malformed", { message: "the body is not gzip, or not all of it", cause });
  }
}

/** A gzip ends with the size of its content: room for all of it at once saves putting pieces together. Only the client's word, and no more than may come. */
function inflatedSize(bytes: Buffer, limits: Limits): number {
  const announced = bytes.length < MIN_GZIP_BYTES ? 0 : bytes.readUInt32LE(bytes.length - 4);
  return Math.max(MIN_CHUNK_BYTES, Math.min(announced + 1, limits.inflatedBytes));
}

function tooLarge(limits: Limits): Refusal {
  return new Refusal(413, "too-large", {
    message: `a body has at most ${limits.compressedBytes} bytes as it is sent, and ${limits.inflatedBytes} bytes when inflated`,
  });
}
