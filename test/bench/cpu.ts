/**
 * Processor time of the whole agent (agent, wire, stores and all) per probe, beside fping on the same targets, one after the other, round by round.
 * Only the ratio means something from one machine to the next.
 * Usage: npm run bench:cpu [-- --peers 100,600,1000,2000,5000] [--rounds 3] [--seconds 10] [--warm-up 10] [--paced 600] [--mesh 600] [--cli FILE]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import process from "node:process";
import { ensureSystemPackages } from "../../packaging/system-packages.ts";
import { percentile } from "../accept/statistics.ts";
import { labObstacle } from "../netns/lab.ts";
import { onProcessEnd } from "../netns/namespaces.ts";
import { measureRound, type CpuSample } from "./cpu-round.ts";
import { ProbeLab } from "./probe-lab.ts";

function say(cells: readonly (string | number)[]): void {
  process.stdout.write(`${cells.map((cell) => String(cell).padStart(12)).join("")}\n`);
}

function line(samples: readonly CpuSample[], what: string | number): void {
  const middle = (of: (sample: CpuSample) => number): number => percentile(samples.map(of), 0.5);
  const worst = (of: (sample: CpuSample) => number): number => Math.max(...samples.map(of));
  const { peers = 0, paced = false, mesh = false } = samples[0] ?? {};
  say([
    paced ? `${peers} paced` : mesh ? `${peers} mesh` : peers,
    what,
    middle((sample) => sample.agentUs).toFixed(2),
    middle((sample) => sample.fpingUs).toFixed(2),
    middle((sample) => sample.ratio).toFixed(2),
    `${middle((sample) => sample.corePct).toFixed(2)} %`,
    worst((sample) => sample.lost),
    `${(-worst((sample) => -sample.sentShare) * 100).toFixed(3)} %`,
  ]);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      peers: { type: "string", default: "100,600,1000,2000,5000" },
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "10" },
      "warm-up": { type: "string", default: "10" },
      paced: { type: "string", default: "600" },
      mesh: { type: "string", default: "600" },
      cli: { type: "string" },
    },
  });
  const { missing } = ensureSystemPackages(["iproute2", "nftables", "fping"]);
  const obstacle = labObstacle() ?? (missing.length === 0 ? null : `not installed: ${missing.join(", ")}`);
  if (obstacle !== null) {
    console.error(`Cannot measure: ${obstacle}`);
    return 3;
  }
  const sizes = (list: string): number[] =>
    list
      .split(",")
      .map(Number)
      .filter((peers) => peers > 0);
  const directory = mkdtempSync(join(tmpdir(), "meshprobe-bench-"));
  const forget = onProcessEnd(() => rmSync(directory, { recursive: true, force: true }));
  const lab = await ProbeLab.open();
  try {
    say(["peers", "round", "µs/probe", "fping", "ratio", "of a core", "lost", "slots sent"]);
    const jobs: { peers: number; paced: boolean; mesh?: boolean }[] = [
      ...sizes(values.peers).map((peers) => ({ peers, paced: false })),
      ...sizes(values.paced).map((peers) => ({ peers, paced: true })),
      ...sizes(values.mesh).map((peers) => ({ peers, paced: false, mesh: true })),
    ];
    for (const job of jobs) {
      const samples: CpuSample[] = [];
      for (let round = 1; round <= Number(values.rounds); round++) {
        const options = {
          ...job,
          directory: join(directory, `${job.peers}-${job.paced}-${job.mesh ?? false}-${round}`),
          warmUpMs: Number(values["warm-up"]) * 1000,
        };
        const cli = values.cli === undefined ? {} : { cli: values.cli };
        samples.push(await measureRound(lab, { ...options, ...cli, seconds: Number(values.seconds) }));
        line(samples.slice(-1), round);
      }
      line(samples, "median");
    }
  } finally {
    await lab.close();
    forget();
    rmSync(directory, { recursive: true, force: true });
  }
  return 0;
}

process.exitCode = await main();
