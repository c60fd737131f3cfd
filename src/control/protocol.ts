/**
 * What is said over the agent's Unix socket: one request a connection, one JSON object on one line; the answer is one line, or several where the work takes
 * a while (`progress`, then `done` or `error`). Whoever may open the socket may be broken or hostile: everything that arrives is parsed here, once.
 */
import { LANGUAGES, type Language } from "../report/language.ts";

/** With its newline. A peer's name takes 253 characters at most; nothing that is asked needs more. */
export const MAX_REQUEST_BYTES = 4_096;
/** Most peers that may be asked for: as many as a configuration may hold. */
const MAX_PEERS = 16_000;
const MAX_TEXT = 4_000;

export type ControlRequest =
  /** `peers`: only so many of them, the worst first; null for all. `language`: of the verdicts. */
  | { readonly op: "status"; readonly dataDir: string | null; readonly peers: number | null; readonly language: Language }
  /** A configured peer by name or address; with `trace.allow: any` an address literal of anybody. */
  | { readonly op: "trace"; readonly dataDir: string | null; readonly peer: string }
  | { readonly op: "reload"; readonly dataDir: string | null };

export type ControlErrorCode =
  /** The request cannot be understood. */
  | "request"
  /** More clients than may be served at once. */
  | "busy"
  /** The agent there is another than the one that was meant. */
  | "other-agent"
  /** What was asked for is not allowed, or not known here. */
  | "refused"
  /** The configuration is wrong; the old one stays. */
  | "config"
  | "failed";

export type ControlAnswer =
  | { readonly kind: "progress"; readonly text: string }
  | { readonly kind: "done"; readonly result: unknown }
  | { readonly kind: "error"; readonly code: ControlErrorCode; readonly message: string };

/** Why a request was not answered, in words for the one who asked. */
export class ControlFailure extends Error {
  override readonly name = "ControlFailure";
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** One line of the talk, in either direction. */
export function toLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

export function requestLine(request: ControlRequest): string {
  const { dataDir, ...rest } = request;
  return toLine({ ...rest, data_dir: dataDir });
}

/** Throws ControlFailure for anything that is no request. */
export function parseRequest(line: string): ControlRequest {
  const fields = parseObject(line);
  const dataDir = textOrNull(fields, "data_dir");
  switch (fields["op"]) {
    case "status":
      return { op: "status", dataDir, peers: peersOf(fields["peers"] ?? null), language: languageOf(fields["language"]) };
    case "trace": {
      const peer = textOrNull(fields, "peer");
      if (peer === null) throw new ControlFailure("request", "trace needs a peer");
      return { op: "trace", dataDir, peer };
    }
    case "reload":
      return { op: "reload", dataDir };
    default:
      throw new ControlFailure("request", "unknown op: it is status, trace or reload");
  }
}

/** Null for a line that is no answer. */
export function parseAnswer(line: string): ControlAnswer | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || !("kind" in value)) return null;
  const { kind } = value;
  return kind === "progress" || kind === "done" || kind === "error" ? (value as ControlAnswer) : null;
}

function parseObject(line: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new ControlFailure("request", "a request is one JSON object on one line");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ControlFailure("request", "a request is one JSON object on one line");
  return value as Readonly<Record<string, unknown>>;
}

function textOrNull(fields: Readonly<Record<string, unknown>>, key: string): string | null {
  const value = Object.hasOwn(fields, key) ? fields[key] : null;
  if (value === null) return null;
  if (typeof value !== "string" || value === "" || value.length > MAX_TEXT) throw new ControlFailure("request", `${key} is not a text`);
  return value;
}

/** English for a client that asks for none, or for one that this agent does not speak. */
function languageOf(value: unknown): Language {
  return LANGUAGES.find((language) => language === value) ?? "en";
}

function peersOf(value: unknown): number | null {
  if (value === null) return null;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > MAX_PEERS)
    throw new ControlFailure("request", `peers is not a number from 0 to ${MAX_PEERS}`);
  return value;
}
