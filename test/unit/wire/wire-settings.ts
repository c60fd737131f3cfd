/** Settings of a wire, for the virtual one and for tests of its parts; a test names only what it is about. */
import type { WirePeer, WireSettings } from "../../../src/wire/messages.ts";

/** The n-th peer, from 1: p1 at 10.0.0.2, p2 at 10.0.0.3 … It has answered before. */
export function wirePeer(number: number, more: Partial<WirePeer> = {}): WirePeer {
  return {
    name: `p${number}`,
    canary: false,
    agentId: 0xb0b00000 + number,
    address: `10.0.${(number - 1) >> 8}.${((number - 1) & 0xff) + 2}`,
    intervalMs: 100,
    everReplied: true,
    ...more,
  };
}

export function wirePeers(count: number): WirePeer[] {
  return Array.from({ length: count }, (_, index) => wirePeer(index + 1));
}

export function wireSettings(more: Partial<WireSettings> = {}): WireSettings {
  return {
    agentId: 0xa6e21,
    epoch: 1_763_700_000,
    timeoutMs: 2_000,
    dscp: 0,
    window: 20,
    lost: 5,
    clear: 20,
    baselineMs: 600_000,
    recordMs: 60_000,
    meshKeys: [],
    peerEpochs: [],
    peers: wirePeers(1),
    ...more,
  };
}
