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
  readonly members: readonly Peer[];
  readonly send: Cursor;
  readonly settle: Cursor;
}

export interface Lanes {
  /** In the order of the settings. */
  readonly peers: readonly Peer[];
  readonly lanes: readonly Lane[];
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

export function buildLanes(settings: WireSettings, options: { readonly nowUs: number; readonly random32: () => number }): Lanes {
  const { nowUs, random32 } = options;
  const peers: Peer[] = [];
  const lanes: Lane[] = [];
  const ids = createIdTable();
  const random = (): number => random32() & 0xffff;
  for (const [intervalMs, indices] of byInterval(settings.peers)) {
    // Lanes start at different moments, or their first members would always send together.
    const baseUs = nowUs + (random32() / 2 ** 32) * intervalMs * 1000;
    const group = new PaceGroup({ intervalUs: intervalMs * 1000, peers: indices, baseUs });
    const recorder = new Recorder(indices.length, intervalMs);
    const members = indices.map((index, member) => {
      const sinceUs = nowUs + Math.max(0, index - START_AT_ONCE) * START_EACH_US;
      const peer = createPeer(settings.peers[index] as WirePeer, { index, settings, ids, random, sinceUs }, { group, member, recorder });
      peers[index] = peer;
      return peer;
    });
    lanes.push({ group, recorder, members, send: { member: 0, slot: 0, count: 0 }, settle: { member: 0, slot: 0, count: 0 } });
  }
  return { peers, lanes, ids };
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
