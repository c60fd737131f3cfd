/** What the agent takes of a machine's memory: all its processes together, and whether that grows. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import process from "node:process";
import { processTree, pssBytes } from "../../netns/processes.ts";
import { probeCrowd } from "../healthy-crowd.ts";
import type { Row, RowResult } from "../row.ts";
import { round } from "../statistics.ts";

const PEERS = 1_000;
const LOOK_MS = 5_000;
const MAX_BYTES = 170e6;
/**
 * Flat: by so much the trend may rise over the last half. The flight recorder is full after five minutes; the heap of the wire rises in a few steps to what V8
 * once needed for a collection, until about a quarter of an hour.
 */
const MAX_GROWTH_BYTES = 5e6;
const FULL_MS = 1_800_000;
const QUICK_MS = 60_000;
const LAST_LOOKS = 6;

export interface MemoryLook {
  readonly atS: number;
  readonly bytes: number;
}

/** The sum of the proportional set sizes, every five seconds. */
export async function watchMemory(options: {
  readonly peers: number;
  readonly forMs: number;
  readonly directory: string;
  readonly cli?: string;
  readonly progress?: (line: string) => void;
}): Promise<readonly MemoryLook[]> {
  const { peers, forMs, directory, cli, progress } = options;
  // A binary of its own: pages of one that others run too would be counted only in part.
  const node = join(directory, "node");
  copyFileSync(process.execPath, node);
  return probeCrowd({ peers, directory, cli, node }, async (agent) => {
    const since = performance.now();
    const looks: MemoryLook[] = [];
    for (let next = LOOK_MS; next <= forMs; next += LOOK_MS) {
      await pause(next - (performance.now() - since));
      looks.push({ atS: next / 1000, bytes: pssBytes(processTree(agent.pid)) });
      if (next % 60_000 === 0) progress?.(`${next / 1000} s: ${megabytes(looks.at(-1)?.bytes ?? 0)} MB`);
    }
    await agent.stop();
    return looks;
  });
}

/** Bytes a second, by least squares. */
export function slope(looks: readonly MemoryLook[]): number {
  const mean = (of: (look: MemoryLook) => number): number => looks.reduce((sum, look) => sum + of(look), 0) / looks.length;
  const [meanS, meanBytes] = [mean((look) => look.atS), mean((look) => look.bytes)];
  const covariance = mean((look) => (look.atS - meanS) * (look.bytes - meanBytes));
  return covariance / mean((look) => (look.atS - meanS) ** 2);
}

function judge(looks: readonly MemoryLook[], mustBeFlat: boolean): RowResult {
  const half = looks.slice(Math.floor(looks.length / 2));
  const last = looks.slice(-LAST_LOOKS).map((look) => look.bytes);
  const end = last.reduce((sum, bytes) => sum + bytes, 0) / last.length;
  const lastsS = (half.at(-1)?.atS ?? 0) - (half[0]?.atS ?? 0);
  const growth = slope(half) * lastsS;
  const most = Math.max(...looks.map((look) => look.bytes));
  return {
    samples: looks.length,
    figures: { end_mb: megabytes(end), max_mb: megabytes(most), last_half_s: lastsS, last_half_growth_mb: megabytes(growth) },
    bar: `≤ ${megabytes(MAX_BYTES)} MB at any time${mustBeFlat ? `, the last half grows by ≤ ${megabytes(MAX_GROWTH_BYTES)} MB` : ""}`,
    passed: most <= MAX_BYTES && (!mustBeFlat || growth <= MAX_GROWTH_BYTES),
  };
}

function megabytes(bytes: number): number {
  return round(bytes / 1e6, 1);
}

export const memory: Row = {
  name: "memory",
  title: "memory of all its processes together, 1,000 peers × 10 a second, after 10 minutes: ≤ 170 MB and flat",
  async run({ quick, directory, cli, progress }) {
    const looks = await watchMemory({ peers: PEERS, forMs: quick ? QUICK_MS : FULL_MS, directory, cli, progress });
    return judge(looks, !quick);
  },
};
