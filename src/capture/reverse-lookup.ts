/**
 * Reverse DNS as the agent asks it: once, with little patience, and never of a server that the system's resolver does not name. The question is put as a name
 * (`resolvePtr`): Node's `reverse` calls every failure "not found", so that a server that is down would look like an address without a name.
 */
import { Resolver } from "node:dns/promises";
import { MAX_HOST_NAME } from "../config/address.ts";
import { addressBytes } from "../packet/address.ts";

/** Names are a comfort: a server that takes longer is as good as none. */
const TIMEOUT_MS = 2_000;
/** Errors that are an answer: there is no name, or what came is no name at all. */
const NO_NAME: ReadonlySet<unknown> = new Set(["ENOTFOUND", "ENODATA", "EBADRESP", "EBADNAME"]);

/** The names of an address, as somebody out there wrote them; none is an empty list. Rejects when no server gave an answer, or with the signal. */
export type ReverseLookup = (address: string, signal: AbortSignal) => Promise<readonly string[]>;

/** `servers` as in `dns.setServers`; by default those of /etc/resolv.conf at the moment of each question, for it changes while an agent runs for months. */
export function reverseLookup(servers: readonly string[] | null = null): ReverseLookup {
  return async (address, signal) => {
    const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });
    if (servers !== null) resolver.setServers(servers);
    const cancel = (): void => resolver.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await resolver.resolvePtr(reverseName(address));
    } catch (error) {
      if (error instanceof Error && "code" in error && NO_NAME.has(error.code)) return [];
      throw error;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  };
}

/** The name that stands for an address in the DNS: octets backwards (RFC 1035 section 3.5), or hexadecimal digits (RFC 3596 section 2.5). */
export function reverseName(address: string): string {
  const bytes = addressBytes(address);
  if (bytes === null) throw new Error(`Cannot ask for the name of ${address}: it is no IP address`);
  if (bytes.length === 4) return `${bytes.toReversed().join(".")}.in-addr.arpa`;
  return `${Array.from(bytes.toReversed(), (byte) => `${(byte & 15).toString(16)}.${(byte >> 4).toString(16)}`).join(".")}.ip6.arpa`;
}

/** A name as it may be stored and shown; null for what is none. Whoever has the reverse zone writes what he likes: letters, digits, hyphens, underscores, dots. */
export function cleanHostName(text: string): string | null {
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  return name.length <= MAX_HOST_NAME && /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(name) ? name : null;
}
