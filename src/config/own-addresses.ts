/** One file serves the whole mesh: the entry with one of our own addresses is us. Loopback is probed when it is asked for. */
import { networkInterfaces } from "node:os";
import { addressKey } from "./address.ts";
import type { Config, PeerConfig } from "./config.ts";

/** The configuration without the peers that are this node; each of them is told to `onOwn`. */
export function withoutOwnAddresses(config: Config, onOwn: (peer: PeerConfig) => void): Config {
  const own = new Set(
    Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter((address) => !address.internal)
      .map((address) => addressKey(address.address)),
  );
  const peers = config.peers.filter((peer) => {
    const isOwn = own.has(addressKey(peer.host));
    if (isOwn) onOwn(peer);
    return !isOwn;
  });
  return { ...config, peers };
}
