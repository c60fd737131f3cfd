/**
 * What a node has to tell after a few incidents, in the shapes of record-types.ts and in sizes as they occur: heads of one to two kilobytes, captures of ten to
 * twenty hops, fifty chunks of mtr lines, sample blocks, rollups. Each record follows from (node, lane, number) alone, so that thousands of nodes need no
 * memory for what they have not sent yet, and so that whoever looks into the database afterwards knows what must be there.
 */
import { columnsOf, ROLLUP_COLUMNS, type Cell, type EvidenceTable, type IncidentHead, type VerdictHead } from "../../src/sync/record-types.ts";
import type { Lane, WireRecord } from "../../src/sync/wire.ts";
import { hexSum, HISTOGRAMS, SAMPLES, SLOTS } from "./simulated-blobs.ts";
import { seededRandom } from "./statistics.ts";

export interface NodeStock {
  readonly name: string;
  readonly seed: number;
  /** The end of the outage: what is told happened before. */
  readonly nowMs: number;
  /** One head and one verdict each. */
  readonly incidents: number;
  /** Of those, how many have evidence and samples with them: about 100 kB each. */
  readonly withEvidence: number;
  /** One record of 420 bytes for each peer and minute. */
  readonly rollups: number;
  /** Distinguishes the stocks that one node brings one after the other. */
  readonly batch?: number;
}

export interface Stock {
  /** Ids of the two files. */
  readonly evidenceDb: string;
  readonly metricsDb: string;
  last(lane: Lane): number;
  /** By number, from 1. */
  record(lane: Lane, seq: number): WireRecord;
}

const PEERS = 20;
const SWEEPS = 7;
const LINE_RECORDS = 2;
const CHUNKS = 50;
const SAMPLE_BLOCKS = 3;
/** The row of the incident, its sweeps, the mtr run, its lines, the verdict. */
const EVIDENCE_RECORDS = 1 + SWEEPS + 1 + LINE_RECORDS + 1;
const INCIDENT_EVERY_MS = 600_000;
const LASTS_MS = 9_200;

export function stockOf(node: NodeStock): Stock {
  const { name, batch = 0 } = node;
  const makers: Readonly<Record<Lane, (seq: number) => Omit<WireRecord, "seq" | "version">>> = {
    0: (seq) => (seq % 2 === 1 ? head(node, (seq - 1) / 2) : verdict(node, (seq - 2) / 2)),
    1: (seq) => evidence(node, Math.floor((seq - 1) / EVIDENCE_RECORDS), (seq - 1) % EVIDENCE_RECORDS),
    2: (seq) => rollup(node, seq - 1),
    3: (seq) => sampleBlock(node, Math.floor((seq - 1) / SAMPLE_BLOCKS), (seq - 1) % SAMPLE_BLOCKS),
  };
  const last: Readonly<Record<Lane, number>> = {
    0: 2 * node.incidents,
    1: EVIDENCE_RECORDS * node.withEvidence,
    2: node.rollups,
    3: SAMPLE_BLOCKS * node.withEvidence,
  };
  return {
    evidenceDb: `${name}-evidence-${batch}`,
    metricsDb: `${name}-metrics-${batch}`,
    last: (lane) => last[lane],
    record: (lane, seq) => ({ seq, version: node.nowMs + seq, ...makers[lane](seq) }),
  };
}

function incidentId(node: NodeStock, incident: number): string {
  return `${node.name}-i${node.batch ?? 0}-${incident}`;
}

function eventId(node: NodeStock, incident: number): string {
  return `${node.name}-e${node.batch ?? 0}-${incident}`;
}

function startedMs(node: NodeStock, incident: number): number {
  return node.nowMs - (incident + 1) * INCIDENT_EVERY_MS;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function peerOf(incident: number): { readonly peer: string; readonly address: string } {
  const number = incident % PEERS;
  return { peer: `peer-${String(number).padStart(2, "0")}`, address: `10.20.${number}.2` };
}

function head(node: NodeStock, incident: number): Omit<WireRecord, "seq" | "version"> {
  const at = startedMs(node, incident);
  const { peer, address } = peerOf(incident);
  const data: IncidentHead = {
    id: incidentId(node, incident),
    event_id: eventId(node, incident),
    continues: null,
    peer,
    address,
    kind: "loss",
    status: "closed",
    started_at: iso(at),
    detected_at: iso(at + 480),
    ended_at: iso(at + LASTS_MS),
    interval_ms: 100,
    timeout_ms: 2_000,
    sent: 92,
    lost: 34,
    late: 1,
    loss_pct: 37,
    out: { sent: 90, lost: 31 },
    in: { sent: 92, lost: 0 },
    flows: [0, 1, 2, 3].map((flow) => ({ flow, sent: 23, lost: 8 + (flow % 2) })),
    bursts: [0, 1, 2, 3].map((burst) => ({
      started_at: iso(at + burst * 2_300),
      ended_at: iso(at + burst * 2_300 + 1_900),
      sent: 19,
      lost: 8,
      late: 0,
      send_failed: 0,
      blind: 0,
      longest_run: 5,
    })),
    bursts_in_all: 4,
    evidence: { format: "meshprobe evidence 1", sha256: hexSum(node.seed * 1_000 + incident), rows: 62, bytes: 61_337 },
  };
  return { type: "incident", id: data.id, data };
}

function verdict(node: NodeStock, incident: number): Omit<WireRecord, "seq" | "version"> {
  const at = startedMs(node, incident);
  const data: VerdictHead = {
    event_id: eventId(node, incident),
    scope: "path",
    direction: "out",
    hop: { after: "10.20.30.1", before: "10.20.40.1" },
    certainty: "likely",
    at: iso(at + 1_300),
    version: 2,
    counts: { sent: 92, lost: 34, peers: 20, bad: 1, heard: 90 },
    sentence: `from ${iso(at)} to ${iso(at + LASTS_MS)}, 37 % of packets from ${node.name} to ${peerOf(incident).peer} were lost, outbound only; probably the path behind 10.20.30.1; nineteen other peers were clean; our own uplink, gateway and NIC were clean`,
    rule: "hearing-out",
    findings: ["TCP sent 41 segments again meanwhile"],
  };
  return { type: "verdict", id: data.event_id, data };
}

/** A row with these cells; the others are null. */
function row(table: EvidenceTable, id: string, cells: Readonly<Record<string, Cell>>): Omit<WireRecord, "seq" | "version"> {
  return { type: `row.${table}`, id, data: columnsOf(table).map((column) => cells[column] ?? null) };
}

function evidence(node: NodeStock, incident: number, part: number): Omit<WireRecord, "seq" | "version"> {
  const id = incidentId(node, incident);
  const event = eventId(node, incident);
  const at = startedMs(node, incident);
  const { peer, address } = peerOf(incident);
  if (part === 0) {
    const bursts = JSON.stringify([{ number: 1, startedMs: at, endedMs: at + LASTS_MS, sent: 92, lost: 34, late: 1, longestRun: 5, flows: [] }]);
    return row("incidents", id, {
      id,
      event_id: event,
      peer,
      address,
      kind: "loss",
      status: "closed",
      started_ms: at,
      detected_ms: at + 480,
      ended_ms: at + LASTS_MS,
      interval_ms: 100,
      timeout_ms: 2_000,
      bursts,
    });
  }
  if (part <= SWEEPS + 1) return capture(node, incident, part - 1);
  if (part <= SWEEPS + 1 + LINE_RECORDS) {
    const first = (part - SWEEPS - 2) * CHUNKS;
    return lines(`${id}-c${SWEEPS}`, first, at + 490 + first * 250);
  }
  return row("verdicts", `${event}/2`, {
    event_id: event,
    version: 2,
    at_ms: at + 1_300,
    sentence: "37 % of packets were lost, outbound only; probably the path behind 10.20.30.1",
    verdict: JSON.stringify({
      scope: "path",
      direction: "out",
      hop: null,
      certainty: "likely",
      rule: "hearing-out",
      counts: { sent: 92 },
      findings: [],
    }),
    facts: JSON.stringify({ incidents: [{ peer, address, sent: 92, lost: 34 }], mesh: { peers: PEERS, bad: 1, members: [] } }),
  });
}

/** Sweeps, and at the end the mtr run, whose hops are in its lines. */
function capture(node: NodeStock, incident: number, number: number): Omit<WireRecord, "seq" | "version"> {
  const id = `${incidentId(node, incident)}-c${number}`;
  const at = startedMs(node, incident) + 170 + number * 1_200;
  const { peer, address } = peerOf(incident);
  const isSweep = number < SWEEPS;
  const random = seededRandom(node.seed + incident * 100 + number);
  const length = 10 + Math.floor(random() * 11);
  const hops = isSweep ? Array.from({ length }, (_, index) => hop(index + 1, { last: length, address, random })) : [];
  return row("captures", id, {
    id,
    incident_id: incidentId(node, incident),
    peer,
    kind: isSweep ? "sweep" : "mtr",
    phase: number < SWEEPS - 1 || !isSweep ? "during" : "after",
    trigger: number === 0 ? "suspect" : "burst",
    tool: isSweep ? "meshprobe sweep" : "mtr 0.95",
    status: "complete",
    flow: number % 4,
    source: "10.20.1.2",
    target: address,
    reached: 1,
    started_ms: at,
    first_hop_ms: at + 11,
    finished_ms: at + 1_000,
    facts: "{}",
    hops: JSON.stringify(hops),
  });
}

function hop(ttl: number, path: { readonly last: number; readonly address: string; readonly random: () => number }): object {
  const address = ttl === path.last ? path.address : `10.${40 + ttl}.${Math.floor(path.random() * 200)}.1`;
  const rtts = Array.from({ length: 3 }, () => Math.round((ttl * 0.7 + path.random()) * 1_000) / 1_000);
  const [best, worst] = [Math.min(...rtts), Math.max(...rtts)];
  const avg = Math.round((rtts.reduce((sum, one) => sum + one, 0) / 3) * 1_000) / 1_000;
  return {
    ttl,
    address,
    addresses: [address],
    sent: 3,
    received: 3,
    lossPct: 0,
    rttMs: { best, avg, worst },
    mpls: [],
    note: null,
    rttsUs: rtts.map((ms) => Math.round(ms * 1_000)),
  };
}

function lines(captureId: string, first: number, atMs: number): Omit<WireRecord, "seq" | "version"> {
  const body = Array.from({ length: CHUNKS }, (_, index) => {
    const number = first + index;
    const texts = [0, 1, 2, 3].flatMap((ttl) => {
      const sequence = 33_000 + number * 4 + ttl;
      return [
        [atMs + index * 250 + ttl * 50, `x ${ttl} ${sequence}`],
        [atMs + index * 250 + ttl * 50 + 7, `p ${ttl} ${400 * (ttl + 1) + (number % 90)} ${sequence}`],
      ];
    });
    return [number, JSON.stringify(texts)];
  });
  return { type: "row.lines", id: `${captureId}/${first}`, data: [captureId, first, body] };
}

function sampleBlock(node: NodeStock, incident: number, block: number): Omit<WireRecord, "seq" | "version"> {
  const id = incidentId(node, incident);
  const slot = 1_000 + block * SLOTS;
  return row("samples", `${id}/1800000000/${slot}`, {
    incident_id: id,
    epoch: 1_800_000_000,
    start_slot: slot,
    started_ms: startedMs(node, incident) - 60_000 + block * SLOTS * 100,
    interval_ms: 100,
    data: SAMPLES[block % SAMPLES.length] ?? "",
  });
}

function rollup(node: NodeStock, index: number): Omit<WireRecord, "seq" | "version"> {
  const { peer } = peerOf(index);
  const at = Math.floor(node.nowMs / 60_000) * 60 - (Math.floor(index / PEERS) + 1) * 60;
  const cells: Readonly<Record<string, Cell>> = {
    at,
    peer,
    sent: 600,
    received: 597,
    lost: 3,
    late: 0,
    duplicate: 0,
    foreign_replies: 0,
    send_failed: 0,
    skipped: 0,
    blind: 0,
    doubtful: 0,
    rtt_min_us: 400 + (index % 7),
    rtt_max_us: 9_000 + index,
    error_max_us: 60,
    heard_expected: 600,
    heard_received: 598,
    histogram: HISTOGRAMS[index % HISTOGRAMS.length] ?? "",
  };
  return { type: "rollup", id: `${at}/${peer}`, data: ROLLUP_COLUMNS.map((column) => cells[column] ?? null) };
}
