/** Records and requests as a node sends them, one of each type. */
import { gzipSync } from "node:zlib";
import { Histogram } from "../../../src/stats/histogram.ts";
import type { RecordType } from "../../../src/sync/record-types.ts";
import { LANE_OF } from "../../../src/sync/record-types.ts";
import type { Lane, SyncRequest, WireLane, WireRecord } from "../../../src/sync/wire.ts";

export const START_MS: number = Date.UTC(2026, 10, 20, 4, 12, 3);
export const MINUTE_S: number = Math.floor(START_MS / 60_000) * 60;
const ISO = new Date(START_MS).toISOString();
const END = new Date(START_MS + 9_000).toISOString();
const INCIDENT = "20261120T041203-4f2a";
const EVENT = "20261120T041203-e";
export const SHA256: string = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

const burst = { started_at: ISO, ended_at: END, sent: 90, lost: 30, late: 0, send_failed: 0, blind: 0, longest_run: 7 };

export const HEAD = {
  id: INCIDENT,
  event_id: EVENT,
  continues: null,
  peer: "bj-b1",
  address: "10.20.3.2",
  kind: "loss",
  status: "closed",
  started_at: ISO,
  detected_at: ISO,
  ended_at: END,
  interval_ms: 100,
  timeout_ms: 2000,
  sent: 90,
  lost: 30,
  late: 0,
  loss_pct: 33.3,
  out: { sent: 90, lost: 30 },
  in: { sent: null, lost: null },
  flows: [{ flow: 0, sent: 90, lost: 30 }],
  bursts: [burst],
  bursts_in_all: 1,
  evidence: { format: "meshprobe evidence 1", sha256: SHA256, rows: 12, bytes: 4000 },
};

export const VERDICT = {
  event_id: EVENT,
  scope: "path",
  direction: "out",
  hop: { after: "10.20.12.2", before: "10.20.23.2" },
  certainty: "likely",
  at: END,
  version: 3,
  counts: { lost: 30 },
  sentence: "Packets towards bj-b1 were lost behind 10.20.12.2",
  rule: "path-lost",
  findings: ["one flow of four was lost"],
};

export function rollupCells(
  peer: string,
  counts: Partial<Record<"sent" | "received" | "lost" | "blind", number>> = {},
  at: number = MINUTE_S,
): (number | string)[] {
  const { sent = 600, received = 600, lost = 0, blind = 0 } = counts;
  const histogram = new Histogram();
  histogram.add(30_000);
  return [at, peer, sent, received, lost, 0, 0, 0, 0, 0, blind, 0, 29_000, 31_000, 50, 600, 600, Buffer.from(histogram.encode()).toString("base64")];
}

const DATA: Readonly<Record<RecordType, unknown>> = {
  incident: HEAD,
  verdict: VERDICT,
  "row.incidents": [INCIDENT, EVENT, null, "bj-b1", "10.20.3.2", "loss", "closed", START_MS, START_MS + 500, START_MS + 9_000, 100, 2000, null, "[]"],
  "row.captures": [
    "c1",
    INCIDENT,
    "bj-b1",
    "mtr",
    "during",
    "burst",
    "mtr",
    "complete",
    null,
    0,
    "10.20.1.2",
    "10.20.3.2",
    1,
    null,
    START_MS,
    null,
    START_MS + 9_000,
    "{}",
    "[]",
  ],
  "row.lines": [
    "c1",
    0,
    [
      [0, JSON.stringify([[START_MS, "x 0 1"]])],
      [1, JSON.stringify([[START_MS + 250, "h 0 10.20.1.1"]])],
    ],
  ],
  "row.verdicts": [EVENT, 3, START_MS + 9_000, VERDICT.sentence, "{}", "{}"],
  "row.blind": [START_MS, "stall", START_MS + 900, null],
  "row.peers": ["bj-b1", "10.20.3.2", 100, START_MS - 1e6, 1, 0, null],
  "row.node": [1, '{"name":"sh-a1"}'],
  "row.hop_names": ["10.20.1.1", START_MS, "r1.example", START_MS, START_MS],
  "row.samples": [INCIDENT, 1, -20, START_MS, 100, Buffer.alloc(40, 7).toString("base64")],
  rollup: rollupCells("bj-b1"),
};

const IDS: Readonly<Partial<Record<RecordType, string>>> = { incident: INCIDENT, verdict: EVENT, "row.lines": "c1 0" };

export const TYPES: readonly RecordType[] = Object.keys(DATA) as RecordType[];

export function record(type: RecordType, more: Partial<WireRecord> = {}): WireRecord {
  return { seq: 1, type, id: IDS[type] ?? `id of ${type}`, version: START_MS, data: DATA[type], ...more };
}

export function laneOf(lane: Lane, records: readonly WireRecord[] = [], tombstones: WireLane["tombstones"] = []): WireLane {
  return { lane, records: records.map((one, index) => ({ ...one, seq: index + 1 })), tombstones };
}

/** One of everything, in its lane. */
export function fullRequest(node = "sh-a1", db = `db of ${node}`): SyncRequest {
  const lanes = ([0, 1, 2, 3] as const).map((lane) =>
    laneOf(
      lane,
      TYPES.filter((type) => LANE_OF[type] === lane).map((type) => record(type)),
    ),
  );
  return {
    api: 1,
    node,
    sent_at: new Date(START_MS + 60_000).toISOString(),
    mono: 123_456.5,
    version: "0.1.0",
    address: "10.20.1.2",
    clock: { offset_ms: 1.5, error_ms: 0.5 },
    backlog: [{ lane: 2, records: 1440, oldest_at: ISO }],
    blind_since: null,
    files: [{ db, lanes }],
  };
}

export function smallRequest(node: string, lanes: readonly WireLane[] = [laneOf(0, [record("incident")])], db = `db of ${node}`): SyncRequest {
  return { api: 1, node, sent_at: ISO, mono: 1, files: [{ db, lanes }] };
}

export function gzipped(value: unknown): Buffer {
  return gzipSync(JSON.stringify(value));
}
