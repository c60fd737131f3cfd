/** How soon the centre knows of an incident when the uplink that was cut is whole again, while a day of rollups waits; and whether all of it arrives once. */
import { mkdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { CollectorStore } from "../../../src/collector/store/port.ts";
import type { Row } from "../row.ts";
import { byNumber, Samples } from "../samples.ts";
import { percentile, round } from "../statistics.ts";
import { seedBacklog } from "../sync/backlog.ts";
import { compare } from "../sync/compare.ts";
import { NODE, SyncLab } from "../sync/sync-lab.ts";

const CUTS = 5;
const QUICK_CUTS = 1;
const CUT_MS = 60_000;
const QUICK_CUT_MS = 15_000;
const BEFORE_MS = 8_000;
const PEERS = 1_000;
const MINUTES = 24 * 60;
const QUICK_MINUTES = 60;
const HEAD_MS = 5_000;
const PATIENCE_MS = 60_000;
const DRAIN_MS = 600_000;
const LOOK_MS = 20;

interface Cut {
  readonly number: number;
  /** From the link being back to the head of the incident being stored at the collector. */
  readonly headMs: number;
  /** Records that waited then. */
  readonly waiting: number;
}

export const syncUplink: Row = {
  name: "sync-uplink",
  title:
    "uplink cut during an incident, a day of rollups of 1,000 peers waiting: the head is at the collector 5 s after the link is back; everything once",
  async run(context) {
    const samples = new Samples<Cut>(context);
    const cutMs = context.quick ? QUICK_CUT_MS : CUT_MS;
    const minutes = context.quick ? QUICK_MINUTES : MINUTES;
    const detect = { detect: { cooling: "1s", merge: "5s" } };
    // As shipped: at this rate the backlog lasts longer than all cuts.
    const sync = await SyncLab.open({ directory: context.directory, cli: context.cli, rate: "1Mbit/s", agent: detect });
    const collector = await sync.centre.open();
    let drained = 0;
    let faults: readonly string[] = ["not compared"];
    let rollups = 0;
    try {
      mkdirSync(sync.dataDir, { recursive: true });
      seedBacklog(sync.dataDir, { peers: PEERS, minutes, untilMs: Date.now() - 3600_000 });
      const agent = await sync.startAgent();
      const numbers = Array.from({ length: context.quick ? QUICK_CUTS : CUTS }, (_, number) => ({ number }));
      for (const { number } of samples.left(numbers, byNumber)) {
        await pause(BEFORE_MS);
        // An incident that is not over goes on with the next burst, and would be no new one.
        while ((await sync.status()).incidents.length > 0) await pause(LOOK_MS * 10);
        const downMs = await sync.lab.carrier("r1", "down", NODE);
        await pause(cutMs);
        const { collector: before } = await sync.status();
        const upMs = await sync.lab.carrier("r1", "up", NODE);
        const headMs = (await headSince(collector, downMs - 1_000)) - upMs;
        const waiting = (before?.lanes ?? []).reduce((sum, { records }) => sum + records, 0);
        samples.add({ number, headMs, waiting });
        context.progress(
          `cut ${number + 1}: head at the collector ${(headMs / 1000).toFixed(2)} s after the link was back; ${waiting} records waited`,
        );
      }
      await agent.stop();
      const since = performance.now();
      const fast = await sync.startAgent("1Gbit/s");
      await waitUntilEmpty(sync);
      drained = Math.round(performance.now() - since);
      fast.kill("SIGKILL");
      await fast.stop();
      const { rollups: compared, faults: found } = await compare({ node: NODE, dataDir: sync.dataDir, store: collector });
      rollups = compared;
      faults = found;
    } finally {
      await collector.close();
      await sync.close();
    }
    const heads = samples.all.map(({ headMs }) => headMs);
    return {
      samples: heads.length,
      figures: {
        head_s: { median: round(percentile(heads, 0.5) / 1000), worst: round(Math.max(...heads) / 1000) },
        rollups,
        drained_s: round(drained / 1000),
        faults,
      },
      bar: "every head ≤ 5 s after the link is back; every record once",
      passed: heads.length > 0 && heads.every((ms) => ms <= HEAD_MS) && faults.length === 0 && rollups >= PEERS * minutes,
    };
  },
};

/** When the head of an incident that began since then was stored, ms. */
async function headSince(collector: CollectorStore, sinceMs: number): Promise<number> {
  for (const deadlineMs = performance.now() + PATIENCE_MS; performance.now() < deadlineMs; await pause(LOOK_MS)) {
    const heads = await collector.records({ types: ["incident"], node: NODE, sinceMs, limit: 100 });
    if (heads.some(({ atMs }) => atMs >= sinceMs)) return Date.now();
  }
  return Number.POSITIVE_INFINITY;
}

async function waitUntilEmpty(sync: SyncLab): Promise<void> {
  for (const deadlineMs = performance.now() + DRAIN_MS; performance.now() < deadlineMs; await pause(1_000)) {
    const { collector, incidents } = await sync.status();
    if (incidents.length === 0 && (collector?.lanes ?? []).length > 0 && collector?.lanes.every(({ records }) => records === 0) === true) return;
  }
}
