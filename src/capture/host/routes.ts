/**
 * /proc/net/route and /proc/net/ipv6_route: by which interface and gateway packets leave. Only the main table; of a multipath route the files show one way.
 * IPv4 addresses are printed as a word in the byte order of the processor, which is little endian on all that we build for.
 */
import { SocketAddress } from "node:net";
import { addressBytes } from "../../packet/address.ts";
import { counter, hexCounter } from "./counter.ts";

export interface Route {
  readonly destination: Uint8Array;
  readonly prefixLength: number;
  readonly interface: string;
  /** Null where the destination is on the link itself. */
  readonly gateway: string | null;
  readonly metric: number;
}

/** include/uapi/linux/route.h */
const RTF_UP = 0x1;
const RTF_GATEWAY = 0x2;
const RTF_REJECT = 0x200;

export function parseRoutes(text: string | null): readonly Route[] | null {
  return text === null ? null : text.split("\n").flatMap((line) => ipv4Route(line.trim().split(/\s+/)));
}

export function parseRoutes6(text: string | null): readonly Route[] | null {
  return text === null ? null : text.split("\n").flatMap((line) => ipv6Route(line.trim().split(/\s+/)));
}

/** Iface, Destination, Gateway, Flags, RefCnt, Use, Metric, Mask. */
function ipv4Route([device = "", destination = "", gateway = "", flagsHex, , , metricText, mask = ""]: readonly string[]): Route[] {
  const [to, via, ones] = [destination, gateway, mask].map(littleEndianBytes);
  const [flags, metric] = [hexCounter(flagsHex), counter(metricText)];
  if (to == null || via == null || ones == null || flags === null || metric === null || !isUsable(device, flags)) return [];
  const prefixLength = [...ones].reduce((length, byte) => length + byte.toString(2).replaceAll("0", "").length, 0);
  return [{ destination: to, prefixLength, interface: device, gateway: (flags & RTF_GATEWAY) === 0 ? null : via.join("."), metric }];
}

/** Destination and its length, source and its length, next hop, metric, references, use, flags, device; all figures hexadecimal. */
function ipv6Route([destination = "", lengthHex, , , nextHop = "", metricHex, , , flagsHex, device = ""]: readonly string[]): Route[] {
  const to = bytesOf(destination, 16);
  const [prefixLength, metric, flags] = [lengthHex, metricHex, flagsHex].map(hexCounter);
  if (to === null || bytesOf(nextHop, 16) === null) return [];
  if (prefixLength == null || metric == null || flags == null || !isUsable(device, flags)) return [];
  return [{ destination: to, prefixLength, interface: device, gateway: (flags & RTF_GATEWAY) === 0 ? null : ipv6Text(nextHop), metric }];
}

function isUsable(device: string, flags: number): boolean {
  return (flags & RTF_UP) !== 0 && (flags & RTF_REJECT) === 0 && device !== "" && device !== "lo" && device !== "*";
}

function bytesOf(hex: string, length: number): Uint8Array | null {
  return hex.length === length * 2 && /^[0-9a-f]+$/i.test(hex) ? Uint8Array.from(Buffer.from(hex, "hex")) : null;
}

function littleEndianBytes(hex: string): Uint8Array | null {
  return bytesOf(hex, 4)?.toReversed() ?? null;
}

/** In the spelling of RFC 5952, as other tools print it. */
function ipv6Text(hex: string): string {
  return new SocketAddress({ family: "ipv6", address: (hex.match(/.{4}/g) ?? []).join(":") }).address;
}

/** The way to an address: longest prefix, then lowest metric. For null the default route: that of IPv4, else that of IPv6. */
export function routeTo(routes: readonly Route[] | null, target: string | null): Route | null {
  if (target === null) return best(routes, new Uint8Array(4)) ?? best(routes, new Uint8Array(16));
  const address = addressBytes(target);
  return address === null ? null : best(routes, address);
}

function best(routes: readonly Route[] | null, address: Uint8Array): Route | null {
  let found: Route | null = null;
  for (const route of routes ?? []) {
    if (!covers(route, address)) continue;
    if (found === null || route.prefixLength > found.prefixLength || (route.prefixLength === found.prefixLength && route.metric < found.metric))
      found = route;
  }
  return found;
}

function covers({ destination, prefixLength }: Route, address: Uint8Array): boolean {
  if (destination.length !== address.length) return false;
  const whole = prefixLength >> 3;
  for (let at = 0; at < whole; at++) if (destination[at] !== address[at]) return false;
  const rest = prefixLength & 7;
  return rest === 0 || (((destination[whole] ?? 0) ^ (address[whole] ?? 0)) & (0xff00 >> rest) & 0xff) === 0;
}

/** Interfaces that routes leave by: those of default routes first, then those with a gateway, then the others. */
export function routedInterfaces(routes: readonly Route[]): readonly string[] {
  const rank = (route: Route): number => (route.gateway === null ? 2 : route.prefixLength === 0 ? 0 : 1);
  return [...new Set(routes.toSorted((left, right) => rank(left) - rank(right)).map((route) => route.interface))];
}
