/**
 * Everything that happens to an incident on this node: bursts come in from the wire, rows go out to the store, captures are ordered. The order matters: the
 * incident row is on disk before anything is spawned, with the sweep of the suspicion that led to it.
 */
import { EventBook } from "../detect/event-book.ts";
import { INCIDENT_LENGTH_MS, incidentKind, PeerIncidents, type Incident, type IncidentChange } from "../detect/incident.ts";
import type { Config } from "../config/config.ts";
import type { Hop } from "../path/hop.ts";
import { sweepHops } from "../path/sweep.ts";
import type { EvidenceStore } from "../store/evidence.ts";
import type { BurstRow, CaptureRow, IncidentRow, SampleBlock } from "../store/rows.ts";
import type { AgentCommand, BurstReport, SampleBlockReport, SweepReport } from "../wire/messages.ts";
import { CaptureBudget, recaptureAt } from "./capture-budget.ts";
import type { EvidenceWriter } from "./evidence-writer.ts";
import { newId } from "./ids.ts";
import { MtrQueue, mtrRow, type MtrPorts, type MtrRequest } from "./mtr-queue.ts";

/** Sweeps of a suspicion wait this long for the burst that they belong to. */
const SUSPICION_MS = 15_000;
/** Without mtr, sweeps at one a second take its place; as many as mtr has cycles. */
const SWEEP_INSTEAD_MS = 1_000;
const SWEEPS_INSTEAD = 75;

export interface DeskLog {
  readonly info: (facts: Readonly<Record<string, unknown>>, message: string) => void;
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void;
}

export interface DeskPorts {
  readonly writer: EvidenceWriter;
  readonly send: (command: AgentCommand) => void;
  /** Wall clock, ms; labels only. */
  readonly wallMs: () => number;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
  readonly log: DeskLog;
  readonly sourceOf: (address: string) => string | null;
  readonly lastBaseline: (peer: string) => CaptureRow | null;
  /** Default: the machine's mtr. */
  readonly startMtr?: MtrPorts["start"];
}

interface Plan {
  readonly eventId: string;
  readonly baselineId: string | null;
  recaptures: number;
  /** Burst end (monotonic) for which the trace after, and the end of mtr, are still to come. */
  afterAt: number | null;
  coolAt: number | null;
  sweepInstead: { left: number; nextAt: number } | null;
}

interface PeerDesk {
  readonly incidents: PeerIncidents;
  readonly intervalMs: number;
  suspicions: CaptureRow[];
  path: readonly Hop[];
  /** Gets the samples that the wire still sends for it after it was closed. */
  samplesFor: string | null;
}

export class IncidentDesk {
  readonly #config: Config;
  readonly #ports: DeskPorts;
  readonly #events = new EventBook();
  readonly #budget: CaptureBudget;
  readonly #mtr: MtrQueue;
  readonly #peers = new Map<string, PeerDesk>();
  readonly #plans = new Map<string, Plan>();
  /** Peers with an incident that is not closed. */
  readonly #live = new Set<string>();
  #epoch = 0;
  #mtrMissing = false;

  constructor(config: Config, ports: DeskPorts) {
    this.#config = config;
    this.#ports = ports;
    this.#budget = new CaptureBudget(config.capture);
    for (const peer of config.peers) {
      const incidents = new PeerIncidents({ mergeMs: config.detect.mergeMs, lengthMs: INCIDENT_LENGTH_MS });
      this.#peers.set(peer.name, { incidents, intervalMs: peer.intervalMs, suspicions: [], path: [], samplesFor: null });
    }
    this.#mtr = new MtrQueue({
      put: (row) => ports.writer.now((store) => store.putCapture(row)),
      append: (chunk) => ports.writer.now((store) => store.appendLines(chunk)),
      send: ports.send,
      pathOf: (peer) => this.#peers.get(peer)?.path ?? [],
      nowMs: ports.wallMs,
      onMissing: (request) => this.#withoutMtr(request),
      ...(ports.startMtr === undefined ? {} : { start: ports.startMtr }),
    });
  }

  /** A wire has started; its burst numbers begin anew. */
  wireStarted(epoch: number): void {
    this.#epoch = epoch;
  }

  /** The wire is gone: what it would have said of open bursts will never come. */
  wireGone(): void {
    for (const [name, peer] of this.#peers)
      this.#apply(name, peer.incidents.abandonBursts({ nowMs: this.#ports.nowMs(), wallMs: this.#ports.wallMs() }));
  }

  /** An incident of the agent before us was open: if the peer is still bad, the next one continues it. */
  chain(row: IncidentRow): void {
    this.#peers.get(row.peer)?.incidents.chainTo(row.id, this.#ports.nowMs() + this.#config.detect.mergeMs);
  }

  burst(report: BurstReport): void {
    const peer = this.#peers.get(report.peer);
    if (peer === undefined) return;
    const ageMs = report.endedMs === null ? 0 : Math.min(Math.max(0, this.#ports.wallMs() - report.endedMs), this.#config.detect.mergeMs);
    const burst = { ...report, key: `${this.#epoch}-${report.number}` };
    const at = { nowMs: this.#ports.nowMs(), ageMs, peer: report.peer, address: report.address, newId: newId(report.startedMs) };
    this.#apply(report.peer, peer.incidents.burst(burst, at));
  }

  sweep(report: SweepReport): void {
    const peer = this.#peers.get(report.peer);
    if (peer === undefined) return;
    const row = this.#sweepRow(report);
    if (row.reached === true) {
      peer.path = row.hops;
      this.#mtr.pump();
    }
    if (report.trigger === "baseline") {
      // One row a peer, replaced: what an incident refers to it keeps as a copy of its own.
      if (row.status === "complete") this.#ports.writer.soon((store) => store.putCapture({ ...row, id: `baseline-${report.peer}` }));
      return;
    }
    const current = peer.incidents.current;
    // A suspicion while no burst is open waits for the burst that may follow: it must not be shown as taken during one. The trace after may come after the close.
    const belongs = report.trigger === "after" || (report.trigger === "suspect" ? current?.phase === "open" : current?.phase !== "closed");
    if (current !== null && belongs) {
      this.#ports.writer.soon((store) => store.putCapture({ ...row, incidentId: current.id }));
      return;
    }
    if (report.trigger !== "suspect" || report.skipped !== null) return;
    const nowMs = this.#ports.wallMs();
    peer.suspicions = [...peer.suspicions.filter((other) => other.id !== row.id && Math.abs(nowMs - other.startedMs) < SUSPICION_MS), row];
  }

  samples(message: {
    readonly peer: string;
    readonly intervalMs: number;
    readonly blocks: readonly SampleBlockReport[];
    readonly last: boolean;
  }): void {
    const peer = this.#peers.get(message.peer);
    const incidentId = peer?.samplesFor ?? null;
    if (peer === undefined || incidentId === null) return;
    const blocks: SampleBlock[] = message.blocks.map((block) => ({ ...block, incidentId, epoch: this.#epoch, intervalMs: message.intervalMs }));
    if (blocks.length > 0) this.#ports.writer.soon((store) => store.putSamples(blocks));
    if (message.last) peer.samplesFor = null;
  }

  /** No incident is open or cooling: time alone makes nothing due. */
  get isIdle(): boolean {
    return this.#live.size === 0;
  }

  /** Called a few times a second unless idle: what time alone makes due. */
  tick(): void {
    const nowMs = this.#ports.nowMs();
    for (const name of this.#live) {
      const peer = this.#peers.get(name) as PeerDesk;
      const current = peer.incidents.current;
      if (current === null || current.phase === "closed") continue;
      if (peer.incidents.tooLong(nowMs)) this.#ports.send({ kind: "cut", peer: name });
      const plan = this.#plans.get(current.id);
      if (plan !== undefined) this.#due(current, plan, nowMs);
      this.#apply(name, peer.incidents.tick(nowMs));
    }
  }

  async close(): Promise<void> {
    await this.#mtr.close();
  }

  #apply(peer: string, changes: readonly IncidentChange[]): void {
    for (const change of changes) this.#change(peer, change);
  }

  #change(name: string, change: IncidentChange): void {
    const { incident } = change;
    switch (change.kind) {
      case "opened":
        return this.#opened(name, incident);
      case "reopened":
        this.#ports.writer.now((store) => store.updateIncident(this.#row(incident)));
        this.#reopened(incident);
        return this.#capture(incident, "burst");
      case "updated":
        return this.#ports.writer.soon((store) => store.updateIncident(this.#row(incident)));
      case "burst-ended": {
        this.#ports.writer.now((store) => store.updateIncident(this.#row(incident)));
        this.#mtr.burstEnded(incident.id);
        const plan = this.#plans.get(incident.id);
        if (plan === undefined || incident.burstEndedAt === null) return;
        plan.afterAt = incident.burstEndedAt + this.#config.capture.afterMs;
        plan.coolAt = incident.burstEndedAt + this.#config.detect.coolingMs;
        plan.sweepInstead = null;
        return;
      }
      case "closed":
        return this.#closed(incident);
    }
  }

  #opened(name: string, incident: Incident): void {
    const peer = this.#peers.get(name) as PeerDesk;
    const eventId = this.#events.join(incident.startedMs, `e${incident.id}`);
    const baseline = this.#ports.lastBaseline(name);
    const before = baseline === null ? [] : [{ ...baseline, id: `${incident.id}-baseline`, incidentId: incident.id }];
    const suspicions = peer.suspicions.filter((row) => row.startedMs >= incident.startedMs).map((row) => ({ ...row, incidentId: incident.id }));
    peer.suspicions = [];
    peer.samplesFor = incident.id;
    const plan: Plan = { eventId, baselineId: before[0]?.id ?? null, recaptures: 0, afterAt: null, coolAt: null, sweepInstead: null };
    this.#plans.set(incident.id, plan);
    this.#live.add(name);
    this.#ports.writer.now((store: EvidenceStore) => store.openIncident(this.#row(incident), [...before, ...suspicions]));
    const { id, peer: peerName, continues } = incident;
    this.#ports.log.info(
      { incident: id, event: eventId, peer: peerName, address: incident.address, started_at: new Date(incident.startedMs).toISOString(), continues },
      "incident opened",
    );
    this.#capture(incident, "burst");
  }

  #reopened(incident: Incident): void {
    const plan = this.#plans.get(incident.id);
    if (plan === undefined) return;
    plan.afterAt = null;
    plan.coolAt = null;
  }

  #closed(incident: Incident): void {
    this.#ports.writer.now((store) => store.updateIncident(this.#row(incident)));
    this.#mtr.burstEnded(incident.id);
    this.#mtr.stop(incident.id);
    this.#plans.delete(incident.id);
    this.#live.delete(incident.peer);
    const sent = total(incident, "sent");
    const lost = total(incident, "lost");
    this.#ports.log.info(
      { incident: incident.id, peer: incident.peer, kind: incidentKind(incident), bursts: incident.bursts.length, sent, lost },
      "incident closed",
    );
  }

  /** One full capture by mtr, from the budget; the sweeps at the burst are the wire's. */
  #capture(incident: Incident, trigger: "burst" | "recapture"): void {
    if (!this.#config.capture.mtr || this.#mtr.has(incident.id)) return;
    const requestedMs = this.#ports.wallMs();
    const request: MtrRequest = {
      captureId: newId(requestedMs),
      incidentId: incident.id,
      peer: incident.peer,
      address: incident.address,
      source: this.#ports.sourceOf(incident.address),
      trigger,
      requestedMs,
    };
    const refused = this.#budget.take(incident.peer, this.#ports.nowMs());
    if (refused !== null) return this.#skip(request, refused);
    if (incident.address.includes("%")) {
      this.#sweepInstead(incident.id);
      return this.#skip(request, "mtr does not support link-local addresses with a zone; sweeps at one a second take its place");
    }
    if (this.#mtrMissing) this.#sweepInstead(incident.id);
    this.#mtr.request(request);
  }

  #skip(request: MtrRequest, reason: string): void {
    const row: CaptureRow = { ...mtrRow(request), status: "skipped", reason };
    this.#ports.writer.soon((store) => store.putCapture(row));
  }

  #withoutMtr(request: MtrRequest): void {
    if (!this.#mtrMissing) this.#ports.log.warn({}, "mtr cannot be run; sweeps at one a second take its place (apt-get install mtr-tiny)");
    this.#mtrMissing = true;
    this.#sweepInstead(request.incidentId);
  }

  #sweepInstead(incidentId: string): void {
    const plan = this.#plans.get(incidentId);
    if (plan !== undefined) plan.sweepInstead = { left: SWEEPS_INSTEAD, nextAt: this.#ports.nowMs() };
  }

  #due(incident: Incident, plan: Plan, nowMs: number): void {
    if (plan.coolAt !== null && nowMs >= plan.coolAt) {
      plan.coolAt = null;
      this.#mtr.stop(incident.id);
    }
    if (plan.afterAt !== null && nowMs >= plan.afterAt) {
      plan.afterAt = null;
      this.#ports.send({ kind: "sweep", peer: incident.peer, trigger: "after" });
    }
    if (incident.phase !== "open") return;
    if (plan.sweepInstead !== null && plan.sweepInstead.left > 0 && nowMs >= plan.sweepInstead.nextAt) {
      plan.sweepInstead = { left: plan.sweepInstead.left - 1, nextAt: nowMs + SWEEP_INSTEAD_MS };
      this.#ports.send({ kind: "sweep", peer: incident.peer, trigger: "burst" });
    }
    if (nowMs >= recaptureAt(incident.openedAt, plan.recaptures)) {
      plan.recaptures++;
      this.#ports.send({ kind: "sweep", peer: incident.peer, trigger: "recapture" });
      this.#capture(incident, "recapture");
    }
  }

  #row(incident: Incident): IncidentRow {
    const plan = this.#plans.get(incident.id);
    return {
      id: incident.id,
      eventId: plan?.eventId ?? `e${incident.id}`,
      continues: incident.continues,
      peer: incident.peer,
      address: incident.address,
      kind: incidentKind(incident),
      status: incident.phase,
      startedMs: incident.startedMs,
      detectedMs: incident.detectedMs,
      endedMs: incident.endedMs,
      intervalMs: this.#peers.get(incident.peer)?.intervalMs ?? this.#config.probe.intervalMs,
      timeoutMs: this.#config.probe.timeoutMs,
      bursts: incident.bursts.map(burstRow),
      baselineCaptureId: plan?.baselineId ?? null,
    };
  }

  #sweepRow(report: SweepReport): CaptureRow {
    const reading = sweepHops(report.hops, report.target);
    const denied = reading.hops.find((hop) => hop.sent === 0);
    const status = report.skipped !== null ? "skipped" : report.finishedMs === null ? "running" : denied !== undefined ? "partial" : "complete";
    const reason = report.skipped ?? denied?.note ?? null;
    return {
      id: `s${this.#epoch}-${report.id}`,
      incidentId: null,
      peer: report.peer,
      kind: "sweep",
      phase: report.trigger === "baseline" ? "before" : report.trigger === "after" ? "after" : "during",
      trigger: report.trigger,
      tool: "meshprobe sweep",
      status,
      reason,
      flow: report.flow,
      source: this.#ports.sourceOf(report.target),
      target: report.target,
      reached: report.skipped !== null ? null : reading.reached,
      askedBy: null,
      startedMs: report.startedMs,
      firstHopMs: report.firstHopMs,
      finishedMs: report.finishedMs,
      facts: {},
      hops: report.skipped !== null ? [] : reading.hops,
    };
  }
}

function total(incident: Incident, of: "sent" | "lost"): number {
  return incident.bursts.reduce((sum, burst) => sum + burst.count[of], 0);
}

function burstRow(burst: Incident["bursts"][number], index: number): BurstRow {
  const { count } = burst;
  return {
    number: index + 1,
    startedMs: burst.startedMs,
    endedMs: burst.endedMs,
    sent: count.sent,
    lost: count.lost,
    late: count.late,
    sendFailed: count.sendFailed,
    blind: count.blind,
    longestRun: count.longestRun,
    flows: count.flowSent.map((sent, flow) => ({ flow, sent, lost: count.flowLost[flow] ?? 0 })),
  };
}
