/** The sums of one node's peers, or of one peer at all nodes, from rollups of a minute. They are read in parts: a month of them would not fit into the memory. */
import type { FleetPeer } from "../../report/fleet/fleet.ts";
import { Histogram } from "../../stats/histogram.ts";
import { peerFromCells } from "../../store/evidence-rows.ts";
import { finishTotals, type PeerSums } from "../../store/peer-totals.ts";
import { peerOf } from "../../store/query.ts";
import { COUNT_COLUMNS, countsBy, ROLLUP_COUNTS } from "../../store/rollup-counts.ts";
import type { PeerRow } from "../../store/rows.ts";
import { columnsOf, ROLLUP_COLUMNS } from "../../sync/record-types.ts";
import type { CollectorStore, StoredRollup } from "../store/port.ts";
import { parsed } from "./incident-heads.ts";
import { rowsOf } from "./materialise.ts";

const MINUTE_MS = 60_000;
const PART_S = 3600;
/** One peer at a thousand nodes in a part, or a thousand peers of one. */
const MAX_IN_PART = 60_000;
/** A day of 350 peers: what can be added up in a second or two. */
const MAX_ROLLUPS = 500_000;
const MAX_PEERS = 20_000;

/** Where in `counts` of a rollup each sum is found. */
const COUNT_AT: readonly number[] = COUNT_COLUMNS.map((column) => ROLLUP_COLUMNS.indexOf(column) - 2);
const [RTT_MIN = 0, RTT_MAX = 0, ERROR_MAX = 0] = ["rtt_min_us", "rtt_max_us", "error_max_us"].map((column) => ROLLUP_COLUMNS.indexOf(column) - 2);

interface Sum {
  readonly node: string;
  readonly peer: string;
  readonly counts: number[];
  rttMinUs: number | null;
  rttMaxUs: number;
  errorMaxUs: number;
  readonly histogram: Histogram;
}

export interface SumsQuery {
  readonly sinceMs: number;
  readonly untilMs: number;
  /** One of them at least. */
  readonly node: string | null;
  readonly peer: string | null;
}

/** In whole minutes; `incidents` is 0. */
export async function sumPeers(
  store: CollectorStore,
  { sinceMs, untilMs, node, peer }: SumsQuery,
): Promise<{ readonly peers: FleetPeer[]; readonly problems: readonly string[] }> {
  const place = { ...(node === null ? {} : { node }), ...(peer === null ? {} : { peer }) };
  const sums = new Map<string, Sum>();
  const [from, to] = [Math.floor(sinceMs / MINUTE_MS) * 60, Math.ceil(untilMs / MINUTE_MS) * 60];
  let read = 0;
  for (let at = from; at < to; at += PART_S) {
    const rollups = await store.rollups({ ...place, from: at, to: Math.min(to, at + PART_S), limit: MAX_IN_PART });
    read += rollups.length;
    if (rollups.length >= MAX_IN_PART || read > MAX_ROLLUPS)
      return { peers: [], problems: ["the sums of the peers are left out, as there are too many of them in this time; narrow it"] };
    for (const rollup of rollups) add(sums, rollup);
  }
  const records = await store.records({ ...place, types: ["row.peers"], limit: MAX_PEERS });
  const rows = new Map(records.flatMap((record) => rowEntry(record.node, record.data)));
  const names = new Map<string, { readonly node: string; readonly peer: string }>([...sums].map(([key, sum]) => [key, sum]));
  for (const [key, { node: at, row }] of rows) if (row.active) names.set(key, { node: at, peer: row.name });
  const peers = [...names].map(([key, name]): FleetPeer => {
    const sum = sums.get(key);
    return {
      node: name.node,
      ...peerOf(name.peer, { row: rows.get(key)?.row, totals: sum === undefined ? undefined : finished(sum), incidents: 0 }),
    };
  });
  return { peers: peers.toSorted((a, b) => (a.node === b.node ? (a.peer < b.peer ? -1 : 1) : a.node < b.node ? -1 : 1)), problems: [] };
}

function keyOf(node: string, peer: string): string {
  return JSON.stringify([node, peer]);
}

function rowEntry(node: string, data: string): [string, { readonly node: string; readonly row: PeerRow }][] {
  const [cells] = rowsOf("peers", parsed(data)) ?? [];
  if (cells === undefined) return [];
  const row = peerFromCells(Object.fromEntries(columnsOf("peers").map((column, index) => [column, cells[index] ?? null])));
  return [[keyOf(node, row.name), { node, row }]];
}

function add(sums: Map<string, Sum>, { node, peer, counts, histogram }: StoredRollup): void {
  const key = keyOf(node, peer);
  let sum = sums.get(key);
  if (sum === undefined)
    sums.set(key, (sum = { node, peer, counts: ROLLUP_COUNTS.map(() => 0), rttMinUs: null, rttMaxUs: 0, errorMaxUs: 0, histogram: new Histogram() }));
  for (const [index, at] of COUNT_AT.entries()) sum.counts[index] = (sum.counts[index] ?? 0) + (counts[at] ?? 0);
  // A minimum of 0 means that nothing was received.
  const least = counts[RTT_MIN] ?? 0;
  if (least > 0 && (sum.rttMinUs === null || least < sum.rttMinUs)) sum.rttMinUs = least;
  sum.rttMaxUs = Math.max(sum.rttMaxUs, counts[RTT_MAX] ?? 0);
  sum.errorMaxUs = Math.max(sum.errorMaxUs, counts[ERROR_MAX] ?? 0);
  sum.histogram.mergeEncoded(histogram);
}

function finished({ counts, histogram, ...rest }: Sum): ReturnType<typeof finishTotals> {
  const sums: PeerSums = { ...countsBy((count) => counts[ROLLUP_COUNTS.indexOf(count)] ?? 0), ...rest };
  return finishTotals(sums, histogram);
}
