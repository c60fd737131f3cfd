/** Whose request this is, and whether it is believed: by the mesh key (keyed-admission.ts), or without one as well as that goes (open-admission.ts). */
import type { Belief } from "../../detect/request-line.ts";
import type { IcmpPacket } from "../../packet/icmp.ts";
import type { ProbeFields } from "../../packet/probe.ts";
import type { Ear } from "./ear.ts";
import type { RefusedRequests, Refusals } from "../messages.ts";
import type { Peer } from "../peer.ts";
import type { Arrival } from "../probing/replies.ts";

export interface Admission {
  /** Nothing but a valid tag is believed. */
  readonly authentic: boolean;
  readonly refused: RefusedRequests;
  /** The peer that it is counted for, null for a stranger's or one that is refused. */
  owner(packet: IcmpPacket, probe: ProbeFields, arrival: Arrival): Peer | null;
  /** The peers are others now. */
  peersChanged(gone: readonly Peer[]): void;
  /** Of a request of this peer; `ear` is what is heard of it so far. */
  believe(ear: Ear, probe: ProbeFields, nowUs: number): Belief;
}

export const NONE_REFUSED: Refusals = { count: 0, peer: null };
