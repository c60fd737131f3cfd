/**
 * The desks: who keeps what, each with what it needs of the others. What they have to say to the wire goes through `send`; what the wire says comes to them
 * from the inbox.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { Baselines } from "../capture/baselines.ts";
import { DeskClock } from "../capture/desk-clock.ts";
import { EventDesk } from "../capture/event-desk.ts";
import type { Gateways } from "../capture/gateways.ts";
import { HopNames } from "../capture/hop-names.ts";
import { HostDesk } from "../capture/host-desk.ts";
import type { HostReader } from "../capture/host/host-reader.ts";
import { HostWatch } from "../capture/host/host-watch.ts";
import { IncidentDesk } from "../capture/incident-desk.ts";
import { PeerBook } from "../capture/peer-book.ts";
import { RequestedTraces } from "../capture/requested-traces.ts";
import { reverseLookup } from "../capture/reverse-lookup.ts";
import type { Config } from "../config/config.ts";
import { isOwnAddress } from "../config/own-addresses.ts";
import type { IncidentNews } from "../control/incident-hook.ts";
import type { Incident } from "../detect/incident.ts";
import type { AgentCommand } from "../wire/messages.ts";
import type { AgentStore } from "./agent-store.ts";

export interface Desks {
  /** Who is probed, at which address, and what is known of it. */
  readonly peers: PeerBook;
  /** Snapshots of this host. */
  readonly host: HostDesk;
  /** Events and their verdicts. */
  readonly events: EventDesk;
  /** Bursts, incidents, and what is captured about them. */
  readonly incidents: IncidentDesk;
  /** Names of hops for people; null when they are turned off. */
  readonly names: HopNames | null;
  /** Traces that somebody asks for. */
  readonly requested: RequestedTraces;
  /** Ticks while time makes anything due for an incident. */
  readonly clock: DeskClock;
}

export interface DeskTools {
  readonly store: AgentStore;
  readonly hostReader: HostReader;
  readonly gateways: Gateways;
  readonly log: Logger;
  readonly send: (command: AgentCommand) => void;
  /** Ends the children of the host snapshots. */
  readonly signal: AbortSignal;
  /** For those who are told of incidents while they happen. */
  readonly onIncident: (news: IncidentNews, incident: Incident) => void;
}

export function openDesks(config: Config, { store, hostReader, gateways, log, send, signal, onIncident }: DeskTools): Desks {
  const { writer, evidence } = store;
  const clocks = { wallMs: Date.now, nowMs: () => performance.now() };
  const peers = new PeerBook(config.peers, { writer, log, onAddress: (peer, address) => send({ kind: "address", peer, address }) });
  const sourceOf = (address: string): string | null => peers.sourceOf(address);
  const host = new HostDesk({ watch: new HostWatch(hostReader), writer, ...clocks, sourceOf, signal });
  const baselines = new Baselines({ writer, stored: (peer) => evidence.lastBaseline(peer) });
  const events = new EventDesk({
    node: config.node.name,
    writer,
    log,
    host,
    ...clocks,
    timeoutMs: config.probe.timeoutMs,
    labelsOf: (peer) => peers.labelsOf(peer),
    intervalOf: (peer) => peers.intervalOf(peer),
    addressOf: (peer) => peers.addressOf(peer) ?? "",
    sourceOf,
    pathOf: (peer, flow) => baselines.path(peer, flow),
    replyRatesOf: (peer) => baselines.replyRates(peer),
    gatewayOf: (address) => gateways.of(address),
    isOwnAddress,
    lastVersion: (eventId) => evidence.lastVerdictVersion(eventId),
    cyclesOf: (incidentId, bursts) => evidence.mtrCycles(incidentId, bursts),
    onJudged: (judged) => {
      for (const incident of judged) onIncident("judged", incident);
    },
  });
  const incidents = new IncidentDesk(config, {
    events,
    writer,
    send,
    ...clocks,
    log,
    sourceOf,
    baselines,
    addressOf: (peer) => peers.addressOf(peer),
    lastRemote: (peer) => evidence.lastRemote(peer),
    onIncident,
    onRequested: (row) => requested.sweep(row),
  });
  const requested = new RequestedTraces(config, { mtr: incidents.mtr, writer, send, sourceOf, peers: () => peers.rows, ...clocks, pause, log });
  const names = config.capture.names
    ? new HopNames({
        lookup: reverseLookup(),
        writer,
        log,
        wallMs: Date.now,
        isCalm: () => incidents.isCalm,
        evidenceMs: config.store.evidenceMs,
        stored: evidence.hopNames(),
      })
    : null;
  return { peers, host, events, incidents, names, requested, clock: new DeskClock(incidents) };
}
