/**
 * The book of peers: who is probed, at which address, whether it ever answered, and which of our own addresses leads to it. It begins with what the agent
 * before us knew, and every change goes to the store, so that a resolver that is down at the next start costs nothing.
 */
import pLimit from "p-limit";
import { agentId } from "../config/agent-id.ts";
import type { PeerConfig } from "../config/config.ts";
import type { FactLog } from "../fact-log.ts";
import type { PeerRow } from "../store/rows.ts";
import type { FirstReply, WirePeer } from "../wire/messages.ts";
import type { EvidenceWriter } from "./evidence-writer.ts";
import { Names, type Lookup } from "./names.ts";
import { sourceAddress } from "./source-address.ts";

/** Sockets that ask the kernel for a route at once. */
const CONCURRENT_SOURCES = 4;

export interface PeerBookPorts {
  readonly writer: EvidenceWriter;
  readonly log: Pick<FactLog, "info" | "warn">;
  /** The name of a peer stands for another address now. */
  readonly onAddress: (peer: string, address: string) => void;
  /** Default: the system's resolver. */
  readonly lookup?: Lookup;
}

export class PeerBook {
  #peers: readonly PeerConfig[];
  /** A verdict asks for those of all peers. */
  #labels: ReadonlyMap<string, PeerConfig["labels"]>;
  readonly #ports: PeerBookPorts;
  readonly #names: Names;
  /** Of the peers in the configuration, all of them active. */
  readonly #rows = new Map<string, PeerRow>();
  /** By the address of the peer; null where there is no route. */
  readonly #sources = new Map<string, string | null>();
  readonly #sourceLimit = pLimit(CONCURRENT_SOURCES);

  constructor(peers: readonly PeerConfig[], ports: PeerBookPorts) {
    this.#peers = peers;
    this.#labels = labelsByName(peers);
    this.#ports = ports;
    this.#names = new Names({
      onProblem: (host, error) => ports.log.warn({ host, error: String(error) }, "cannot resolve the name of a peer; its last good address is kept"),
      ...(ports.lookup === undefined ? {} : { lookup: ports.lookup }),
    });
  }

  /** Starts the book from the rows of the agent before us; peers that are no longer in the configuration stay in the store, inactive. */
  recover(rows: readonly PeerRow[]): void {
    const known = new Map(rows.map((row) => [row.name, row]));
    for (const peer of this.#peers) {
      const before = known.get(peer.name);
      known.delete(peer.name);
      const literal = this.#names.address(peer.host);
      // An address that changed is another machine as far as we know: it has not answered yet.
      const same = before !== undefined && (literal === null || literal === before.address);
      this.#rows.set(peer.name, {
        name: peer.name,
        address: literal ?? before?.address ?? "",
        intervalMs: peer.intervalMs,
        firstReplyMs: same ? before.firstReplyMs : null,
        agentEpoch: before?.agentEpoch ?? 0,
        agentSilentMs: null,
        active: true,
      });
    }
    const gone = [...known.values()].filter((row) => row.active).map((row) => ({ ...row, active: false }));
    this.#ports.writer.now((store) => store.putPeers([...this.#rows.values(), ...gone]));
  }

  /** Other peers are in the configuration now; `stored` are the rows of all that were ever there. Names that are new are not asked for yet. */
  change(peers: readonly PeerConfig[], stored: readonly PeerRow[]): void {
    const hosts = new Map(this.#peers.map((peer) => [peer.name, peer.host]));
    const wanted = new Map(peers.map((peer) => [peer.name, peer.host]));
    const silent = new Map([...this.#rows.values()].map((row) => [row.name, row.agentSilentMs]));
    const isOther = (name: string): boolean => hosts.has(name) && wanted.has(name) && hosts.get(name) !== wanted.get(name);
    this.#peers = peers;
    this.#labels = labelsByName(peers);
    this.#rows.clear();
    // Another host is another machine as far as we know, also where its address is not known yet.
    this.recover(stored.map((row) => (isOther(row.name) ? { ...row, address: "", firstReplyMs: null } : row)));
    for (const row of this.#rows.values()) if (!isOther(row.name)) this.#rows.set(row.name, { ...row, agentSilentMs: silent.get(row.name) ?? null });
  }

  /** Asks for all names, then for our addresses towards the peers; the latter is not waited for. Never rejects. */
  async resolve(): Promise<void> {
    const hosts = this.#peers.map((peer) => peer.host);
    await this.#names.resolve(hosts, (host, address) => {
      for (const peer of this.#peers) if (peer.host === host) this.#resolved(peer.name, address);
    });
    for (const row of this.#rows.values())
      if (row.address !== "") void this.#sourceLimit(async () => this.#sources.set(row.address, await sourceAddress(row.address)));
  }

  /** Peers that answered, at the address that answered; the first time is kept for good. */
  replied(replies: readonly FirstReply[]): void {
    for (const { peer, address, atMs } of replies) {
      const row = this.#rows.get(peer);
      if (row !== undefined) this.#put({ ...row, address, firstReplyMs: row.firstReplyMs ?? atMs });
    }
  }

  /** Peers that have answered some time. */
  get answering(): number {
    return [...this.#rows.values()].filter((row) => row.firstReplyMs !== null).length;
  }

  get allAnswered(): boolean {
    return this.answering === this.#rows.size;
  }

  /** Our address towards one of a peer; null while not known, or without a route. */
  sourceOf(address: string): string | null {
    return this.#sources.get(address) ?? null;
  }

  /** The peers that are probed, in the order of the configuration. */
  get rows(): readonly PeerRow[] {
    return [...this.#rows.values()];
  }

  labelsOf(peer: string): Readonly<Record<string, string>> {
    return this.#labels.get(peer) ?? {};
  }

  intervalOf(peer: string): number {
    return this.#peers.find((one) => one.name === peer)?.intervalMs ?? 0;
  }

  addressOf(peer: string): string | null {
    return this.#rows.get(peer)?.address ?? null;
  }

  /** What a wire that starts now is to probe. */
  forWire(): WirePeer[] {
    return this.#peers.map((peer) => ({
      name: peer.name,
      canary: false,
      agentId: agentId(peer.name),
      address: this.#names.address(peer.host) ?? this.#rememberedAddress(peer),
      intervalMs: peer.intervalMs,
      everReplied: this.#rows.get(peer.name)?.firstReplyMs != null,
    }));
  }

  /** Newest boots of the agents there that proved who they are, by agent id: what is older is a replay. */
  epochs(): [number, number][] {
    return [...this.#rows.values()].filter((row) => row.agentEpoch > 0).map((row) => [agentId(row.name), row.agentEpoch]);
  }

  /** The agent of a peer started anew. */
  booted(peer: string, epoch: number): void {
    const row = this.#rows.get(peer);
    if (row !== undefined && epoch > row.agentEpoch) this.#put({ ...row, agentEpoch: epoch });
  }

  /** The agent of a peer has stopped though its host answers, or (null) is heard again. */
  agentSilent(peer: string, sinceMs: number | null): void {
    const row = this.#rows.get(peer);
    if (row === undefined) return;
    this.#put({ ...row, agentSilentMs: sinceMs });
    if (sinceMs === null) this.#ports.log.info({ peer }, "the agent of the peer is heard again");
    else
      this.#ports.log.warn(
        { peer, since: new Date(sinceMs).toISOString() },
        "the agent of the peer has stopped: its host answers, but sends no probes",
      );
  }

  /** The last good address of a name from an earlier run, when it cannot be resolved now. */
  #rememberedAddress(peer: PeerConfig): string | null {
    const address = this.#rows.get(peer.name)?.address ?? "";
    return address === "" ? null : address;
  }

  #resolved(peer: string, address: string): void {
    this.#ports.log.info({ peer, address }, "name resolved");
    const row = this.#rows.get(peer);
    if (row !== undefined) this.#put({ ...row, address });
    this.#ports.onAddress(peer, address);
  }

  #put(row: PeerRow): void {
    this.#rows.set(row.name, row);
    this.#ports.writer.soon((store) => store.putPeer(row));
  }
}

function labelsByName(peers: readonly PeerConfig[]): ReadonlyMap<string, PeerConfig["labels"]> {
  return new Map(peers.map((peer) => [peer.name, peer.labels]));
}
