/** Two nodes with one fault between them, each with what it wrote, and a third that saw nothing of it; and what a collector has got of them. */
import type { TestContext } from "node:test";
import { EvidenceStore } from "../../../../src/store/evidence.ts";
import { MetricsStore } from "../../../../src/store/metrics.ts";
import { openReader, type StoreReader } from "../../../../src/store/reader.ts";
import { judge } from "../../../../src/verdict/judge.ts";
import { sentence } from "../../../../src/verdict/sentence.ts";
import { english } from "../../../../src/verdict/words.ts";
import type { CollectorStore, StoredRecord } from "../../../../src/collector/store/port.ts";
import * as world from "../../verdict/facts-builder.ts";
import { burst, capture, incident, rollup, sampleBlock, T0 } from "../../store/sample-rows.ts";
import { tempDir } from "../../store/temp-dir.ts";
import { listStore } from "./list-store.ts";
import { headRecords, rollupRecords, rowRecords, storedNode, type ClockOfTest } from "./node-records.ts";

export const HERE_ID = "20261119T201203-4f2a";
export const THERE_ID = "20261119T201204-0001";
export const RECEIVED_MS: number = T0 + 120_000;
export const NOW: number = T0 + 600_000;

export interface NodeOfTest {
  readonly name: string;
  readonly address: string;
  readonly peer: string;
  readonly peerAddress: string;
  readonly id: string;
  /** Of its wall clock. */
  readonly aheadMs?: number;
}

export const HERE: NodeOfTest = { name: "sh-a1", address: "10.20.1.2", peer: "bj-b1", peerAddress: "10.20.3.2", id: HERE_ID };
export const THERE: NodeOfTest = { name: "bj-b1", address: "10.20.3.2", peer: "sh-a1", peerAddress: "10.20.1.2", id: THERE_ID };

/** One incident with a baseline, a sweep, an mtr of three cycles and samples; a trace for the peer; another incident at the same time; a verdict; names of hops. */
export function fillNode(dir: string, { name, address, peer, peerAddress, id, aheadMs = 0 }: NodeOfTest): void {
  const t0 = T0 + aheadMs;
  const evidence = new EvidenceStore(dir);
  evidence.putNode({ name, id: "5f1d1c55", address, version: "0.1.0", intervalMs: 100, timeoutMs: 2000, notes: ["ünïcode \u0000 \u202e"] });
  for (const each of [peer, "gz-c1"])
    evidence.putPeer({ name: each, address: "10.20.9.2", intervalMs: 100, firstReplyMs: 1.5, agentEpoch: 7, agentSilentMs: null, active: true });
  const about = { incidentId: id, peer, target: peerAddress, source: address, startedMs: t0 + 170, firstHopMs: t0 + 181.25, finishedMs: t0 + 1200 };
  const baseline = capture({ ...about, id: `c0-${name}`, incidentId: null, phase: "before", trigger: "baseline", startedMs: t0 - 9_000 });
  const mtr = capture({ ...about, id: `m1-${name}`, kind: "mtr", tool: "mtr --raw -n -e", hops: [], reached: null });
  const bursts = [burst({ startedMs: t0, endedMs: t0 + 9_200, out: { sent: 123, lost: 45 }, in: { sent: 120, lost: 0 } })];
  const times = { startedMs: t0, detectedMs: t0 + 480, endedMs: t0 + 9_200 };
  evidence.openIncident(incident({ id, eventId: `e${id}`, peer, address: peerAddress, baselineCaptureId: `c0-${name}`, bursts, ...times }), [
    baseline,
    capture({ ...about, id: `c1-${name}` }),
    mtr,
  ]);
  const texts = [0, 1, 2].flatMap((cycle) => [
    `x 0 ${33_000 + cycle}`,
    ...(cycle === 0 ? ["h 0 10.20.1.1"] : []),
    `p 0 ${400 + 100 * cycle} ${33_000 + cycle}`,
  ]);
  for (const [index, line] of texts.entries())
    evidence.appendLines({ captureId: `m1-${name}`, number: 45 + index, lines: [{ atMs: t0 + 300.125 + index * 10, text: line }] });
  evidence.putSamples([sampleBlock("..x.xx..", { incidentId: id, startedMs: t0 - 200 })]);
  evidence.putCapture(
    capture({ ...about, id: `r1-${name}`, incidentId: null, trigger: "remote", askedBy: `${peer} incident 3`, startedMs: t0 + 500 }),
  );
  evidence.openIncident(incident({ id: `${id}-gz`, eventId: `e${id}-gz`, peer: "gz-c1", address: "10.20.9.2", ...times, bursts }), []);
  const facts = world.event([world.incident(1, { peer })]);
  const verdict = judge(facts);
  evidence.putVerdict({ eventId: `e${id}`, version: 2, atMs: t0 + 12_000, verdict, sentence: sentence(facts, verdict, english), facts });
  evidence.putHopName({ address: "10.20.1.1", sinceMs: t0 - 86_400_000, name: "core <1>", askedMs: t0, usedMs: t0 });
  evidence.putHopName({ address: "10.99.99.99", sinceMs: t0 - 86_400_000, name: "never met", askedMs: t0, usedMs: t0 });
  evidence.putBlind({ startedMs: t0 + 20_000, endedMs: t0 + 21_000, cause: "stall", detail: null });
  evidence.close();
  const metrics = new MetricsStore(dir);
  const rows = Array.from({ length: 24 }, (_, index) => Math.floor(t0 / 10_000) * 10_000 - 110_000 + index * 10_000);
  metrics.addRollups(
    rows.flatMap((atMs) => [rollup({ peer, atMs }), rollup({ peer: "gz-c1", atMs, sent: 100, received: 100, lost: 0, rttUs: [900, 950] })]),
  );
  while (metrics.roll(NOW + 3_600_000));
  metrics.close();
}

export interface Filled {
  readonly dir: string;
  readonly reader: StoreReader;
}

export function filledNode(t: TestContext, node: NodeOfTest): Filled {
  const dir = tempDir(t);
  fillNode(dir, node);
  const reader = openReader(dir, () => {});
  t.after(() => reader.close());
  return { dir, reader };
}

export interface Fleet {
  readonly store: CollectorStore;
  readonly records: readonly StoredRecord[];
  readonly here: Filled;
  readonly there: Filled;
}

export interface FleetOfTest {
  readonly here?: ClockOfTest | null;
  readonly there?: ClockOfTest | null;
  readonly thereAheadMs?: number;
  /** What has come so far. */
  readonly arrived?: (record: StoredRecord) => boolean;
}

export function fleetOf(t: TestContext, { here = null, there = null, thereAheadMs = 0, arrived = () => true }: FleetOfTest = {}): Fleet {
  const nodes = [
    { node: HERE, clock: here, filled: filledNode(t, HERE) },
    { node: THERE, clock: there, filled: filledNode(t, { ...THERE, aheadMs: thereAheadMs }) },
  ] as const;
  const records = nodes.flatMap(({ node: { name }, clock, filled: { reader } }) => {
    if (reader.evidence === null) return [];
    return [...rowRecords(reader.evidence, name), ...headRecords(reader, { node: name, clock, receivedMs: RECEIVED_MS })];
  });
  const rollups = nodes.flatMap(({ node: { name }, filled: { reader } }) => (reader.metrics === null ? [] : rollupRecords(reader.metrics, name)));
  const kept = records.filter(arrived);
  const store = listStore({
    records: kept,
    rollups,
    nodes: [
      ...nodes.map(({ node: { name, address }, clock }) => storedNode(name, { clock, address, firstHeardMs: T0, lastHeardMs: RECEIVED_MS })),
      storedNode("gz-c1", { lastHeardMs: RECEIVED_MS, blindSinceMs: T0 + 60_000, backlog: [{ lane: 1, records: 12, oldest_at: null }] }),
    ],
  });
  return { store, records: kept, here: nodes[0].filled, there: nodes[1].filled };
}
