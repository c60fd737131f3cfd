/** About a dozen fixed paths, compared segment by segment as they are written: nothing is normalised, so no spelling leads anywhere else. */
import type { Holder } from "../tokens/token-book.ts";
import { isName } from "../sync/checks.ts";
import { Refusal } from "./refusal.ts";

/** `open`: everybody. `local`: whoever is on this machine, others with a reader token. */
export type Access = "open" | "local" | "node" | "reader";

export interface ApiRequest {
  /** Whose token came with it; null where none is needed. */
  readonly holder: Holder | null;
  /** What stands for `{…}` in the path, in order. */
  readonly parameters: readonly string[];
  readonly query: URLSearchParams;
  /** JSON of a POST. */
  readonly body: unknown;
  /** Wall clock when all of it had come. */
  readonly receivedMs: number;
}

/** `bytes`: JSON that is written already. */
export type Answer =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "text"; readonly text: string; readonly type: string };

export interface Endpoint {
  readonly method: "GET" | "POST";
  /** As in the OpenAPI file: `/api/v1/incidents/{id}`. */
  readonly path: string;
  readonly access: Access;
  /** Rejects with Refusal, or with StoreUnavailable. */
  handle(request: ApiRequest): Promise<Answer>;
}

export interface Match {
  readonly endpoint: Endpoint;
  readonly parameters: readonly string[];
  readonly query: URLSearchParams;
}

/** Longest id of a record, percent-encoded. */
const MAX_SEGMENT = 3 * 4 * 600;

export class Router {
  readonly #endpoints: readonly { readonly endpoint: Endpoint; readonly segments: readonly string[] }[];

  constructor(endpoints: readonly Endpoint[]) {
    this.#endpoints = endpoints.map((endpoint) => ({ endpoint, segments: endpoint.path.split("/") }));
  }

  /** Throws Refusal: 404, 405, 400. */
  match(method: string, target: string): Match {
    const [path, query] = splitOnce(target, "?");
    const segments = path.split("/");
    const onPath = this.#endpoints.filter((one) => fits(one.segments, segments));
    if (onPath.length === 0) throw new Refusal(404, "not-found", { message: "there is no such path; config/openapi.yaml has them" });
    const wanted = method === "HEAD" ? "GET" : method;
    const found = onPath.find(({ endpoint }) => endpoint.method === wanted);
    if (found === undefined) {
      const allow = onPath.map(({ endpoint }) => (endpoint.method === "GET" ? "GET, HEAD" : endpoint.method)).join(", ");
      throw new Refusal(405, "method-not-allowed", { message: `this path takes ${allow}`, headers: { allow } });
    }
    const parameters = found.segments.flatMap((segment, index) => (segment.startsWith("{") ? [decoded(segments[index] ?? "")] : []));
    return { endpoint: found.endpoint, parameters, query: new URLSearchParams(query) };
  }
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length && pattern.every((part, index) => (part.startsWith("{") ? segments[index] !== "" : part === segments[index]))
  );
}

/** All of them are ids. PostgreSQL takes no NUL. */
function decoded(segment: string): string {
  try {
    const id = segment.length > MAX_SEGMENT ? "" : decodeURIComponent(segment);
    if (isName(id)) return id;
  } catch (cause) {
    throw new Refusal(400, "bad-path", { message: "a part of the path cannot be read", cause });
  }
  throw new Refusal(400, "bad-path", { message: "a part of the path is no id: it is too long, or has control characters" });
}

function splitOnce(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
}
