/** The `peers:` list, and what must hold between its entries: names, addresses and agent ids each belong to one of them. */
import { addressKey } from "./address.ts";
import type { PeerConfig } from "./config.ts";
import { address, duration, labels, nodeName } from "./fields.ts";
import { quote } from "./quote.ts";
import type { Value } from "./value.ts";

/** Each peer has 4 ICMP ids of its own, and there are 65,536 of them; canaries, fresh ids and traces of others need some, too. */
export const MAX_PEERS = 16_000;

/** Both for `probe.interval` and for a peer's own. */
export const INTERVAL_RANGE = { min: 10, max: 60_000, because: "a shorter one loads the path and a longer one misses bursts" } as const;

/** A peer as written: `intervalMs` is null where `probe.interval` applies. `at` is its place, for what is found wrong later. */
export interface PeerEntry extends Omit<PeerConfig, "intervalMs"> {
  readonly intervalMs: number | null;
  readonly line: number;
}

/** The node that reads the file. */
export interface OwnNode {
  readonly name: string;
  readonly address: string | null;
}

/** Reads the list. Entries that are this node itself are left out of `peers` and named in `own`, but their mistakes count like any other's. */
export function readPeers(
  value: Value | null,
  options: { readonly node: OwnNode; readonly agentId: (name: string) => number },
): { readonly peers: readonly PeerEntry[]; readonly own: readonly PeerEntry[] } {
  const { node, agentId } = options;
  const names = new Map<string, number>();
  const addresses = new Map<string, PeerEntry>();
  const ids = new Map<number, string>([[agentId(node.name), node.name]]);
  const peers: PeerEntry[] = [];
  const own: PeerEntry[] = [];
  const ownKey = node.address === null ? null : addressKey(node.address);
  for (const at of value?.list({ max: MAX_PEERS, because: "each peer needs 4 of the 65536 ICMP ids, and canaries and traces some" }) ?? []) {
    const { peer, nameAt, addressAt } = readPeer(at);
    const sameName = names.get(peer.name);
    if (sameName !== undefined) nameAt.fail("duplicate-peer", `${quote(peer.name)} is already the peer on line ${sameName}; remove one or rename it`);
    names.set(peer.name, peer.line);
    const key = addressKey(peer.host);
    const sameAddress = addresses.get(key);
    if (sameAddress !== undefined) {
      addressAt.fail(
        "duplicate-peer",
        `${quote(peer.host)} is already the address of ${quote(sameAddress.name)} on line ${sameAddress.line}; remove one of them`,
      );
    }
    addresses.set(key, peer);
    const id = agentId(peer.name);
    const sameId = ids.get(id);
    if (sameId !== undefined && sameId !== peer.name) {
      const hex = id.toString(16).padStart(8, "0");
      nameAt.fail("duplicate-peer", `${quote(peer.name)} and ${quote(sameId)} hash to the same agent id ${hex}; rename one of the two nodes`);
    }
    ids.set(id, peer.name);
    (peer.name === node.name || key === ownKey ? own : peers).push(peer);
  }
  return { peers, own };
}

function readPeer(at: Value): { readonly peer: PeerEntry; readonly nameAt: Value; readonly addressAt: Value } {
  if (at.isNull) at.fail("missing", "is empty; write { name: …, address: … } or remove the hyphen");
  const fields = at.map({ name: nodeName, address, interval: duration(INTERVAL_RANGE), labels });
  if (fields.name === undefined) at.fail("missing", "has no name; add the node.name of the agent there, or any name if there is none");
  if (fields.address === undefined) at.fail("missing", `${quote(fields.name.value)} has no address; add an IP address or a host name`);
  const peer: PeerEntry = {
    name: fields.name.value,
    host: fields.address.value,
    intervalMs: fields.interval?.value ?? null,
    labels: fields.labels?.value ?? {},
    line: at.line,
  };
  return { peer, nameAt: fields.name.at, addressAt: fields.address.at };
}
