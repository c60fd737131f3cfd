/**
 * Fills a data directory as an agent would have left it after a month: `node test/bench/report-fixture.ts DIR [peers=24] [incidents=500] [days=30]`.
 * Rollup rows are written straight into their tables (going through `addRollups` would take minutes); everything else goes through the stores.
 */
import { pathToFileURL } from "node:url";
import { OUTCOME, packSample } from "../../src/detect/sample.ts";
import type { Hop } from "../../src/path/hop.ts";
import { Histogram } from "../../src/stats/histogram.ts";
import { prepareDataDir } from "../../src/store/database.ts";
import { EvidenceStore } from "../../src/store/evidence.ts";
import { MetricsStore } from "../../src/store/metrics.ts";
import { floorTo, HOUR_S, MINUTE_S, TEN_S } from "../../src/store/rollup-plan.ts";
import type { CaptureRow, IncidentRow } from "../../src/store/rows.ts";

export interface FixtureOptions {
  readonly nowMs: number;
  readonly peers?: number;
  readonly incidents?: number;
  readonly days?: number;
  /** Ten-second rows are kept this long; the default is the configuration's. */
  readonly tenSecondDays?: number;
}

const DAY_S = 24 * HOUR_S;
const SLOTS = 1350;

export function fillDataDir(dir: string, options: FixtureOptions): void {
  const { nowMs, peers = 24, incidents = 500, days = 30, tenSecondDays = Math.min(7, days) } = options;
  prepareDataDir(dir);
  const names = Array.from({ length: peers }, (_, i) => `peer-${String(i + 1).padStart(2, "0")}`);
  fillMetrics(dir, { names, nowS: Math.floor(nowMs / 1000), days, tenSecondDays });
  fillEvidence(dir, { names, nowMs, incidents, days });
}

function fillMetrics(
  dir: string,
  what: { readonly names: readonly string[]; readonly nowS: number; readonly days: number; readonly tenSecondDays: number },
): void {
  const store = new MetricsStore(dir);
  const { database: db } = store;
  db.pragma("synchronous = OFF");
  const levels = [
    { table: "rollups_10s", periodS: TEN_S, seconds: what.tenSecondDays * DAY_S },
    { table: "rollups_1m", periodS: MINUTE_S, seconds: what.days * DAY_S },
    { table: "rollups_1h", periodS: HOUR_S, seconds: what.days * DAY_S },
  ];
  db.transaction(() => {
    what.names.forEach((name, i) => db.prepare("INSERT INTO peers (id, name) VALUES (?, ?)").run(i + 1, name));
    for (const { table, periodS, seconds } of levels) {
      const until = floorTo(what.nowS - 30, periodS);
      const histograms = Array.from({ length: 8 }, (_, i) => histogramOf(periodS * 10, i + 1));
      const insert = db.prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 400, 9000, 60, ?, ?, ?)`);
      for (let at = floorTo(what.nowS - seconds, periodS); at < until; at += periodS) {
        for (let peer = 1; peer <= what.names.length; peer++) {
          const sent = periodS * 10;
          const lost = (at / periodS + peer) % 400 === 0 ? 3 : 0;
          insert.run(at, peer, sent, sent - lost, lost, histograms[(at / periodS + peer) % 8], sent, sent - lost);
        }
      }
      if (table !== "rollups_10s") db.prepare("INSERT INTO meta VALUES (?, ?)").run(table, until);
    }
  })();
  store.close();
}

/** RTTs around 2 ms with a tail, as a busy path has them. */
function histogramOf(values: number, seed: number): Uint8Array {
  const histogram = new Histogram();
  let state = seed * 7919;
  const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  for (let i = 0; i < values; i++)
    histogram.add(1500 * Math.exp((random() + random() + random() - 1.5) * 0.8) + (random() < 0.01 ? 20_000 * random() : 0));
  return histogram.encode();
}

function fillEvidence(
  dir: string,
  what: { readonly names: readonly string[]; readonly nowMs: number; readonly incidents: number; readonly days: number },
): void {
  const store = new EvidenceStore(dir);
  store.database.pragma("synchronous = OFF");
  store.putNode({ name: "sh-a1", id: "5f1d1c55", address: "10.20.1.2", version: "0.1.0", intervalMs: 100, timeoutMs: 2000, notes: [] });
  const firstMs = what.nowMs - what.days * DAY_S * 1000;
  store.putPeers(
    what.names.map((name, i) => ({
      name,
      address: `10.20.${i}.2`,
      intervalMs: 100,
      firstReplyMs: firstMs,
      agentEpoch: 0,
      agentSilentMs: null,
      active: true,
    })),
  );
  const samples = sampleBytes();
  store.transaction(() => {
    for (let i = 0; i < what.incidents; i++) {
      const peer = i % what.names.length;
      const startedMs = firstMs + Math.floor(((i + 0.5) / what.incidents) * (what.nowMs - firstMs - 600_000));
      addIncident(store, { number: i, peer: what.names[peer] ?? "", address: `10.20.${peer}.2`, startedMs, samples });
    }
    store.putBlind({ startedMs: what.nowMs - 3_000_000, endedMs: what.nowMs - 2_998_800, cause: "stall", detail: "1.2 s late" });
  });
  store.close();
}

function addIncident(
  store: EvidenceStore,
  what: { readonly number: number; readonly peer: string; readonly address: string; readonly startedMs: number; readonly samples: Uint8Array },
): void {
  const { number, peer, address, startedMs } = what;
  const id = `incident-${number}`;
  const endedMs = startedMs + 9200;
  const row: IncidentRow = {
    id,
    eventId: `event-${number}`,
    continues: null,
    peer,
    address,
    kind: "loss",
    status: "closed",
    startedMs,
    detectedMs: startedMs + 480,
    endedMs,
    intervalMs: 100,
    timeoutMs: 2000,
    bursts: [
      {
        number: 1,
        startedMs,
        endedMs,
        sent: 92,
        lost: 34,
        late: 0,
        sendFailed: 0,
        blind: 0,
        longestRun: 5,
        flows: [0, 1, 2, 3].map((flow) => ({ flow, sent: 23, lost: 8 + (flow % 2) })),
      },
    ],
    baselineCaptureId: `${id}-before`,
  };
  const capture = (name: string, more: Partial<CaptureRow>): CaptureRow => ({
    id: `${id}-${name}`,
    incidentId: id,
    peer,
    kind: "sweep",
    phase: "during",
    trigger: "burst",
    tool: "meshprobe sweep",
    status: "complete",
    reason: null,
    flow: 0,
    source: "10.20.1.2",
    target: address,
    reached: false,
    askedBy: null,
    startedMs: startedMs + 170,
    firstHopMs: startedMs + 181,
    finishedMs: startedMs + 1170,
    facts: {},
    hops: hops(address, 2),
    ...more,
  });
  store.openIncident(row, [
    capture("before", {
      incidentId: null,
      phase: "before",
      trigger: "baseline",
      startedMs: startedMs - 240_000,
      firstHopMs: startedMs - 239_999,
      finishedMs: startedMs - 239_000,
      reached: true,
      hops: hops(address, 5),
    }),
    capture("suspect", { trigger: "suspect" }),
    capture("burst", { startedMs: startedMs + 480, firstHopMs: startedMs + 482 }),
    capture("mtr", {
      kind: "mtr",
      tool: "mtr 0.95",
      startedMs: startedMs + 490,
      firstHopMs: startedMs + 530,
      finishedMs: endedMs + 15_000,
      hops: [],
    }),
    capture("after", {
      phase: "after",
      trigger: "after",
      startedMs: endedMs + 15_000,
      firstHopMs: endedMs + 15_001,
      finishedMs: endedMs + 16_000,
      reached: true,
      hops: hops(address, 5),
    }),
  ]);
  for (let chunk = 0; chunk < 24; chunk++)
    store.appendLines({ captureId: `${id}-mtr`, number: chunk, lines: mtrCycle(startedMs + 490 + chunk * 1000, chunk) });
  store.putSamples([
    { incidentId: id, startSlot: 1000, epoch: 1_800_000_000, startedMs: startedMs - 60_000, intervalMs: 100, samples: what.samples },
  ]);
}

function hops(target: string, answering: number): Hop[] {
  return [1, 2, 3, 4, 5].map((ttl) => {
    const address = ttl > answering ? null : ttl === 5 ? target : `10.20.${ttl}0.1`;
    return {
      ttl,
      address,
      addresses: address === null ? [] : [address],
      sent: 1,
      received: address === null ? 0 : 1,
      lossPct: address === null ? 100 : 0,
      rttMs: address === null ? null : { best: ttl * 0.4, avg: ttl * 0.4, worst: ttl * 0.4 },
      mpls: [],
      note: null,
    };
  });
}

/** One cycle of `mtr --raw` over five hops of which two answer. */
function mtrCycle(atMs: number, cycle: number): { atMs: number; text: string }[] {
  return [0, 1, 2, 3, 4].flatMap((ttl) => {
    const sequence = 33_000 + cycle * 5 + ttl;
    const sent = { atMs: atMs + ttl * 100, text: `x ${ttl} ${sequence}` };
    if (ttl > 1) return [sent];
    const answer = { atMs: atMs + ttl * 100 + 1, text: `p ${ttl} ${400 * (ttl + 1)} ${sequence}` };
    return cycle === 0 ? [sent, { atMs: answer.atMs, text: `h ${ttl} 10.20.${ttl + 1}0.1` }, answer] : [sent, answer];
  });
}

/** A minute before, nine seconds of loss, a minute after. */
function sampleBytes(): Uint8Array {
  const words = Uint32Array.from({ length: SLOTS }, (_, slot) => {
    const bad = slot >= 600 && slot < 692 && slot % 3 === 0;
    return packSample(bad ? OUTCOME.lost : OUTCOME.reply, bad ? 0 : 2000, slot % 4);
  });
  return new Uint8Array(words.buffer);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [dir, peers = "24", incidents = "500", days = "30"] = process.argv.slice(2);
  if (dir === undefined) throw new Error("usage: node test/bench/report-fixture.ts DIR [peers] [incidents] [days]");
  fillDataDir(dir, { nowMs: Date.now(), peers: Number(peers), incidents: Number(incidents), days: Number(days) });
}
