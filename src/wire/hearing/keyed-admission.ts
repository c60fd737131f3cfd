/**
 * With a mesh key a request belongs to the peer whose agent id it carries, wherever it comes from, if its tag is valid; and its boot must be the newest that was
 * seen of that agent, or one after it: older ones are replays.
 */
import type { Belief } from "../../detect/request-line.ts";
import type { IcmpPacket } from "../../packet/icmp.ts";
import type { ProbeFields } from "../../packet/probe.ts";
import { NONE_REFUSED, type Admission } from "./admission.ts";
import type { Ear } from "./ear.ts";
import type { MeshKeys } from "./mesh-keys.ts";
import type { RefusedRequests, Refusals } from "../messages.ts";
import { PeersByAddress } from "../peers-by-address.ts";
import type { Peer } from "../peer.ts";
import type { Arrival } from "../probing/replies.ts";

interface Options {
  readonly peers: readonly Peer[];
  readonly byAddress: PeersByAddress;
  readonly agentId: number;
  readonly keys: MeshKeys;
  /** Newest epochs seen before this wire started, by agent id. */
  readonly epochs: ReadonlyMap<number, number>;
  readonly newEpoch: (peer: Peer, epoch: number) => void;
}

export class KeyedAdmission implements Admission {
  readonly authentic = true;
  readonly #options: Options;
  /** By agent id as a signed word, which V8 holds without a box. */
  #byAgent: ReadonlyMap<number, Peer>;
  readonly #epochs: Map<number, number>;
  readonly #refused: Record<keyof RefusedRequests, Refusals> = { wrongTag: NONE_REFUSED, oldBoot: NONE_REFUSED };

  constructor(options: Options) {
    this.#options = options;
    this.#byAgent = byAgent(options.peers);
    this.#epochs = new Map(options.epochs);
  }

  get refused(): RefusedRequests {
    return this.#refused;
  }

  peersChanged(): void {
    this.#byAgent = byAgent(this.#options.peers);
  }

  owner(packet: IcmpPacket, probe: ProbeFields, arrival: Arrival): Peer | null {
    const { keys, agentId, byAddress } = this.#options;
    const named = this.#byAgent.get(probe.agentId | 0) ?? null;
    if (keys.verifies(arrival.bytes, packet.payloadOffset, agentId)) return named;
    // What a stranger sends is nobody's mistake in the configuration.
    const peer = named ?? byAddress.get(arrival.source);
    if (peer !== null) this.#refuse("wrongTag", peer);
    return null;
  }

  believe(ear: Ear, { epoch }: ProbeFields): Belief {
    if (epoch === ear.epoch) return "same";
    const { peer } = ear;
    if (epoch < (this.#epochs.get(peer.agentId) ?? 0)) {
      this.#refuse("oldBoot", peer);
      return "doubted";
    }
    this.#epochs.set(peer.agentId, epoch);
    this.#options.newEpoch(peer, epoch);
    return "other";
  }

  #refuse(reason: keyof RefusedRequests, peer: Peer): void {
    this.#refused[reason] = { count: this.#refused[reason].count + 1, peer: peer.name };
  }
}

function byAgent(peers: readonly Peer[]): ReadonlyMap<number, Peer> {
  return new Map(peers.map((peer) => [peer.agentId | 0, peer]));
}
