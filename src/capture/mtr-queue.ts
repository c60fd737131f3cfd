/**
 * Which mtr runs when. At most three processes, and through any one hop at most one: three at once show 87 % false loss at the hop they share. So a second
 * one starts behind what its last sweep shares with a running one, or, where that is not known, waits; when its burst ends first it is recorded as skipped.
 * One whose own burst is over gives way.
 */
import pLimit from "p-limit";
import type { Hop } from "../path/hop.ts";
import { firstUnsharedTtl } from "../path/shared-hops.ts";
import { mtrVerdict, startMtr, type MtrOutcome, type MtrRun } from "./mtr.ts";
import type { CaptureRow, LineChunk, Trigger } from "../store/rows.ts";
import type { AgentCommand } from "../wire/messages.ts";
import { say } from "../phrases/evidence.ts";

/** mtr processes at once, in the whole host. */
export const MAX_MTR = 3;
/** Requests that wait; beyond it they are skipped with the reason. */
const MAX_WAITING = 500;

export interface MtrRequest {
  readonly captureId: string;
  /** The id of the incident, or of what another node asked for: each has one mtr at a time. */
  readonly owner: string;
  readonly incidentId: string | null;
  /** The node that asked for it, null for our own. */
  readonly askedBy: string | null;
  readonly peer: string;
  readonly address: string;
  readonly source: string | null;
  readonly trigger: Trigger;
  /** Hops of a sweep that reached the target, none when none did; default: what is known of the peer. */
  readonly path?: readonly Hop[];
  /** Default: as many as an incident gets. */
  readonly cycles?: number;
  /** It ends when one for an incident needs its hops. */
  readonly yields?: boolean;
  /** Kept with the capture. */
  readonly facts?: CaptureRow["facts"];
  readonly requestedMs: number;
}

export interface MtrPorts {
  readonly put: (row: CaptureRow) => void;
  readonly append: (chunk: LineChunk) => void;
  readonly send: (command: AgentCommand) => void;
  /** Hops of the last sweep that reached a peer, empty when there was none. */
  readonly pathOf: (peer: string) => readonly Hop[];
  readonly nowMs: () => number;
  /** mtr cannot be run at all: sweeps take its place. */
  readonly onMissing: (request: MtrRequest) => void;
  /** Default: the machine's mtr. */
  readonly start?: typeof startMtr;
}

interface Running {
  readonly request: MtrRequest;
  readonly hops: readonly Hop[];
  /** TTL of the target, null where unknown. */
  readonly pathLength: number | null;
  readonly abort: AbortController;
  /** Its burst is over: it shows the path whole again until another needs the hops. */
  isCalm: boolean;
}

export class MtrQueue {
  readonly #ports: MtrPorts;
  readonly #limit = pLimit(MAX_MTR);
  readonly #running = new Set<Running>();
  #waiting: MtrRequest[] = [];
  #stopped = false;

  constructor(ports: MtrPorts) {
    this.#ports = ports;
  }

  request(request: MtrRequest): void {
    if (this.has(request.owner) || this.#stopped) return;
    if (this.#waiting.length >= MAX_WAITING) return this.#skip(request, say("queueFull", { n: MAX_WAITING }));
    this.#waiting.push(request);
    this.pump();
  }

  /** Whether an mtr runs or waits for this owner. */
  has(owner: string): boolean {
    return this.#waiting.some((request) => request.owner === owner) || this.#ofOwner(owner).some((run) => !run.abort.signal.aborted);
  }

  /** What has become of the request of this owner. */
  stateOf(owner: string): "waiting" | "running" | "over" {
    if (this.#waiting.some((request) => request.owner === owner)) return "waiting";
    return this.#ofOwner(owner).length > 0 ? "running" : "over";
  }

  /** Another burst of one whose mtr still runs. */
  burstBegan(owner: string): void {
    for (const run of this.#ofOwner(owner)) run.isCalm = false;
  }

  /** The burst is over: what has not started yet would only show a clean path. */
  burstEnded(owner: string): void {
    for (const run of this.#ofOwner(owner)) run.isCalm = true;
    const left = this.#waiting.filter((request) => request.owner === owner);
    this.#waiting = this.#waiting.filter((request) => request.owner !== owner);
    for (const request of left) this.#skip(request, this.#reason(request));
  }

  /** Stops the mtr of an owner; what it has printed stays. */
  stop(owner: string): void {
    for (const run of this.#ofOwner(owner)) run.abort.abort();
  }

  /** Starts what may start now. Called when a request comes, a path becomes known or a run has ended. */
  pump(): void {
    const waiting = this.#waiting;
    for (const request of waiting) {
      const path = this.#pathOf(request);
      const free = this.#freeFrom(path);
      if (free?.ttl !== 1 && request.yields !== true && this.#makeWay()) return;
      if (this.#running.size >= MAX_MTR) return;
      if (free === null) continue;
      this.#waiting = this.#waiting.filter((other) => other !== request);
      this.#start(request, { firstTtl: free.ttl, hops: path.filter((hop) => hop.ttl >= free.ttl), pathLength: path.at(-1)?.ttl ?? null });
    }
  }

  #pathOf({ path, peer }: MtrRequest): readonly Hop[] {
    return path ?? this.#ports.pathOf(peer);
  }

  #ofOwner(owner: string): Running[] {
    return [...this.#running].filter((run) => run.request.owner === owner);
  }

  /** The first TTL that a new one may ask; null where it may none, or that is not known. */
  #freeFrom(path: readonly Hop[]): { readonly ttl: number } | null {
    if (this.#running.size === 0) return { ttl: 1 };
    if (this.#running.size >= MAX_MTR) return null;
    return firstUnsharedTtl(
      path,
      [...this.#running].map((run) => run.hops),
    );
  }

  /** Ends those whose burst is over; true while one is about to end, which calls `pump` again. */
  #makeWay(): boolean {
    for (const run of this.#running) if (run.isCalm) run.abort.abort();
    return [...this.#running].some((run) => run.abort.signal.aborted);
  }

  /** Stops everything and waits for it. */
  async close(): Promise<void> {
    this.#stopped = true;
    for (const request of this.#waiting) this.#skip(request, say("agentStopped"));
    this.#waiting = [];
    for (const run of this.#running) run.abort.abort();
    while (this.#limit.activeCount > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  #start(request: MtrRequest, from: { readonly firstTtl: number; readonly hops: readonly Hop[]; readonly pathLength: number | null }): void {
    const run: Running = { request, hops: from.hops, pathLength: from.pathLength, abort: new AbortController(), isCalm: request.yields === true };
    this.#running.add(run);
    void this.#limit(() => this.#run(run, from.firstTtl)).finally(() => {
      this.#running.delete(run);
      if (!this.#stopped) this.pump();
    });
  }

  async #run(run: Running, firstTtl: number): Promise<void> {
    const { request } = run;
    const startedMs = this.#ports.nowMs();
    const row: CaptureRow = {
      ...mtrRow(request),
      status: "running",
      startedMs,
      facts: { ...request.facts, ...(firstTtl > 1 ? { first_ttl: firstTtl } : {}) },
    };
    this.#ports.put(row);
    let firstHopMs: number | null = null;
    let chunks = 0;
    let mtr: MtrRun;
    try {
      mtr = (this.#ports.start ?? startMtr)({
        address: request.address,
        firstTtl,
        ...(run.pathLength === null ? {} : { pathLength: run.pathLength }),
        ...(request.cycles === undefined ? {} : { cycles: request.cycles }),
        nowMs: this.#ports.nowMs,
        signal: run.abort.signal,
        onLines: (lines) => {
          firstHopMs ??= lines.find((line) => line.text.startsWith("h "))?.atMs ?? null;
          this.#ports.append({ captureId: request.captureId, number: chunks++, lines });
        },
      });
    } catch (error) {
      // Some errors of spawn are thrown (ENOMEM): evidence that there is none, not the end of the agent.
      const reason = say("notStarted", { message: error instanceof Error ? error.message : String(error) });
      this.#ports.put({ ...row, status: "failed", reason, finishedMs: this.#ports.nowMs() });
      return this.#ports.onMissing(request);
    }
    const { pid } = mtr;
    if (pid !== undefined) this.#ports.send({ kind: "mtr", pid, peer: request.peer, firstTtl });
    let outcome: MtrOutcome;
    try {
      outcome = await mtr.done;
    } finally {
      if (pid !== undefined) this.#ports.send({ kind: "mtr-ended", pid });
    }
    const verdict = mtrVerdict(outcome);
    this.#ports.put({ ...row, status: verdict.status, reason: verdict.reason, firstHopMs, finishedMs: this.#ports.nowMs() });
    if (outcome.kind === "missing" || outcome.kind === "not-started" || outcome.kind === "no-permission") this.#ports.onMissing(request);
  }

  #reason(request: MtrRequest): string {
    const peers = [...this.#running].map((run) => run.request.peer).join(", ");
    if (peers === "") return say("burstOver");
    if (this.#running.size >= MAX_MTR) return say("tooMany", { n: MAX_MTR, peers });
    return this.#pathOf(request).length === 0 ? say("unknownPath", { peers }) : say("sharesHops", { peers });
  }

  #skip(request: MtrRequest, reason: string): void {
    this.#ports.put({ ...mtrRow(request), status: "skipped", reason, startedMs: request.requestedMs });
  }
}

/** The row of an mtr run before anything is known of it. */
export function mtrRow(request: MtrRequest): CaptureRow {
  return {
    id: request.captureId,
    incidentId: request.incidentId,
    peer: request.peer,
    kind: "mtr",
    phase: "during",
    trigger: request.trigger,
    tool: "mtr --raw -n -e",
    status: "running",
    reason: null,
    flow: null,
    source: request.source,
    target: request.address,
    reached: null,
    askedBy: request.askedBy,
    startedMs: request.requestedMs,
    firstHopMs: null,
    finishedMs: null,
    facts: request.facts ?? {},
    hops: [],
  };
}
