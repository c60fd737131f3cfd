/**
 * The life of incidents on this node: bursts come in from the wire, are merged, closed, chained and joined to events, and every change is a row in the store.
 * What is captured about them is ordered by `CaptureOrders`. The order matters: the incident row is on disk before anything is spawned, with the sweep of the
 * suspicion that led to it.
 */
import type { Config, PeerConfig } from "../config/config.ts";
import { EventBook } from "../detect/event-book.ts";
import { INCIDENT_LENGTH_MS, incidentKind, PeerIncidents, type Incident, type IncidentChange } from "../detect/incident.ts";
import type { CaptureRow, IncidentRow, SampleBlock } from "../store/rows.ts";
import type { BurstReport, SweepReport, WireMessage } from "../wire/messages.ts";
import { CaptureOrders, type CapturePorts } from "./capture-orders.ts";
import type { Baselines } from "./baselines.ts";
import { EventCrowd } from "./event-crowd.ts";
import type { EventDesk } from "./event-desk.ts";
import { newId } from "./ids.ts";
import { incidentRow } from "./incident-row.ts";
import { askedBy, RemoteCaptures, type Asked, type RemotePorts } from "./remote-captures.ts";
import { SweepDesk } from "./sweep-desk.ts";
import { say } from "../phrases/evidence.ts";

/** A peer that is down for longer keeps nobody from what is done in calm hours. */
const NEWS_MS = 600_000;

export interface DeskPorts extends Omit<CapturePorts, "afterOf" | "onAfter">, Pick<RemotePorts, "addressOf" | "lastRemote"> {
  readonly baselines: Pick<Baselines, "put" | "row">;
  readonly events: Pick<EventDesk, "opened" | "changed" | "closed" | "sweep" | "tick">;
  /** A sweep that somebody asked for; whoever is told keeps it. */
  readonly onRequested?: (row: CaptureRow) => void;
  /** Told when its row says so: an incident has begun, or is over for good. */
  readonly onIncident?: (news: "opened" | "closed", incident: Incident) => void;
}

interface PeerDesk {
  readonly incidents: PeerIncidents;
  readonly intervalMs: number;
  /** Gets the samples that the wire still sends for it after it was closed. */
  samplesFor: string | null;
}

/** What belongs to an incident as long as it is not closed. */
interface Folder {
  readonly eventId: string;
  readonly baselineId: string | null;
  /** The node that asks for its captures, null while none does. */
  askedBy: string | null;
}

export class IncidentDesk {
  readonly #config: Config;
  readonly #ports: DeskPorts;
  readonly #eventBook = new EventBook();
  readonly #orders: CaptureOrders;
  readonly #remote: RemoteCaptures;
  readonly #sweeps: SweepDesk;
  readonly #crowd: EventCrowd;
  readonly #peers = new Map<string, PeerDesk>();
  readonly #folders = new Map<string, Folder>();
  /** Peers with an incident that is not closed. */
  readonly #live = new Set<string>();
  #epoch = 0;
  /** Bursts that peers were told of in this boot of the wire. */
  #incidents = 0;

  constructor(config: Config, ports: DeskPorts) {
    this.#config = config;
    this.#ports = ports;
    this.#crowd = new EventCrowd(config.capture.afterCycles);
    this.#orders = new CaptureOrders(config, {
      ...ports,
      afterOf: ({ id }) => this.#crowd.afterOf(id),
      onAfter: (incident) => this.#sweeps.afterOrdered(incident),
    });
    this.#remote = new RemoteCaptures(config, { ...ports, mtr: this.#orders.mtr });
    this.#sweeps = new SweepDesk({ ...ports, orders: this.#orders, remote: this.#remote, crowd: this.#crowd });
    this.#add(config.peers);
  }

  /** Other peers are probed now: those with these names are gone, or are others under the same name, and their incidents are over. */
  changePeers(gone: readonly string[], come: readonly PeerConfig[]): void {
    for (const name of gone) {
      const peer = this.#peers.get(name);
      if (peer === undefined) continue;
      this.#sweeps.endAfters(say("peerGone"), name);
      const nowMs = this.#ports.nowMs();
      this.#apply(peer, peer.incidents.abandonBursts({ nowMs, wallMs: this.#ports.wallMs() }));
      // Nothing can reopen it: it need not cool down.
      this.#apply(peer, peer.incidents.tick(nowMs + this.#config.detect.mergeMs));
      this.#peers.delete(name);
      this.#sweeps.forget(name);
    }
    this.#add(come);
  }

  /** A wire has started; its burst numbers begin anew. */
  wireStarted(epoch: number): void {
    this.#epoch = epoch;
    this.#incidents = 0;
    this.#sweeps.wireStarted(epoch);
  }

  /** No burst has begun lately that is still open. */
  get isCalm(): boolean {
    const sinceMs = this.#ports.nowMs() - NEWS_MS;
    return [...this.#live].every((peer) => {
      const incident = this.#peers.get(peer)?.incidents.current ?? null;
      return incident === null || incident.phase !== "open" || incident.openedAt < sinceMs;
    });
  }

  /** The wire is gone: what it would have said of open bursts will never come. */
  wireGone(): void {
    this.#sweeps.endAfters(say("wireEnded"));
    for (const peer of this.#peers.values())
      this.#apply(peer, peer.incidents.abandonBursts({ nowMs: this.#ports.nowMs(), wallMs: this.#ports.wallMs() }));
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
    this.#apply(peer, peer.incidents.burst(burst, at));
  }

  sweep(report: SweepReport): void {
    const peer = this.#peers.get(report.peer);
    if (peer !== undefined) this.#sweeps.take(report, peer.incidents.current);
    else if (report.trigger === "request") this.#sweeps.takeOfGuest(report);
  }

  /** A peer has an incident with us. While a burst of our own is open, our captures are what it asks for. */
  asked(asked: Asked): void {
    const peer = this.#peers.get(asked.peer);
    if (peer === undefined || !this.#remote.isDue(asked)) return;
    const own = peer.incidents.current;
    if (own?.phase !== "open") return this.#remote.answer(asked);
    this.#remote.settled(asked.peer);
    this.#mark(own, askedBy(asked));
  }

  peerClocks(message: Parameters<SweepDesk["peerClocks"]>[0]): void {
    this.#sweeps.peerClocks(message);
  }

  samples(message: Omit<Extract<WireMessage, { kind: "samples" }>, "kind">): void {
    const peer = this.#peers.get(message.peer);
    const incidentId = peer?.samplesFor ?? null;
    if (peer === undefined || incidentId === null) return;
    const blocks: SampleBlock[] = message.blocks.map((block) => ({ ...block, incidentId, epoch: this.#epoch, intervalMs: message.intervalMs }));
    if (blocks.length > 0) this.#ports.writer.soon((store) => store.putSamples(blocks));
    if (message.last) peer.samplesFor = null;
  }

  /** The incidents that are not closed. */
  get live(): readonly Incident[] {
    return [...this.#live].flatMap((name) => this.#peers.get(name)?.incidents.current ?? []);
  }

  /** The one queue of the node. */
  get mtr(): CaptureOrders["mtr"] {
    return this.#orders.mtr;
  }

  /** mtr was asked for and could not be run on this machine. */
  get mtrMissing(): boolean {
    return this.#orders.mtrMissing;
  }

  /** No incident is open or cooling, and nothing is traced for others: time alone makes nothing due. */
  get isIdle(): boolean {
    return this.#live.size === 0 && this.#remote.isIdle;
  }

  /** Called a few times a second unless idle: what time alone makes due. */
  tick(): void {
    const nowMs = this.#ports.nowMs();
    for (const name of this.#live) {
      const peer = this.#peers.get(name) as PeerDesk;
      const current = peer.incidents.current;
      if (current === null || current.phase === "closed") continue;
      if (peer.incidents.tooLong(nowMs)) this.#ports.send({ kind: "cut", peer: name });
      this.#orders.tick(current, nowMs);
      this.#apply(peer, peer.incidents.tick(nowMs));
    }
    this.#remote.tick(nowMs);
    this.#ports.events.tick();
  }

  async close(): Promise<void> {
    this.#sweeps.endAfters(say("agentStopped"));
    await this.#orders.close();
  }

  #add(peers: readonly PeerConfig[]): void {
    const { mergeMs } = this.#config.detect;
    for (const peer of peers) {
      const incidents = new PeerIncidents({ mergeMs, lengthMs: INCIDENT_LENGTH_MS });
      this.#peers.set(peer.name, { incidents, intervalMs: peer.intervalMs, samplesFor: null });
    }
  }

  #apply(peer: PeerDesk, changes: readonly IncidentChange[]): void {
    for (const change of changes) this.#change(peer, change);
  }

  #change(peer: PeerDesk, { kind, incident }: IncidentChange): void {
    switch (kind) {
      case "opened":
        return this.#opened(peer, incident);
      case "reopened":
        this.#update(incident);
        this.#tell(incident);
        this.#takeOver(incident);
        this.#sweeps.witness(incident);
        return this.#orders.reopened(incident);
      case "updated": {
        const row = this.#row(incident);
        this.#ports.events.changed(incident);
        return this.#ports.writer.soon((store) => store.updateIncident(row));
      }
      case "burst-ended":
        this.#update(incident);
        this.#tell(incident);
        return this.#orders.burstEnded(incident);
      case "closed":
        return this.#closed(incident);
    }
  }

  #opened(peer: PeerDesk, incident: Incident): void {
    const eventId = this.#eventBook.join(incident.startedMs, `e${incident.id}`);
    const baseline = this.#ports.baselines.row(incident.peer);
    const before = baseline === null ? [] : [{ ...baseline, id: `${incident.id}-baseline`, incidentId: incident.id }];
    const suspicions = this.#sweeps.takeSuspicions(incident);
    peer.samplesFor = incident.id;
    this.#folders.set(incident.id, { eventId, baselineId: before[0]?.id ?? null, askedBy: null });
    this.#live.add(incident.peer);
    this.#crowd.opened(eventId, incident);
    if (suspicions.length > 0) this.#crowd.traced(incident.id);
    const row = this.#row(incident);
    this.#ports.writer.now((store) => store.openIncident(row, [...before, ...suspicions]));
    const { id, address, continues } = incident;
    this.#ports.log.info(
      { incident: id, event: eventId, peer: incident.peer, address, started_at: new Date(incident.startedMs).toISOString(), continues },
      "incident opened",
    );
    this.#takeOver(incident);
    this.#orders.opened(incident);
    this.#ports.events.opened(eventId, incident);
    this.#sweeps.witness(incident);
    this.#ports.send({ kind: "incident", peer: incident.peer, number: ++this.#incidents });
    this.#ports.onIncident?.("opened", incident);
  }

  /** What was traced for the peer's sake goes on as evidence of our own. */
  #takeOver(incident: Incident): void {
    const by = this.#remote.handOver(incident.peer);
    if (by === null) return;
    const { id, peer } = incident;
    const fromMs = incident.bursts.at(-1)?.startedMs ?? incident.startedMs;
    this.#ports.writer.soon((store) => store.claimRemote(id, { peer, fromMs }));
    this.#mark(incident, by);
  }

  #mark(incident: Incident, by: string): void {
    (this.#folders.get(incident.id) as Folder).askedBy = by;
    this.#update(incident);
  }

  /** Others learn of it: the event it belongs to, and the peer, by our probes, as long as a burst lasts. */
  #tell(incident: Incident): void {
    this.#ports.events.changed(incident);
    this.#ports.send({ kind: "incident", peer: incident.peer, number: incident.phase === "open" ? ++this.#incidents : 0 });
  }

  #closed(incident: Incident): void {
    this.#update(incident);
    this.#orders.closed(incident);
    this.#crowd.closed(incident);
    this.#ports.events.closed(incident);
    this.#folders.delete(incident.id);
    this.#live.delete(incident.peer);
    const sent = total(incident, "sent");
    const lost = total(incident, "lost");
    this.#ports.log.info(
      { incident: incident.id, peer: incident.peer, kind: incidentKind(incident), bursts: incident.bursts.length, sent, lost },
      "incident closed",
    );
    this.#ports.onIncident?.("closed", incident);
  }

  /** The row is made now, not when a full disk lets it be written: by then its folder may be gone. */
  #update(incident: Incident): void {
    const row = this.#row(incident);
    const by = this.#folders.get(incident.id)?.askedBy ?? null;
    this.#ports.writer.now((store) => {
      store.updateIncident(row);
      if (by !== null) store.markAsked(row.id, by);
    });
  }

  #row(incident: Incident): IncidentRow {
    const folder = this.#folders.get(incident.id);
    return incidentRow(incident, {
      eventId: folder?.eventId ?? `e${incident.id}`,
      baselineCaptureId: folder?.baselineId ?? null,
      intervalMs: this.#peers.get(incident.peer)?.intervalMs ?? this.#config.probe.intervalMs,
      timeoutMs: this.#config.probe.timeoutMs,
    });
  }
}

function total(incident: Incident, of: "sent" | "lost"): number {
  return incident.bursts.reduce((sum, burst) => sum + burst.count[of], 0);
}
