/**
 * Without a mesh key a request belongs to the peer with its source address, which anybody can write; so it must go on with what is heard of that peer, or have
 * done so with others of its kind for a while.
 */
import { RequestLine, type Belief } from "../../detect/request-line.ts";
import type { IcmpPacket } from "../../packet/icmp.ts";
import type { ProbeFields } from "../../packet/probe.ts";
import { NONE_REFUSED, type Admission } from "./admission.ts";
import type { Ear } from "./ear.ts";
import type { RefusedRequests } from "../messages.ts";
import type { Peer } from "../peer.ts";
import type { PeersByAddress } from "../peers-by-address.ts";
import type { Arrival } from "../probing/replies.ts";

export class OpenAdmission implements Admission {
  readonly authentic = false;
  /** A doubt is no refusal: the peer may have started anew. */
  readonly refused: RefusedRequests = { wrongTag: NONE_REFUSED, oldBoot: NONE_REFUSED };
  readonly #byAddress: PeersByAddress;
  readonly #lines = new Map<Peer, RequestLine>();

  constructor(byAddress: PeersByAddress) {
    this.#byAddress = byAddress;
  }

  peersChanged(gone: readonly Peer[]): void {
    for (const peer of gone) this.#lines.delete(peer);
  }

  owner(_packet: IcmpPacket, _probe: ProbeFields, arrival: Arrival): Peer | null {
    return this.#byAddress.get(arrival.source);
  }

  believe(ear: Ear, { epoch, number }: ProbeFields, atUs: number): Belief {
    const line = this.#lines.get(ear.peer);
    if (line === undefined) {
      this.#lines.set(ear.peer, new RequestLine());
      return "other";
    }
    // While its pace is not known, ours stands for it.
    const intervalUs = ear.intervalUs > 0 ? ear.intervalUs : ear.peer.group.intervalUs;
    return line.believe({ epoch: ear.epoch, number: ear.number, atUs: ear.arrivedUs, intervalUs }, { epoch, number, atUs });
  }
}
