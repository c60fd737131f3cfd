/**
 * Addresses as a configuration may name them: IPv4 literal, IPv6 literal (with a zone exactly when it is link-local) or DNS name. Pure.
 * Refused although a resolver would take them: `010.0.0.1` (octal to some, decimal to others), numbers that only look like IPv4 (`1.2.3`),
 * IPv4 inside IPv6, and addresses that are not one machine's (multicast, broadcast, unspecified).
 */
import { addressBytes } from "../packet/address.ts";

/** Longest interface name Linux takes: IFNAMSIZ (16) less its terminating zero. */
const MAX_ZONE = 15;
/** RFC 1035 section 2.3.4, without the root's dot. */
export const MAX_HOST_NAME = 253;

/** Whether the text is an IPv4 or IPv6 address rather than a DNS name. A zone is allowed behind it. */
export function isIpLiteral(text: string): boolean {
  return addressBytes(text) !== null;
}

/** One text for all spellings of an address or DNS name, to compare by: `FE80:0::1%eth0` and `fe80::1%eth0` give the same. */
export function addressKey(text: string): string {
  const bytes = addressBytes(text);
  if (bytes === null) return `name ${text.toLowerCase().replace(/\.$/, "")}`;
  const percent = text.indexOf("%");
  return `${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}${percent < 0 ? "" : text.slice(percent)}`;
}

/** Why nothing can be probed at this address, null when it is fine. The reason reads after the address, and says what to do. */
export function addressProblem(text: string): string | null {
  const percent = text.indexOf("%");
  const literal = percent < 0 ? text : text.slice(0, percent);
  const zone = percent < 0 ? null : text.slice(percent + 1);
  if (literal === "") return "has no address; write an IPv4 or IPv6 address or a host name";
  if (literal.startsWith("[")) return "has brackets; write the address without them";
  const bytes = addressBytes(literal);
  if (bytes?.length === 4) return zone === null ? ipv4Problem(literal, bytes) : "has a zone on an IPv4 address; remove the % and what follows it";
  if (bytes !== null) return ipv6Problem(bytes, zone);
  if (literal.includes(":")) return "is not an IPv6 address; correct it (a port or prefix length does not belong here)";
  if (zone !== null) return "has a zone on a host name; remove the % and what follows it";
  return nameProblem(literal);
}

function ipv4Problem(text: string, bytes: Uint8Array): string | null {
  if (/(?:^|\.)0\d/.test(text)) return "has a leading zero, which some programs read as octal; remove it";
  return bytes[0] === 0 || (bytes[0] as number) >= 224 ? "is not the address of one machine; give the address of the peer" : null;
}

function ipv6Problem(bytes: Uint8Array, zone: string | null): string | null {
  const linkLocal = bytes[0] === 0xfe && ((bytes[1] as number) & 0xc0) === 0x80;
  if (bytes[0] === 0xff || bytes.every((byte) => byte === 0)) return "is not the address of one machine; give the address of the peer";
  if (bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff) {
    return "is an IPv4 address inside IPv6; write the IPv4 address itself";
  }
  if (zone === null) return linkLocal ? "is link-local and needs a zone; append the interface, like %eth0" : null;
  if (!linkLocal) return "has a zone, which only a link-local address (fe80::) may have; remove the % and what follows it";
  if (zone === "") return "has an empty zone; name the interface after the %, like %eth0";
  return /^[^\s/%\p{C}]+$/u.test(zone) && zone.length <= MAX_ZONE
    ? null
    : `has a zone that is no interface name; use the name \`ip link\` shows (at most ${MAX_ZONE} characters)`;
}

/** RFC 1123 section 2.1, and underscores, which DNS itself allows and internal zones use. */
function nameProblem(text: string): string | null {
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  const labels = name.split(".");
  if (text.includes("/")) return "has a slash; write one address, without a prefix length or URL";
  if (/[^\x20-\x7e]/.test(name)) return "has a character that DNS names cannot carry; write the name in its ASCII form (xn--…)";
  if (name.length > MAX_HOST_NAME) return `is longer than ${MAX_HOST_NAME} characters; no DNS name is`;
  const labelFits = (label: string): boolean => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label);
  if (!labels.every(labelFits)) return "is neither an address nor a host name; use letters, digits, hyphens and dots";
  return /^(?:\d+|0x[\da-f]*)$/i.test(labels.at(-1) as string) ? "is not an IPv4 address; write four numbers from 0 to 255 with dots between" : null;
}
