/** Rows with sensible contents; a test names only what it is about. */
import { Histogram } from "../../../src/stats/histogram.ts";
import { OUTCOME, packSample, type OutcomeCode } from "../../../src/detect/sample.ts";
import type { BurstRow, CaptureRow, IncidentRow, RollupRow, SampleBlock } from "../../../src/store/rows.ts";

/** 2026-11-19T20:12:03.120Z. */
export const T0: number = Date.UTC(2026, 10, 19, 20, 12, 3, 120);

export function burst(more: Partial<BurstRow> = {}): BurstRow {
  return {
    number: 1,
    startedMs: T0,
    endedMs: T0 + 9200,
    sent: 123,
    lost: 45,
    late: 0,
    sendFailed: 0,
    blind: 0,
    longestRun: 7,
    flows: [{ flow: 0, sent: 123, lost: 45 }],
    ...more,
  };
}

export function incident(more: Partial<IncidentRow> = {}): IncidentRow {
  return {
    id: "i1",
    eventId: "e1",
    continues: null,
    peer: "bj-b1",
    address: "10.20.3.2",
    kind: "loss",
    status: "closed",
    startedMs: T0,
    detectedMs: T0 + 480,
    endedMs: T0 + 9200,
    intervalMs: 100,
    timeoutMs: 2000,
    bursts: [burst()],
    baselineCaptureId: null,
    ...more,
  };
}

export function capture(more: Partial<CaptureRow> = {}): CaptureRow {
  return {
    id: "c1",
    incidentId: "i1",
    peer: "bj-b1",
    kind: "sweep",
    phase: "during",
    trigger: "burst",
    tool: "meshprobe sweep",
    status: "complete",
    reason: null,
    flow: 0,
    source: "10.20.1.2",
    target: "10.20.3.2",
    reached: false,
    askedBy: null,
    startedMs: T0 + 170,
    firstHopMs: T0 + 181,
    finishedMs: T0 + 1200,
    facts: {},
    hops: [
      {
        ttl: 1,
        address: "10.20.1.1",
        addresses: ["10.20.1.1"],
        sent: 1,
        received: 1,
        lossPct: 0,
        rttMs: { best: 0.4, avg: 0.4, worst: 0.4 },
        mpls: [],
        note: null,
      },
      { ttl: 2, address: null, addresses: [], sent: 1, received: 0, lossPct: 100, rttMs: null, mpls: [], note: null },
    ],
    ...more,
  };
}

const CODES: Readonly<Record<string, OutcomeCode>> = {
  ".": OUTCOME.reply,
  o: OUTCOME.slow,
  x: OUTCOME.lost,
  "-": OUTCOME.blind,
  "!": OUTCOME.sendFailed,
  "?": OUTCOME.pending,
  " ": OUTCOME.none,
};

/** Samples written as a strip. */
export function samples(strip: string): Uint8Array {
  const words = Uint32Array.from([...strip], (character, slot) => packSample(CODES[character] ?? OUTCOME.none, 400, slot % 4));
  return new Uint8Array(words.buffer);
}

export function sampleBlock(strip: string, more: Partial<SampleBlock> = {}): SampleBlock {
  return { incidentId: "i1", startSlot: 0, epoch: 1, startedMs: T0, intervalMs: 100, samples: samples(strip), ...more };
}

export function rollup(more: Partial<RollupRow> & { readonly rttUs?: readonly number[] } = {}): RollupRow {
  const { rttUs = [400, 410, 420], ...rest } = more;
  const histogram = new Histogram();
  for (const us of rttUs) histogram.add(us);
  return {
    peer: "bj-b1",
    atMs: Math.floor(T0 / 10_000) * 10_000,
    sent: 100,
    received: 99,
    lost: 1,
    late: 0,
    duplicate: 0,
    foreign: 0,
    sendFailed: 0,
    skipped: 0,
    blind: 0,
    doubtful: 0,
    heardExpected: 0,
    heardReceived: 0,
    rttMinUs: rttUs.length > 0 ? Math.min(...rttUs) : 0,
    rttMaxUs: rttUs.length > 0 ? Math.max(...rttUs) : 0,
    errorMaxUs: 30,
    histogram: histogram.encode(),
    ...rest,
  };
}
