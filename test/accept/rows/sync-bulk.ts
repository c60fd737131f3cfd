/** Whether delivering a backlog over a thin link that the probes use, too, costs a probe or makes one slow. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Report } from "../../../src/report/report.ts";
import type { Row } from "../row.ts";
import { Samples } from "../samples.ts";
import { round } from "../statistics.ts";
import { seedBacklog } from "../sync/backlog.ts";
import { PEER, SyncLab } from "../sync/sync-lab.ts";

const LINK = "10mbit";
const SECONDS = 180;
const QUICK_SECONDS = 30;
const WARM_UP_MS = 5_000;
const SLOWER_MS = 20;
/** What is compared, in this order: nothing to deliver; as shipped; as fast as it goes, which shows that the link can be filled. */
const CASES = [
  { name: "idle", minutes: 0, rate: "1Mbit/s" },
  { name: "shipped", minutes: 24 * 60, rate: "1Mbit/s" },
  { name: "unpaced", minutes: 24 * 60, rate: "1Gbit/s" },
] as const;

interface BulkSample {
  readonly name: string;
  readonly sent: number;
  readonly lost: number;
  readonly rttMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Rollups that the collector took in meanwhile. */
  readonly delivered: number;
}

export const syncBulk: Row = {
  name: "sync-bulk",
  title: "a backlog delivered over a link of 10 Mbit/s while probing over it: no probe lost, none more than 20 ms slower",
  async run(context) {
    const samples = new Samples<BulkSample>(context);
    const seconds = context.quick ? QUICK_SECONDS : SECONDS;
    for (const one of samples.left([...CASES], ({ name }) => name)) {
      const sample = await measure(one as (typeof CASES)[number], { seconds, directory: join(context.directory, one.name), cli: context.cli });
      samples.add(sample);
      context.progress(
        `${sample.name}: ${sample.lost} of ${sample.sent} lost, RTT p50 ${sample.rttMs.p50}, p99 ${sample.rttMs.p99}, max ${sample.rttMs.max} ms; ${sample.delivered} rollups delivered`,
      );
    }
    const of = (name: string): BulkSample | undefined => samples.all.find((sample) => sample.name === name);
    const [idle, shipped] = [of("idle"), of("shipped")];
    const slower = (shipped?.rttMs.max ?? Number.POSITIVE_INFINITY) - (idle?.rttMs.max ?? 0);
    return {
      samples: samples.all.length,
      figures: { ...Object.fromEntries(samples.all.map(({ name, ...figures }) => [name, figures])), slower_ms: round(slower) },
      bar: `0 lost, the slowest reply ≤ ${SLOWER_MS} ms slower than without deliveries`,
      passed: shipped !== undefined && shipped.lost === 0 && shipped.delivered > 0 && slower <= SLOWER_MS,
    };
  },
};

async function measure(
  { name, minutes, rate }: (typeof CASES)[number],
  { seconds, directory, cli }: { readonly seconds: number; readonly directory: string; readonly cli: string },
): Promise<BulkSample> {
  const sync = await SyncLab.open({ directory, cli, rate });
  const collector = await sync.centre.open();
  try {
    // Where the node's uplink meets its provider: behind r1, where the node's own kernel cannot see the queue.
    for (const [machine, device] of [
      ["r1", "to-r2"],
      ["r2", "to-r1"],
    ] as const)
      for (const args of [`qdisc add dev ${device} root handle 1: htb default 1`, `class add dev ${device} parent 1: classid 1:1 htb rate ${LINK}`]) {
        const { code, stderr } = await sync.lab.exec(machine, ["tc", ...args.split(" ")]);
        if (code !== 0) throw new Error(`Cannot make the link thin: ${stderr}`);
      }
    mkdirSync(sync.dataDir, { recursive: true });
    if (minutes > 0) seedBacklog(sync.dataDir, { peers: 1_000, minutes, untilMs: Date.now() - 3600_000 });
    const agent = await sync.startAgent();
    await pause(WARM_UP_MS);
    const sinceMs = Math.ceil(Date.now() / 10_000) * 10_000;
    await pause(sinceMs + seconds * 1_000 - Date.now());
    const delivered =
      (await collector.nodes()).length === 0
        ? 0
        : (await collector.rollups({ node: "node", from: 0, to: sinceMs / 1000 + seconds, limit: 5_000_000 })).length;
    // Replies of the last seconds are judged, and their rollup is written.
    await pause(15_000);
    const until = new Date(sinceMs + seconds * 1_000).toISOString();
    const report = JSON.parse(
      await agent.report("--since", new Date(sinceMs).toISOString(), "--until", until, "--format", "json", "--peer", PEER),
    ) as Report;
    await agent.stop();
    const peer = report.peers.find((one) => one.peer === PEER);
    const { p50, p99, max } = peer?.rtt_ms ?? {};
    return {
      name,
      sent: peer?.sent ?? 0,
      lost: (peer?.lost ?? 0) + (peer?.late ?? 0),
      rttMs: { p50: p50 ?? 0, p99: p99 ?? 0, max: max ?? 0 },
      delivered,
    };
  } finally {
    await collector.close();
    await sync.close();
  }
}
