/**
 * Agent and collector killed again and again at random moments, deliveries spoiled on the way, evidence evicted before it was sent, the node's directory put back
 * to an older copy. Afterwards everything that the node has must be with the collector, once.
 */
import { cpSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import Sqlite from "better-sqlite3";
import type { Agent } from "../../netns/agent.ts";
import { seededRandom } from "../statistics.ts";
import { compare } from "./compare.ts";
import { evict } from "./evict.ts";
import { PEER, SyncLab } from "./sync-lab.ts";

/** Between two kills: from before the first delivery to well after an incident. */
const LEAST_MS = 300;
const MOST_MS = 3_000;
const SPOILED = 0.4;
/** One in so many deaths of an agent is used to evict, to take a copy of its directory, or to put the copy back. */
const DEATHS_OF_A_KIND = 8;
const LOSS_MS = [700, 2_500] as const;
const GOOD_MS = [500, 2_500] as const;
const DRAIN_MS = 180_000;
const LOOK_MS = 500;

export interface ChaosOptions {
  readonly kills: number;
  readonly seed: number;
  readonly directory: string;
  readonly cli?: string | undefined;
  readonly store?: string | undefined;
  readonly progress: (line: string) => void;
}

export interface ChaosRun {
  readonly agentKills: number;
  readonly collectorKills: number;
  readonly evictions: number;
  readonly restored: number;
  readonly incidents: number;
  readonly rows: number;
  readonly rollups: number;
  readonly proxy: Readonly<Record<string, number>>;
  readonly drainedMs: number;
  readonly faults: readonly string[];
}

export async function chaos({ kills, seed, directory, cli, store, progress }: ChaosOptions): Promise<ChaosRun> {
  const random = seededRandom(seed);
  const between = ([least, most]: readonly [number, number]): number => least + random() * (most - least);
  const sync = await SyncLab.open({ directory, cli, store, spoiled: { share: SPOILED, seed } });
  const seen = new Set<string>();
  const rewritten = new Set<string>();
  const copy = join(directory, "copy");
  const done = { agentKills: 0, collectorKills: 0, evictions: 0, restored: 0 };
  let agent: Agent | null = null;
  const weather = new AbortController();
  try {
    agent = await sync.startAgent();
    const storms = badWeather(sync, between, weather.signal);
    for (let kill = 0; kill < kills; kill++) {
      await pause(between([LEAST_MS, MOST_MS]));
      if (random() < 0.4) {
        await sync.centre.end("SIGKILL");
        done.collectorKills++;
        await pause(random() * 1_000);
        await sync.centre.start();
        continue;
      }
      agent.kill("SIGKILL");
      await agent.stop();
      done.agentKills++;
      for (const id of incidentIds(sync.dataDir)) seen.add(id);
      const turn = done.agentKills % DEATHS_OF_A_KIND;
      if (turn === 2) copyDirectory(sync.dataDir, copy);
      if (turn === 4) done.evictions += evict(sync.dataDir);
      if (turn === 6 && existsSync(copy)) {
        // What the copy believes to be going on has gone on since; the collector may know how it ended.
        for (const id of incidentIds(copy, "status IN ('open', 'cooling')")) rewritten.add(id);
        copyDirectory(copy, sync.dataDir);
        done.restored++;
      }
      agent = await sync.startAgent();
      progress(`${kill + 1} of ${kills} kills, ${seen.size} incidents`);
    }
    weather.abort();
    await storms;
    sync.behave();
    const since = performance.now();
    const left = await drained(sync);
    const drainedMs = Math.round(performance.now() - since);
    await agent.stop();
    // The agent's last words, its stop, are delivered by the next one.
    agent = await sync.startAgent();
    await drained(sync);
    agent.kill("SIGKILL");
    await agent.stop();
    for (const id of incidentIds(sync.dataDir)) seen.add(id);
    const proxy = await sync.proxyCounts();
    const collector = await sync.centre.open();
    try {
      const { rows, rollups, faults } = await compare({
        node: "node",
        dataDir: sync.dataDir,
        store: collector,
        mayBeOlder: (id) => rewritten.has(id),
      });
      const heads = await collector.records({ types: ["incident"], node: "node", limit: 100_000 });
      const strange = heads.filter(({ id }) => !seen.has(id)).map(({ id }) => `incident ${id} was never on the node`);
      return { ...done, incidents: heads.length, rows, rollups, proxy, drainedMs, faults: [...left, ...strange, ...faults] };
    } finally {
      await collector.close();
    }
  } finally {
    weather.abort();
    agent?.kill("SIGKILL");
    await sync.close();
  }
}

/** Losses that come and go on the link behind r2. */
async function badWeather(sync: SyncLab, between: (range: readonly [number, number]) => number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(between(GOOD_MS), undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const rule = await sync.lab.dropOn("r2", { to: sync.lab.address(PEER), perMille: 1000 });
    await pause(between(LOSS_MS), undefined, { signal }).catch(() => {});
    await rule.lift();
  }
}

/** Until no incident is open and nothing waits any more. What is left is a fault. */
async function drained(sync: SyncLab): Promise<string[]> {
  for (const deadlineMs = performance.now() + DRAIN_MS; ; await pause(LOOK_MS)) {
    const status = await sync.status();
    const lanes = status.collector?.lanes ?? [];
    const waiting = lanes.filter(({ records }) => records > 0);
    if (status.incidents.length === 0 && lanes.length > 0 && waiting.length === 0) return [];
    if (performance.now() > deadlineMs) return [`after ${DRAIN_MS / 1000} s there waits: ${JSON.stringify(status.collector)}`];
  }
}

function incidentIds(dataDir: string, where = "1"): string[] {
  const file = join(dataDir, "evidence.db");
  if (!existsSync(file)) return [];
  const db = new Sqlite(file, { readonly: true });
  try {
    return db.prepare<[], string>(`SELECT id FROM incidents WHERE ${where}`).pluck().all();
  } finally {
    db.close();
  }
}

/** Of a dead agent: databases with their WAL, as a backup of the disk would have them. */
function copyDirectory(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, filter: (path) => !path.endsWith(".sock") });
}
