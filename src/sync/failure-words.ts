/** What the libraries say when an exchange fails, as one line that tells what to do. */
import { errors } from "undici";
import type { Exchanged, FailureKind } from "./exchange.ts";

type Failed = Extract<Exchanged, { kind: "failed" }>;

const MAX_WORDS = 200;

/** By error code of Node and OpenSSL. */
const WORDS: Readonly<Record<string, readonly [FailureKind, string]>> = {
  ECONNREFUSED: ["connect", "connection refused: nothing listens there"],
  EHOSTUNREACH: ["connect", "no route to the host"],
  ENETUNREACH: ["connect", "the network is unreachable"],
  EADDRNOTAVAIL: ["connect", "no address of this node can reach it"],
  ETIMEDOUT: ["connect", "the connection timed out"],
  UND_ERR_CONNECT_TIMEOUT: ["connect", "the connection timed out"],
  ENOTFOUND: ["connect", "its name has no address"],
  EAI_AGAIN: ["connect", "its name cannot be looked up now"],
  ECONNRESET: ["closed", "it closed the connection before it had answered"],
  EPIPE: ["closed", "it closed the connection before it had answered"],
  UND_ERR_SOCKET: ["closed", "it closed the connection before it had answered"],
  CERT_HAS_EXPIRED: ["certificate", "its certificate has expired"],
  CERT_NOT_YET_VALID: ["certificate", "its certificate is not valid yet: is the clock of this node right?"],
  ERR_TLS_CERT_ALTNAME_INVALID: ["certificate", "its certificate is for another name"],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["certificate", "its certificate is not from a trusted authority (collector.ca_file)"],
  SELF_SIGNED_CERT_IN_CHAIN: ["certificate", "its certificate is not from a trusted authority (collector.ca_file)"],
  UNABLE_TO_GET_ISSUER_CERT: ["certificate", "its certificate is not from a trusted authority (collector.ca_file)"],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ["certificate", "its certificate is not from a trusted authority (collector.ca_file)"],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ["certificate", "its certificate is not from a trusted authority (collector.ca_file)"],
  CERT_SIGNATURE_FAILURE: ["certificate", "its certificate is not from a trusted authority (collector.ca_file)"],
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: ["certificate", "it wants a client certificate (collector.cert_file)"],
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: ["certificate", "it refuses our client certificate (collector.cert_file)"],
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: ["certificate", "it refuses our client certificate (collector.cert_file)"],
  ERR_SSL_WRONG_VERSION_NUMBER: ["protocol", "it does not speak TLS: is it http instead of https?"],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ["protocol", "it does not speak TLS: is it http instead of https?"],
};

/** The queue is on a disk of ours. */
export function queueTrouble(error: unknown): string {
  return `what waits on this node cannot be read or written now: ${(error instanceof Error ? error.message : String(error)).slice(0, MAX_WORDS)}`;
}

export function failureOf(error: unknown): Failed {
  const code = codeOf(error);
  const known = WORDS[code];
  if (known !== undefined) return { kind: "failed", why: known[0], text: known[1] };
  const message = (error instanceof Error ? error.message : String(error)).slice(0, MAX_WORDS);
  if (error instanceof errors.HTTPParserError) return { kind: "failed", why: "protocol", text: "what answers is no HTTP" };
  if (/CERT|X509/.test(code)) return { kind: "failed", why: "certificate", text: `its certificate is refused: ${message}` };
  if (code.startsWith("ERR_SSL_") || code === "EPROTO") return { kind: "failed", why: "protocol", text: `TLS failed: ${message}` };
  return { kind: "failed", why: "closed", text: message };
}

/** Of the error, or of the first that it stands for: several addresses of one name fail together. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return "";
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
