/**
 * The peers of one interval form a lane: one pace, one recorder, and two cursors over their slots in order of time. What is due to be sent or settled is
 * a count, and the cursor walks up to it.
 */
import type { WirePeer, WireSettings } from "../messages.ts";
import { PaceGroup } from "./pacer.ts";
import { createIdTable, createPeer, type Peer } from "../peer.ts";
import { Recorder } from "../counting/recorder.ts";

/** Beyond this many, peers begin a thousand a second: code that is not compiled yet cannot send fifty thousand probes a second. */
const START_AT_ONCE = 1_000;
const START_EACH_US = 1_000;

export interface Cursor {
  member: number;
  slot: number;
  count: number;
}

export interface Lane {
  readonly group: PaceGroup;
  readonly recorder: Recorder;
  readonly members: Peer[];
  readonly send: Cursor;
  readonly settle: Cursor;
}

export interface Lanes {
  /** By index; in the order in which they came. */
  readonly peers: Peer[];
  readonly lanes: Lane[];
  /** 65,536 ICMP ids → peer index · FLOWS + flow, −1 where the id is not ours. */
  readonly ids: Int32Array;
}

/** The cursor's next (slot, member). */
export function step(cursor: Cursor, members: number): void {
  cursor.count++;
  if (++cursor.member === members) {
    cursor.member = 0;
    cursor.slot++;
  }
}

export interface LaneOptions {
  readonly settings: Pick<WireSettings, "timeoutMs" | "window" | "lost" | "clear">;
  readonly nowUs: number;
  readonly random32: () => number;
}

export function buildLanes(settings: WireSettings, options: Omit<LaneOptions, "settings">): Lanes {
  const lanes: Lanes = { peers: [], lanes: [], ids: createIdTable() };
  extendLanes(lanes, settings.peers, { ...options, settings });
  return lanes;
}

/** More peers, each interval in a lane of its own: those that are there keep their pace and their phase. */
export function extendLanes({ peers, lanes, ids }: Lanes, wanted: readonly WirePeer[], { settings, nowUs, random32 }: LaneOptions): Peer[] {
  const random = (): number => random32() & 0xffff;
  const first = peers.length;
  for (const [intervalMs, numbers] of byInterval(wanted)) {
    // Lanes start at different moments, or their first members would always send together.
    const baseUs = nowUs + (random32() / 2 ** 32) * intervalMs * 1000;
    const group = new PaceGroup({ intervalUs: intervalMs * 1000, peers: numbers.map((number) => first + number), baseUs });
    const recorder = new Recorder(numbers.length, intervalMs);
    const members = numbers.map((number, member) => {
      const sinceUs = startUs(number, nowUs);
      const index = first + number;
      const peer = createPeer(wanted[number] as WirePeer, { index, settings, ids, random, sinceUs }, { group, member, recorder });
      peers[index] = peer;
      return peer;
    });
    lanes.push({ group, recorder, members, send: { member: 0, slot: 0, count: 0 }, settle: { member: 0, slot: 0, count: 0 } });
  }
  return peers.slice(first);
}

/** When the n-th of those that begin at once sends its first probe. */
export function startUs(number: number, nowUs: number): number {
  return nowUs + Math.max(0, number - START_AT_ONCE) * START_EACH_US;
}

function byInterval(peers: readonly WirePeer[]): Map<number, number[]> {
  const lanes = new Map<number, number[]>();
  peers.forEach((peer, index) => {
    const lane = lanes.get(peer.intervalMs);
    if (lane === undefined) lanes.set(peer.intervalMs, [index]);
    else lane.push(index);
  });
  return lanes;
}
