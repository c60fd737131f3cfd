/** Bursts and incidents with sensible contents; a test names only what it is about. */
import type { BurstCount } from "../../../src/detect/burst-count.ts";
import type { BurstHearing, BurstState, Incident } from "../../../src/detect/incident.ts";

export const T0: number = Date.UTC(2026, 10, 21, 4, 12, 3);
export const UNHEARD: BurstHearing = { state: "none", authentic: false, expected: 0, received: 0, due: 0, saysBad: null };

export function heard(expected: number, received: number, more: Partial<BurstHearing> = {}): BurstHearing {
  return { state: "calibrated", authentic: true, expected, received, due: expected, saysBad: null, ...more };
}

export function burstCount(more: Partial<BurstCount> = {}): BurstCount {
  return {
    sent: 100,
    lost: 40,
    lostForGood: 40,
    late: 0,
    slow: 0,
    pending: 0,
    sendFailed: 0,
    blind: 0,
    longestRun: 3,
    lostHeard: 0,
    lostUnheard: 0,
    flowSent: [25, 25, 25, 25],
    flowLost: [10, 10, 10, 10],
    ...more,
  };
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
