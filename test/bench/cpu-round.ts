/** One round of the comparison: the agent, then fping in its place, on the same targets. */
import { setTimeout as pause } from "node:timers/promises";
import type { ProbeLab } from "./probe-lab.ts";

export interface CpuSample {
  readonly peers: number;
  /** Beside `fping -i 0.1`, which spreads its probes as the agent does, instead of `-i 0`. */
  readonly paced: boolean;
  /** All peers probed back, with a mesh key. */
  readonly mesh: boolean;
  /** Processor µs per probe. */
  readonly agentUs: number;
  readonly fpingUs: number;
  readonly ratio: number;
  /** The agent's share of one core. */
  readonly corePct: number;
  readonly lost: number;
  readonly blind: number;
  readonly incidents: number;
  readonly sentShare: number;
}

export interface RoundOptions {
  readonly peers: number;
  readonly paced: boolean;
  readonly mesh?: boolean;
  readonly directory: string;
  readonly warmUpMs: number;
  readonly seconds: number;
  readonly cli?: string;
}

export async function measureRound(lab: ProbeLab, options: RoundOptions): Promise<CpuSample> {
  const { peers, paced, seconds, mesh = false } = options;
  const { window, totals } = await lab.agent({ ...options, during: () => pause(seconds * 1000) });
  const fping = await lab.fping(options);
  return {
    peers,
    paced,
    mesh,
    agentUs: window.usPerProbe,
    fpingUs: fping.usPerProbe,
    ratio: window.usPerProbe / fping.usPerProbe,
    corePct: window.processorMs / window.seconds / 10,
    lost: totals.lost,
    blind: totals.blind,
    incidents: totals.incidents,
    sentShare: totals.sentShare,
  };
}
