/** Addresses of collectors as they are configured. */
import { SYNC_PATH } from "./wire.ts";

/** Where deliveries go: an address may have a path, where a proxy gives the collector one. */
export function endpointOf(url: string): URL {
  const base = new URL(url);
  return new URL(`${base.pathname.replace(/\/+$/, "")}${SYNC_PATH}`, base);
}

/** Whether the token can be read on the way. */
export function isInTheClear(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && hostname !== "localhost" && hostname !== "[::1]" && !/^127(\.\d+){3}$/.test(hostname);
}
