/** Settings of a wire, for tests of its parts. */
import type { WireSettings } from "../../../src/wire/messages.ts";

export function wireSettings(options: { readonly peers: number }): WireSettings {
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
    peers: Array.from({ length: options.peers }, (_, index) => ({
      name: `p${index + 1}`,
      canary: false,
      agentId: 0xb0b00000 + index + 1,
      address: `10.0.${index >> 8}.${(index & 0xff) + 2}`,
      intervalMs: 100,
      everReplied: true,
    })),
  };
}
