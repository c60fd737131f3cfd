/** Bursts and incidents with sensible contents; a test names only what it is about. */
import type { BurstCount } from "../../../src/detect/burst-count.ts";
import type { BurstState, Incident } from "../../../src/detect/incident.ts";
import type { BurstReport } from "../../../src/wire/messages.ts";
import { countOf, UNHEARD } from "../detect/burst-builder.ts";

export const T0: number = Date.UTC(2026, 10, 21, 4, 12, 3);

/** 40 of 100 probes lost, evenly over the flows. */
export function burstCount(more: Partial<BurstCount> = {}): BurstCount {
  return countOf({ sent: 100, lost: 40, lostForGood: 40, longestRun: 3, flowSent: [25, 25, 25, 25], flowLost: [10, 10, 10, 10], ...more });
}

export function burstState(more: Partial<BurstState> = {}): BurstState {
  return {
    key: "7-1",
    startedMs: T0,
    detectedMs: T0 + 500,
    endedMs: T0 + 10_000,
    count: burstCount(),
    hearing: UNHEARD,
    freshId: null,
    final: true,
    cut: false,
    ...more,
  };
}

export function incidentState(more: Partial<Incident> = {}): Incident {
  return {
    id: "i1",
    continues: null,
    peer: "p1",
    address: "10.0.0.2",
    phase: "open",
    startedMs: T0,
    detectedMs: T0 + 500,
    endedMs: null,
    bursts: [burstState()],
    openedAt: 1_000,
    burstEndedAt: null,
    ...more,
  };
}

/** As the wire tells of it: half of ten probes lost. */
export function burstReport(more: Pick<BurstReport, "number" | "startedMs" | "detectedMs"> & Partial<BurstReport>): BurstReport {
  return {
    peer: "p1",
    address: "10.0.0.2",
    rule: "window",
    endedMs: null,
    count: countOf({ sent: 10, lost: 5, longestRun: 5 }),
    hearing: UNHEARD,
    freshId: null,
    final: false,
    cut: false,
    ...more,
  };
}
