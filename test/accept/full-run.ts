/**
 * The collector's database cannot take what comes: its disk is full, or it is restarted, killed, frozen. Nodes must be told 503 and nothing else, forget nothing, and
 * have everything there once when it can again.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { onProcessEnd } from "../netns/namespaces.ts";
import { openCollectorLab, type CollectorLab } from "./collector-lab.ts";
import { openCollectorRows } from "./collector-rows.ts";
import { startCrowd, type Crowd } from "./node-simulator.ts";
import type { NodeOutcome, NodePlan } from "./simulated-node.ts";
import { round } from "./statistics.ts";

export type Trouble = "sqlite-full" | "postgres-full" | "postgres-restarted" | "postgres-killed" | "postgres-frozen";
export const TROUBLES: readonly Trouble[] = ["sqlite-full", "postgres-full", "postgres-restarted", "postgres-killed", "postgres-frozen"];

export interface FullOptions {
  readonly trouble: Trouble;
  readonly nodes: number;
  /** How long the trouble lasts once it is noticed, and how many times it comes (restarts and kills). */
  readonly lastsMs: number;
  readonly times: number;
  readonly seed: number;
  readonly directory: string;
  readonly cli?: string;
}

export interface FullRun {
  readonly trouble: Trouble;
  readonly answers: Readonly<Record<string, number>>;
  /** From the end of the trouble until everything was there, s; null when it never was. */
  readonly recoveredS: number | null;
  readonly faults: readonly string[];
}

/** So much is told by each node in all: more than fits. */
const BACKLOG = { incidents: 4, withEvidence: 4, rollups: 800 } as const;
const RUN_MS = 240_000;
const NOTICED_MS = 60_000;
const LOOK_MS = 100;
/** Longer than a node waits for an answer, and the collector for its database. */
const FROZEN_MS = 14_000;
/** Free at the beginning: the first deliveries go through. */
const FREE_BYTES = 3_000_000;
const SQLITE_DISK = "96m";
/** A new cluster takes 40 MB, and its log grows by files of 16 MB. */
const POSTGRES_DISK = "320m";
const POSTGRES_FREE_BYTES = 2_000_000;

export async function runFull(options: FullOptions): Promise<FullRun> {
  const { trouble, nodes, seed, directory, cli } = options;
  const disk = trouble.endsWith("-full") ? mountDisk(trouble === "sqlite-full" ? SQLITE_DISK : POSTGRES_DISK) : null;
  try {
    const lab = await openCollectorLab({
      store: trouble.startsWith("sqlite") ? "sqlite" : "postgres",
      directory: join(directory, "collector"),
      ...(disk === null ? {} : { disk: disk.path }),
      ...(cli === undefined ? {} : { cli }),
    });
    try {
      const names = Array.from({ length: nodes }, (_, index) => `node-${index}`);
      const tokens = lab.collector.addNodes(names);
      const nowMs = Date.now();
      const plans = names.map((name, index): NodePlan => ({
        name,
        seed: seed + index,
        nowMs,
        ...BACKLOG,
        token: tokens.get(name) ?? "",
        paced: true,
      }));
      const crowd = await startCrowd(lab.collector.address, plans);
      try {
        await lab.settle();
        disk?.fill(trouble === "sqlite-full" ? FREE_BYTES : POSTGRES_FREE_BYTES);
        const running = crowd.run(RUN_MS);
        const endedAtMs = await cause(options, { lab, crowd, empty: () => disk?.empty() });
        const outcomes = await running;
        const doneAtMs = performance.now();
        return await judge({ trouble, lab, plans, outcomes, recoveredMs: doneAtMs - endedAtMs });
      } finally {
        crowd.close();
      }
    } finally {
      await lab.close();
    }
  } finally {
    disk?.unmount();
  }
}

/** Lets the trouble happen and pass. Returns when it was over. */
async function cause(
  { trouble, lastsMs, times }: FullOptions,
  on: { readonly lab: CollectorLab; readonly crowd: Crowd; readonly empty: () => void },
): Promise<number> {
  const { lab, crowd, empty } = on;
  const { postgres } = lab;
  if (trouble === "sqlite-full" || trouble === "postgres-full") {
    await noticed(crowd);
    await pause(lastsMs);
    empty();
    // A full disk can end PostgreSQL itself; somebody starts it again then.
    if (postgres !== null && !(await postgresAnswers(lab))) await postgres.restart();
    return performance.now();
  }
  if (postgres === null) throw new Error(`Cannot cause ${trouble} without PostgreSQL`);
  for (let time = 0; time < times; time++) {
    await moved(crowd);
    if (trouble === "postgres-restarted") await postgres.restart();
    else if (trouble === "postgres-killed") {
      await postgres.kill();
      await pause(lastsMs);
      await postgres.restart();
    } else {
      postgres.pause();
      await pause(Math.max(lastsMs, FROZEN_MS));
      postgres.resume();
    }
  }
  return performance.now();
}

/** Until a node was told 503. */
async function noticed(crowd: Crowd): Promise<void> {
  for (const until = performance.now() + NOTICED_MS; performance.now() < until; await pause(LOOK_MS))
    if ((await answers(crowd))["503"] !== undefined) return;
  throw new Error("Cannot see that the disk is full: nobody was told 503");
}

/** Until something more was stored. */
async function moved(crowd: Crowd): Promise<void> {
  const before = (await answers(crowd))["200"] ?? 0;
  for (const until = performance.now() + NOTICED_MS; performance.now() < until; await pause(LOOK_MS))
    if (((await answers(crowd))["200"] ?? 0) > before) return;
}

async function answers(crowd: Crowd): Promise<Readonly<Record<string, number>>> {
  return sum(await crowd.look());
}

function sum(outcomes: readonly NodeOutcome[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const { answers } of outcomes) for (const [what, count] of Object.entries(answers)) total[what] = (total[what] ?? 0) + count;
  return total;
}

async function postgresAnswers(lab: CollectorLab): Promise<boolean> {
  const rows = openCollectorRows(lab.collector.store);
  try {
    await rows.nodes();
    return true;
  } catch {
    return false;
  } finally {
    await rows.close();
  }
}

async function judge(run: {
  readonly trouble: Trouble;
  readonly lab: CollectorLab;
  readonly plans: readonly NodePlan[];
  readonly outcomes: readonly NodeOutcome[];
  readonly recoveredMs: number;
}): Promise<FullRun> {
  const { trouble, lab, plans, outcomes } = run;
  const total = sum(outcomes);
  const faults = outcomes.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`));
  const isAllThere = outcomes.every(({ allMs }) => allMs !== null);
  if (!lab.collector.isRunning) faults.push(`the collector ended: ${lab.collector.log.slice(-2).join(" | ")}`);
  if (!isAllThere) faults.push("not everything arrived");
  // A restart can pass between two deliveries, unnoticed.
  if (total["503"] === undefined && total["timeout"] === undefined && trouble !== "postgres-restarted")
    faults.push("nobody was told 503: there was no trouble");
  const rows = openCollectorRows(lab.collector.store);
  try {
    for (const plan of plans) faults.push(...(await rows.differences(plan)));
  } finally {
    await rows.close();
  }
  return { trouble, answers: total, recoveredS: isAllThere ? round(run.recoveredMs / 1_000, 1) : null, faults: faults.slice(0, 20) };
}

interface Disk {
  readonly path: string;
  /** Takes all but so much. */
  fill(freeBytes: number): void;
  empty(): void;
  unmount(): void;
}

/** Needs root. In a directory of its own, where PostgreSQL's user can get to. */
function mountDisk(size: string): Disk {
  const path = mkdtempSync(join(tmpdir(), "meshprobe-disk-"));
  chmodSync(path, 0o755);
  const mount = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=0755`, "meshprobe-test", path], { encoding: "utf8" });
  if (mount.status !== 0) throw new Error(`Cannot mount a small disk: ${mount.stderr}`);
  // Lazily, for what still has a file open there ends a moment later.
  const unmount = (): void => {
    forget();
    spawnSync("umount", ["-l", path]);
    rmdirSync(path);
  };
  const forget = onProcessEnd(unmount);
  const filler = join(path, "filler");
  return {
    path,
    fill(freeBytes) {
      const { bavail, bsize } = statfsSync(path);
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - freeBytes)));
      chmodSync(filler, 0o600);
    },
    empty: () => rmSync(filler, { force: true }),
    unmount,
  };
}
