/** What a wire is told at its start. */
import { canariesFor } from "../capture/canaries.ts";
import { agentId } from "../config/agent-id.ts";
import type { Config } from "../config/config.ts";
import type { WirePeer, WireSettings } from "../wire/messages.ts";

/** How far the flight recorder is written out before and after an incident. */
const RECORD_MS = 60_000;

export interface WireStart extends Pick<WireSettings, "epoch" | "meshKeys" | "peerEpochs"> {
  /** The canaries are added to them. */
  readonly peers: readonly WirePeer[];
  /** That most peers are behind; null where none is. */
  readonly gateway: string | null;
}

export function wireSettings({ node, probe, detect, capture }: Config, { peers, gateway, ...start }: WireStart): WireSettings {
  return {
    ...start,
    agentId: agentId(node.name),
    timeoutMs: probe.timeoutMs,
    dscp: probe.dscp,
    window: detect.window,
    lost: detect.lost,
    clear: detect.clear,
    baselineMs: capture.baselineMs,
    recordMs: RECORD_MS,
    peers: [...peers, ...canariesFor(peers, gateway)],
  };
}
