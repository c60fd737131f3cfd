/**
 * Hearing: each agent counts the echo requests that its peers send it and tells them, in its own probes, which it heard. That gives loss by direction, without
 * clocks: numbers missing in what arrives were lost on the way in, numbers missing in what the peer heard were lost on the way out.
 *
 *   request → admission (whose is it, is it believed?) → ear (counted) → what it tells of ours, its clock, what it asks of us
 */
import type { BurstHearing } from "../../detect/incident.ts";
import type { IcmpPacket } from "../../packet/icmp.ts";
import { FLAG_IN_INCIDENT, FLAG_TRACE, readProbe, type Heard, type ProbeFields } from "../../packet/probe.ts";
import type { Admission } from "./admission.ts";
import { Ear, type Stretch } from "./ear.ts";
import type { InFlight } from "../probing/in-flight.ts";
import type { RefusedRequests } from "../messages.ts";
import type { PeerClocks } from "./peer-clocks.ts";
import type { Peer } from "../peer.ts";
import type { RemoteAsks } from "./remote-asks.ts";
import type { Arrival } from "../probing/replies.ts";
import { learnDirections } from "./told.ts";

const NOTHING = { expected: 0, received: 0 } as const;

interface Options {
  readonly peers: readonly Peer[];
  readonly epoch: number;
  readonly agentId: number;
  readonly flight: InFlight;
  readonly admission: Admission;
  readonly clocks: Pick<PeerClocks, "take" | "forget">;
  /** Null without a mesh key: nobody can make us trace then. */
  readonly asks: RemoteAsks | null;
  /** The agent of a peer has been silent since then, though its host answers; null when it is heard again. */
  readonly silent: (peer: Peer, sinceUs: number | null) => void;
}

export class Hearing {
  readonly #options: Options;
  readonly #admission: Admission;
  /** By index of the peer; asked for each probe that leaves and each request that comes. Only of peers that sent any. */
  readonly #ears: (Ear | undefined)[];

  constructor(options: Options) {
    this.#options = options;
    this.#admission = options.admission;
    this.#ears = Array.from({ length: options.peers.length }, () => undefined);
  }

  get refused(): RefusedRequests {
    return this.#admission.refused;
  }

  /** The peers are others now: `gone` are no longer heard. */
  peersChanged(gone: readonly Peer[]): void {
    const { admission, clocks, asks } = this.#options;
    for (const peer of gone) {
      this.#ears[peer.index] = undefined;
      clocks.forget(peer);
      asks?.forget(peer);
    }
    admission.peersChanged(gone);
  }

  /** An echo request arrived. */
  take(packet: IcmpPacket, arrival: Arrival): void {
    const { agentId, epoch, flight, clocks, asks } = this.#options;
    const { nowUs } = arrival;
    const probe = readProbe(arrival.bytes, packet.payloadOffset, packet.payloadLength);
    if (probe === null || (probe.flags & FLAG_TRACE) !== 0 || probe.agentId === agentId) return;
    const peer = this.#admission.owner(packet, probe, arrival);
    const ear = peer === null ? null : this.#earOf(peer, probe, nowUs);
    if (ear === null || !ear.hear(probe, nowUs)) return;
    if (probe.heard !== null && probe.heard.epoch === epoch) {
      learnDirections(ear, probe.heard, flight);
      clocks.take(ear.peer, probe, nowUs);
    }
    if ((probe.flags & FLAG_IN_INCIDENT) === 0 || probe.incident === 0) return;
    ear.flagged(nowUs);
    asks?.take(ear.peer, probe, nowUs);
  }

  /** Called once a second: agents whose requests have stopped while their hosts answer, and those that are heard again. */
  listen(nowUs: number): void {
    for (const ear of this.#ears) {
      const isSilent = ear?.silence(nowUs) ?? null;
      if (ear !== undefined && isSilent !== null) this.#options.silent(ear.peer, isSilent ? ear.arrivedUs : null);
    }
  }

  /** Requests may have been lost by ourselves: what is missing until the next one of each peer says nothing, here or there. */
  deafened(): void {
    for (const ear of this.#ears) ear?.deafen();
  }

  /** What our probes tell this peer of its own; null while we have heard none. */
  heardOf(peer: Peer): Heard | null {
    const ear = this.#ears[peer.index];
    return ear === undefined || ear.number < 0 ? null : ear;
  }

  /** Requests of a peer since this was last asked. */
  takeCounts(peer: Peer): { readonly expected: number; readonly received: number } {
    return this.#ears[peer.index]?.takeCounts() ?? NOTHING;
  }

  /** What hearing tells of a stretch of time. */
  report(peer: Peer, stretch: Stretch): BurstHearing {
    const ear = this.#ears[peer.index];
    if (ear === undefined || ear.number < 0) return { state: "none", authentic: false, expected: 0, received: 0, due: 0, saysBad: null };
    return ear.report(stretch);
  }

  /** Null when the request is not believed. */
  #earOf(peer: Peer, probe: ProbeFields, nowUs: number): Ear | null {
    const ear = (this.#ears[peer.index] ??= new Ear(peer, this.#admission.authentic));
    const belief = this.#admission.believe(ear, probe, nowUs);
    if (belief === "other") ear.begin(probe.epoch);
    return belief === "doubted" ? null : ear;
  }
}
