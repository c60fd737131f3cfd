/**
 * A peer as the wire knows it: address, flows, RTT, detector, its place in the pace group. A peer that is no longer probed is retired: what is under way is still judged.
 */
import { addressBytes, holdsAddress } from "../packet/address.ts";
import type { IcmpPacket } from "../packet/icmp.ts";
import type { Flow } from "../packet/probe.ts";
import { Detector } from "../detect/detector.ts";
import { createRtt, type RttState } from "../detect/rtt.ts";
import type { PaceGroup } from "./probing/pacer.ts";
import type { Recorder } from "./counting/recorder.ts";
import type { WirePeer, WireSettings } from "./messages.ts";

/** Flows per peer: the ICMP ids and checksums over which its probes rotate. */
export const FLOWS = 4;

/** Whom a sweep may be sent to: a peer, or a guest (`Guests`). */
export interface Traced {
  readonly name: string;
  readonly address: string | null;
  readonly bytes: Uint8Array;
  /** How the kernel spells its IPv6 address, learned from its first packet. */
  source: string;
  readonly family: 4 | 6;
  readonly flows: readonly Flow[];
  readonly lastFlow: number;
  /** TTL with which its replies arrive (IPv4), by flow, 0 while unknown. */
  readonly replyTtls: readonly number[];
}

export interface Peer extends Traced {
  readonly index: number;
  /** A target of our own that tells whether it is us; it has no bursts, no sweeps and no rollups. */
  readonly canary: boolean;
  /** Of the agent there, as its probes carry it. */
  readonly agentId: number;
  address: string | null;
  bytes: Uint8Array;
  family: 4 | 6;
  readonly detector: Detector;
  readonly rtt: RttState;
  softUs: number;
  everReplied: boolean;
  /** It is no longer in the configuration: nothing is sent to it, and no burst of it is told. */
  retired: boolean;
  /** When it is probed for the first time by this wire. */
  readonly sinceUs: number;
  readonly group: PaceGroup;
  readonly member: number;
  readonly recorder: Recorder;
  /** Newest slot written to the recorder, −1 before the first. */
  newestSlot: number;
  /** Oldest probe number not yet judged against the soft timeout. */
  softNumber: number;
  lastFlow: number;
  /** Newest lost probe of which the peer has not told yet whether it heard it, −1 for none. */
  undirectedNumber: number;
  /** Number of our open incident with it in this boot, 0 for none. */
  incident: number;
  lastLossUs: number;
  /** When the last good reply came. */
  lastGoodUs: number;
  /** TTL with which its replies arrive (IPv4), by flow, 0 while unknown; the one that is about to take their place, and how often it was seen in a row. */
  readonly replyTtls: number[];
  newTtl: number;
  newTtlRun: number;
  burstUs: number;
  duplicate: number;
  foreign: number;
  errorMaxUs: number;
}

export type Random16 = () => number;

/** 65,536 ids → peer index · 4 + flow, −1 where the id is not ours. */
export function createIdTable(): Int32Array {
  return new Int32Array(65_536).fill(-1);
}

/** Takes four ids that are free; there must be as many. */
export function pickFlows(index: number, ids: Int32Array, random: Random16): Flow[] {
  const flows: Flow[] = [];
  for (let flow = 0; flow < FLOWS; flow++) {
    let id = random();
    while (ids[id] !== -1) id = (id + 1) & 0xffff;
    ids[id] = index * FLOWS + flow;
    let checksum = random();
    while (checksum === 0 || checksum === 0xffff || flows.some((other) => other.checksum === checksum)) checksum = random();
    flows.push({ index: flow, id, checksum });
  }
  return flows;
}

/** What is no address leaves the peer where it was. */
export function setAddress(peer: Peer, address: string): void {
  const bytes = addressBytes(address);
  if (bytes === null) return;
  peer.address = address;
  peer.bytes = bytes;
  peer.source = address;
  peer.family = bytes.length === 4 ? 4 : 6;
  peer.replyTtls.fill(0);
  // Another gateway: whether it answers at all is not known.
  if (peer.canary) peer.everReplied = false;
}

/** Whether a packet came from this peer. `source` is the kernel's spelling, which the configuration need not share. */
export function isFrom6(peer: Traced, source: string): boolean {
  if (source === peer.source) return true;
  const bytes = addressBytes(source);
  if (bytes === null || bytes.length !== peer.bytes.length || !holdsAddress(bytes, 0, peer.bytes)) return false;
  peer.source = source;
  return true;
}

/** Whether an ICMP error quotes a packet of this flow: who was not on its way cannot know the checksum. On IPv6 the kernel makes it, and it is not known here. */
export function isQuoted(peer: Traced, flow: Flow, packet: IcmpPacket, bytes: Uint8Array): boolean {
  return holdsAddress(bytes, packet.destinationOffset, peer.bytes) && (peer.family === 6 || packet.checksum === flow.checksum);
}

/** Sets the outcome of a slot; one that the recorder has overwritten since is forgotten. */
export function record(peer: Peer, slot: number, sample: number): void {
  if (slot > peer.newestSlot - peer.recorder.slots) peer.recorder.set(peer.member, slot, sample);
}

/** Adds a bit to what is recorded of a slot. */
export function mark(peer: Peer, slot: number, bit: number): void {
  if (slot > peer.newestSlot - peer.recorder.slots) peer.recorder.set(peer.member, slot, (peer.recorder.get(peer.member, slot) | bit) >>> 0);
}

export function createPeer(
  wanted: WirePeer,
  options: {
    readonly index: number;
    readonly settings: Pick<WireSettings, "timeoutMs" | "window" | "lost" | "clear">;
    readonly ids: Int32Array;
    readonly random: Random16;
    readonly sinceUs: number;
  },
  place: { readonly group: PaceGroup; readonly member: number; readonly recorder: Recorder },
): Peer {
  const peer: Peer = {
    index: options.index,
    name: wanted.name,
    canary: wanted.canary,
    agentId: wanted.agentId,
    address: null,
    bytes: new Uint8Array(4),
    source: "",
    family: 4,
    flows: pickFlows(options.index, options.ids, options.random),
    detector: new Detector(options.settings),
    rtt: createRtt(),
    softUs: Math.min(1_000_000, options.settings.timeoutMs * 1000),
    everReplied: wanted.everReplied,
    retired: false,
    sinceUs: options.sinceUs,
    group: place.group,
    member: place.member,
    recorder: place.recorder,
    newestSlot: -1,
    softNumber: 0,
    lastFlow: 0,
    undirectedNumber: -1,
    incident: 0,
    lastLossUs: 0,
    lastGoodUs: options.sinceUs,
    replyTtls: Array.from({ length: FLOWS }, () => 0),
    newTtl: 0,
    newTtlRun: 0,
    burstUs: 0,
    duplicate: 0,
    foreign: 0,
    errorMaxUs: 0,
  };
  if (wanted.address !== null) setAddress(peer, wanted.address);
  return peer;
}
