/** Rollups, heads and blind times of one second → the state of every directed pair. Pure. */
import { columnsOf, type IncidentHead, ROLLUP_COLUMNS } from "../../sync/record-types.ts";
import type { StoredNode, StoredRecord, StoredRollup } from "../store/port.ts";
import type { FoundHead } from "../reports/incident-heads.ts";

export interface Pair {
  readonly node: string;
  readonly peer: string;
  readonly state: "good" | "bad" | "blind";
  /** `burst`: one covers the second. `minute`: the counts of its minute. `blind`: the node could not judge. `not-heard`: nothing of that minute has come. */
  readonly because: "burst" | "minute" | "blind" | "not-heard";
  /** Of the minute, of what was judged; null where nothing was. */
  readonly loss_pct: number | null;
}

export interface MatrixInput {
  readonly atMs: number;
  readonly rollups: readonly StoredRollup[];
  readonly heads: readonly FoundHead[];
  readonly blind: readonly StoredRecord[];
  /** `row.peers`: whom each node probes. */
  readonly peers: readonly StoredRecord[];
  readonly nodes: readonly StoredNode[];
}

const FIRST_COUNT = ROLLUP_COLUMNS.indexOf("sent");
const PEER_ACTIVE = columnsOf("peers").indexOf("active");

export function matrixOf({ atMs, rollups, heads, blind, peers, nodes }: MatrixInput): Pair[] {
  const blindNodes = new Set([
    ...blind.filter((record) => record.atMs <= atMs && (record.untilMs ?? Infinity) > atMs).map(({ node }) => node),
    ...nodes.filter(({ blindSinceMs }) => blindSinceMs !== null && blindSinceMs <= atMs).map(({ node }) => node),
  ]);
  const bursts = new Set(heads.filter(({ head }) => isBad(head, atMs)).map(({ node, head }) => key(node, head.peer)));
  const minutes = new Map(rollups.map((rollup) => [key(rollup.node, rollup.peer), rollup]));
  const pairs = new Map<string, readonly [node: string, peer: string]>();
  for (const { node, peer } of [...rollups, ...heads.map(({ node, head }) => ({ node, peer: head.peer }))]) pairs.set(key(node, peer), [node, peer]);
  for (const { node, peer, data } of peers) if (peer !== null && isActive(data)) pairs.set(key(node, peer), [node, peer]);
  return [...pairs]
    .map(([pair, [node, peer]]): Pair => {
      const minute = minutes.get(pair);
      const judged = minute === undefined ? 0 : countOf(minute, "sent") - countOf(minute, "blind");
      const lossPct = minute === undefined || judged <= 0 ? null : Math.max(0, Math.round((countOf(minute, "lost") / judged) * 1000) / 10);
      const state = (state: Pair["state"], because: Pair["because"]): Pair => ({ node, peer, state, because, loss_pct: lossPct });
      if (blindNodes.has(node)) return state("blind", "blind");
      if (bursts.has(pair)) return state("bad", "burst");
      if (minute === undefined) return state("blind", "not-heard");
      if (judged <= 0) return state("blind", "minute");
      return state(countOf(minute, "received") <= 0 && countOf(minute, "lost") > 0 ? "bad" : "good", "minute");
    })
    .sort((a, b) => compare(a.node, b.node) || compare(a.peer, b.peer));
}

/** Bursts that did not fit into the head are older than the first that did: up to there the incident itself is what is known. */
function isBad({ started_at: start, ended_at: end, bursts, bursts_in_all: all }: IncidentHead, atMs: number): boolean {
  const covers = (from: string, to: string | null): boolean => Date.parse(from) < atMs + 1000 && (to === null || Date.parse(to) > atMs);
  const [first] = bursts;
  const until = first?.started_at ?? end;
  return (all > bursts.length && covers(start, until)) || bursts.some((burst) => covers(burst.started_at, burst.ended_at));
}

function isActive(data: string): boolean {
  return (JSON.parse(data) as readonly unknown[])[PEER_ACTIVE] !== 0;
}

function countOf({ counts }: StoredRollup, column: string): number {
  return counts[ROLLUP_COLUMNS.indexOf(column) - FIRST_COUNT] ?? 0;
}

function key(node: string, peer: string): string {
  return JSON.stringify([node, peer]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
