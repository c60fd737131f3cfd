/** The peers of a configuration asked for real: names resolved, raw sockets opened, one echo request each. */
import { randomFillSync } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Names } from "../capture/names.ts";
import type { PeerConfig } from "../config/config.ts";
import { RawIcmpSocket } from "../wire/socket/raw-icmp-socket.ts";
import { askAll } from "./echo.ts";
import type { AskedPeer } from "./peers-check.ts";

/** A dead resolver takes ten seconds and more to say so. */
const RESOLVE_PATIENCE_MS = 3_000;

/** Answers with the errno where no raw socket can be opened. Never rejects because of the network. */
export async function askPeers(peers: readonly PeerConfig[]): Promise<readonly AskedPeer[] | { readonly errno: string }> {
  const names = new Names({ onProblem: () => {} });
  const patience = new AbortController();
  await Promise.race([
    names.resolve(
      peers.map((peer) => peer.host),
      () => {},
    ),
    pause(RESOLVE_PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => {}),
  ]);
  patience.abort();
  const found = peers.flatMap((peer) => {
    const address = names.address(peer.host);
    return address === null ? [] : [{ peer, address }];
  });
  try {
    const answers = await askAll(
      found.map(({ address }) => address),
      {
        open: (family, events) => new RawIcmpSocket(family, { dscp: 0, events }),
        nowMs: () => performance.now(),
        pause: (ms) => pause(ms),
        random: (bytes) => void randomFillSync(bytes),
      },
    );
    const byPeer = new Map(found.map(({ peer }, index) => [peer, answers[index]]));
    return peers.map((peer) => ({ name: peer.name, host: peer.host, answer: byPeer.get(peer) ?? { kind: "unresolved" } }));
  } catch (error) {
    return { errno: error instanceof Error ? error.message : String(error) };
  }
}
