/** Deliveries as tests need them: everything has a value that does not matter, unless it is given. */
import { COUNT_COLUMNS } from "../../src/collector/store/migrations.ts";
import type { Delivery, ParsedLane, ParsedRecord, ParsedRollup } from "../../src/collector/store/port.ts";

/** 2026-11-21T20:00:00Z. */
export const NOW_MS = 1_795_291_200_000;
export const EVERYTHING = 1_000_000;

export function record(seq: number, given: Partial<ParsedRecord> = {}): ParsedRecord {
  return {
    seq,
    type: "incident",
    id: `i${seq}`,
    version: 1,
    rank: 0,
    parent: null,
    peer: null,
    atMs: NOW_MS + seq,
    untilMs: NOW_MS + seq + 10,
    digest: null,
    data: `{"n":${seq}}`,
    ...given,
  };
}

export function rollup(seq: number, given: Partial<ParsedRollup> = {}): ParsedRollup {
  const counts = COUNT_COLUMNS.map((_, index) => seq * 100 + index);
  return { seq, version: 1, at: NOW_MS / 1_000 + seq * 60, peer: "p1", counts, histogram: Uint8Array.of(seq % 256, 0, 255), ...given };
}

export function lane(given: Partial<ParsedLane> = {}): ParsedLane {
  return { lane: 0, records: [], rollups: [], tombstones: [], rejected: [], ...given };
}

/** One file, `f1` of node `n1` unless given. */
export function delivery(lanes: readonly ParsedLane[], given: Partial<Delivery> & { readonly db?: string } = {}): Delivery {
  const { db = "f1", ...rest } = given;
  return {
    node: "n1",
    version: "1.0.0",
    address: "192.0.2.1",
    sentMs: NOW_MS,
    receivedMs: NOW_MS,
    clock: null,
    backlog: [],
    blindSinceMs: null,
    files: [{ db, lanes }],
    ...rest,
  };
}
