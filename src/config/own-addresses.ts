/** One file serves the whole mesh: the entry with one of our own addresses is us. Loopback is probed when it is asked for. */
import { networkInterfaces, type NetworkInterfaceInfo } from "node:os";
import { addressKey } from "./address.ts";
import type { Config, PeerConfig } from "./config.ts";

/** The configuration without the peers that are this node; each of them is told to `onOwn`. */
export function withoutOwnAddresses(config: Config, onOwn: (peer: PeerConfig) => void): Config {
  const own = ownAddresses((address) => !address.internal);
  const peers = config.peers.filter((peer) => {
    const isOwn = own.has(addressKey(peer.host));
    if (isOwn) onOwn(peer);
    return !isOwn;
  });
  return { ...config, peers };
}

/** Whether one of this machine's interfaces has this address now. */
export function isOwnAddress(address: string): boolean {
  return ownAddresses(() => true).has(addressKey(address));
}

function ownAddresses(wanted: (address: NetworkInterfaceInfo) => boolean): Set<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return new Set(all.filter(wanted).map((address) => addressKey(address.address)));
}
