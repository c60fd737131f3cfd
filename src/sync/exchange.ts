/** The sender's door to the network: one request and what came of it. HTTP behind it (http-exchange.ts), and a list of answers in tests. */
import type { SecureContext } from "node:tls";

/** Until the first byte of the request can be written: name, TCP and TLS. */
export const CONNECT_MS = 2_000;
/** From the last byte of the request to the last of the answer; and the longest that a slice may wait to be taken. */
export const RESPONSE_MS = 10_000;

export interface Post {
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the body. */
  readonly length: number;
  /** The body; what it takes to wait for the next slice is our own doing and no limit applies to it. */
  readonly slices: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

/** `closed`: the connection was cut before the answer was whole. `timeout`: a limit was reached. `protocol`: what answers is no HTTP. */
export type FailureKind = "connect" | "certificate" | "closed" | "timeout" | "protocol" | "too-long";

export type Exchanged =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly retryAfter: string | null;
      readonly location: string | null;
      readonly text: string;
      /** When the last byte of the request was handed over and when the answer was whole, monotonic ms. */
      readonly writtenMs: number;
      readonly answeredMs: number;
    }
  /** `text`: what happened, without the address. */
  | { readonly kind: "failed"; readonly why: FailureKind; readonly text: string }
  /** By our own signal. */
  | { readonly kind: "aborted" };

/** One connection to one address. It is opened by the first request and kept for the next; after anything but `answered` it is of no use any more. */
export interface Connection {
  post(post: Post): Promise<Exchanged>;
  close(): void;
}

export interface Exchange {
  /** `tls`: null for plain http. Nothing is sent yet. */
  open(endpoint: URL, tls: SecureContext | null): Connection;
}
