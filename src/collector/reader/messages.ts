/** What the collector and its reading thread say to each other. */
import type { ApiRequest } from "../http/router.ts";

export interface ReaderData {
  /** As in the configuration. */
  readonly store: string;
}

export interface Question extends Pick<ApiRequest, "parameters" | "receivedMs"> {
  readonly number: number;
  /** Of the endpoint. */
  readonly path: string;
  readonly query: string;
}

export type Reply = ReplyBody & { readonly number: number };

export type ReplyBody =
  | { readonly kind: "answer"; readonly bytes: Uint8Array }
  | {
      readonly kind: "refusal";
      readonly status: number;
      readonly code: string;
      readonly message: string;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: "unavailable"; readonly message: string }
  | { readonly kind: "failed"; readonly message: string };

/** All that this thread answers; the same as of `readingEndpoints`, which a test holds it to. */
export const READING_PATHS: readonly string[] = [
  "/api/v1/incidents",
  "/api/v1/incidents/{id}",
  "/api/v1/incidents/{id}/records",
  "/api/v1/report",
  "/api/v1/events",
  "/api/v1/nodes",
  "/api/v1/matrix",
];
