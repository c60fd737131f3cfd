/**
 * The paths as they are while all is well, in memory since verdicts ask for many, and what their hops usually answer. A path is stored as one row: a new one
 * when its routers change and every hour, else the row is brought up to date now and then, many rows in one commit.
 *
 * Flows may take different paths and have each their own; those with the same one share it. A hop that was silent once keeps its name.
 */
import { lossPct } from "../path/loss-pct.ts";
import type { Hop } from "../path/hop.ts";
import type { CaptureRow } from "../store/rows.ts";
import type { SweepReport } from "../wire/messages.ts";
import type { EvidenceWriter } from "./evidence-writer.ts";
import { HopHealth } from "./hop-health.ts";
import { differs, routersOf, type RouterPath } from "./incident-facts.ts";

const HOUR_MS = 3_600_000;
/** A stored row is brought up to date at most so often, and all that are due together. */
const UPDATE_MS = 60_000;
const COMMIT_MS = 10_000;
/** Rows in one such commit: with thousands of peers each row is older instead, for memory has the newest. */
const MAX_PER_COMMIT = 100;
/** Rows of one peer in an hour: a path that changes to and fro must not fill the disk. */
const MAX_NEW_PER_HOUR = 12;
/** Fewer packets than this tell no reply rate. */
const MIN_SENT = 5;

interface Run {
  path: RouterPath;
  /** The last sweep of it. */
  row: CaptureRow;
  askedMs: readonly number[];
  id: string;
  sinceMs: number;
  sweeps: number;
  writtenMs: number;
}

interface Known {
  readonly flows: (Run | undefined)[];
  /** The one that was seen last. */
  last: Run;
  /** Rows begun within the last hour. */
  begun: { readonly id: string; readonly atMs: number }[];
}

export interface BaselinePorts {
  /** The last complete baseline from the store, of an earlier run of the agent. */
  readonly stored: (peer: string) => CaptureRow | null;
  readonly writer: Pick<EvidenceWriter, "soon">;
}

export class Baselines {
  readonly #ports: BaselinePorts;
  readonly #health = new HopHealth();
  readonly #peers = new Map<string, Known>();
  readonly #stored = new Map<string, CaptureRow | null>();
  /** Rows whose figures are newer than on disk. */
  readonly #dirty = new Set<Run>();
  #committedMs = 0;

  constructor(ports: BaselinePorts) {
    this.#ports = ports;
  }

  /** A baseline as the wire reports it, with the row made of it. */
  put(row: CaptureRow, report: SweepReport): void {
    if (report.finishedMs === null || report.skipped !== null) return;
    const path = routersOf(report.hops, report.target);
    const known = this.#peers.get(row.peer);
    // What was not asked looks silent, and a target that did not answer tells no path: either is better than nothing, and worse than anything else.
    if (path === null || (row.status !== "complete" && known !== undefined)) return this.#putBroken(row, known);
    const run = this.#runOf(row, path);
    this.#learn(run, report);
    const nowMs = report.finishedMs;
    if (nowMs - run.sinceMs >= HOUR_MS) this.#begin(row.peer, run, nowMs);
    if (run.writtenMs === 0) this.#write([run], nowMs);
    else this.#dirty.add(run);
    this.#commit(nowMs);
  }

  /** Routers of the path that a flow of a peer takes; of no flow in particular without one. Null while unknown. */
  path(peer: string, flow: number | null = null): RouterPath | null {
    const known = this.#peers.get(peer);
    if (known === undefined) {
      const row = this.#storedRow(peer);
      return row === null || row.reached !== true ? null : row.hops.slice(0, -1).map((hop) => hop.address);
    }
    if (flow === null) return known.last.path;
    const runs = new Set(known.flows.filter((run) => run !== undefined));
    return (known.flows[flow] ?? (runs.size === 1 ? known.last : undefined))?.path ?? null;
  }

  /** The path before, with the figures learned until now. */
  row(peer: string): CaptureRow | null {
    const known = this.#peers.get(peer);
    return known === undefined ? this.#storedRow(peer) : this.#rowOf(known.last);
  }

  /** How often the routers of `path` answer while all is well, 0 to 1, null where too little is known. */
  replyRates(peer: string): (number | null)[] | null {
    const row = this.row(peer);
    return row === null ? null : row.hops.slice(0, -1).map(({ sent, received }) => (sent < MIN_SENT ? null : received / sent));
  }

  #storedRow(peer: string): CaptureRow | null {
    let row = this.#stored.get(peer);
    if (row === undefined) this.#stored.set(peer, (row = this.#ports.stored(peer)));
    return row;
  }

  #putBroken(row: CaptureRow, known: Known | undefined): void {
    if (known !== undefined || row.status !== "complete" || this.#storedRow(row.peer)?.reached === true) return;
    const only = { ...row, id: `baseline-${row.peer}` };
    this.#stored.set(row.peer, only);
    this.#ports.writer.soon((store) => store.putCapture(only));
  }

  /** The run that this sweep goes on with, or a new one. */
  #runOf(row: CaptureRow, path: RouterPath): Run {
    const { peer, flow } = row;
    const known = this.#peers.get(peer);
    const isSame = (run: Run | undefined): run is Run => run !== undefined && run.row.target === row.target && !differs(run.path, path);
    const same = known === undefined ? undefined : [known.flows[flow ?? 0], ...known.flows].find(isSame);
    const run = same ?? { path, row, askedMs: [], id: "", sinceMs: 0, sweeps: 0, writtenMs: 0 };
    run.row = row;
    run.path = same === undefined ? path : merged(same.path, path);
    const now = known ?? { flows: [], last: run, begun: [] };
    now.flows[flow ?? 0] = run;
    now.last = run;
    this.#peers.set(peer, now);
    if (same === undefined) this.#begin(peer, run, row.finishedMs ?? row.startedMs);
    return run;
  }

  #begin(peer: string, run: Run, nowMs: number): void {
    const known = this.#peers.get(peer) as Known;
    known.begun = known.begun.filter(({ atMs }) => nowMs - atMs < HOUR_MS);
    if (known.begun.length < MAX_NEW_PER_HOUR) known.begun.push({ id: `baseline-${peer}-${Math.round(nowMs)}-${run.row.flow}`, atMs: nowMs });
    run.id = known.begun.at(-1)?.id ?? "";
    run.sinceMs = nowMs;
    run.sweeps = 0;
    run.writtenMs = 0;
  }

  #learn(run: Run, report: SweepReport): void {
    run.sweeps++;
    const nowMs = report.startedMs;
    const asked: number[] = [];
    for (const { ttl, sent, answer, sharedMs } of report.hops) {
      if (ttl > run.path.length + 1) continue;
      asked[ttl - 1] = sharedMs ?? nowMs;
      if (sharedMs !== undefined || (!sent && answer === null)) continue;
      this.#health.add(this.#hopKey(run, ttl), { rttMs: answer === null ? null : Math.round(answer.rttUs) / 1000, nowMs });
    }
    run.askedMs = asked;
  }

  /** Silent hops are counted for each path alone. */
  #hopKey(run: Run, ttl: number): string {
    return ttl > run.path.length ? run.row.target : (run.path[ttl - 1] ?? `${run.row.peer} ${ttl}`);
  }

  #rowOf(run: Run): CaptureRow {
    const hops = run.row.hops.map((hop): Hop => {
      const address = hop.address ?? run.path[hop.ttl - 1] ?? null;
      const counts = hop.sent === 0 ? null : this.#health.of(this.#hopKey(run, hop.ttl));
      if (counts === null) return { ...hop, address };
      return { ...hop, ...counts, address, addresses: address === null ? [] : [address], lossPct: lossPct(counts.sent, counts.received) };
    });
    const facts = {
      sweeps: run.sweeps,
      counted_since: iso(Math.max(this.#health.sinceMs(), 0)),
      hops_asked_at: run.askedMs.map(iso),
    };
    return { ...run.row, id: run.id, startedMs: Math.min(run.sinceMs, run.row.startedMs), hops, facts };
  }

  #commit(nowMs: number): void {
    const elapsedMs = nowMs - this.#committedMs;
    if (elapsedMs >= 0 && elapsedMs < COMMIT_MS) return;
    this.#committedMs = nowMs;
    const due = [...this.#dirty].filter((run) => Math.abs(nowMs - run.writtenMs) >= UPDATE_MS);
    this.#write(due.slice(0, MAX_PER_COMMIT), nowMs);
  }

  #write(runs: readonly Run[], nowMs: number): void {
    if (runs.length === 0) return;
    const rows = runs.map((run) => this.#rowOf(run));
    for (const run of runs) {
      run.writtenMs = nowMs;
      this.#dirty.delete(run);
    }
    this.#ports.writer.soon((store) => {
      for (const row of rows) store.putCapture(row);
    });
  }
}

/** Both are the same path: what one of them knows, and the nearer end. */
function merged(before: RouterPath, now: RouterPath): RouterPath {
  const length = Math.min(before.length, now.length);
  return Array.from({ length }, (_, index) => now[index] ?? before[index] ?? null);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
