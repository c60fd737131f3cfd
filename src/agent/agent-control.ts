/**
 * The agent's side towards people and programs: what it knows, gathered for the status, and the socket on which it is asked. Nothing here is needed to probe:
 * whatever fails is said in the log, and probing goes on.
 */
import process from "node:process";
import type { Logger } from "pino";
import { TraceRefusal } from "../capture/requested-traces.ts";
import { agentId } from "../config/agent-id.ts";
import type { Config } from "../config/config.ts";
import { BlindBook } from "../control/blind-book.ts";
import { IncidentHook, type IncidentNews } from "../control/incident-hook.ts";
import { LiveFigures } from "../control/live-figures.ts";
import { ControlFailure, type ControlRequest } from "../control/protocol.ts";
import { ControlServer, type Talk } from "../control/server.ts";
import { renderMetrics } from "../control/metrics.ts";
import { MetricsServer } from "../control/metrics-server.ts";
import { StatusDesk } from "../control/status-desk.ts";
import { statusNotes, type WireWords } from "../control/status-notes.ts";
import { TRACE_SCHEMA, type TraceResult } from "../control/trace.ts";
import { incidentKind, type Incident } from "../detect/incident.ts";
import type { ReloadResult } from "../control/reload-result.ts";
import { say } from "../phrases/control.ts";
import { iso } from "../report/figures.ts";
import { readCapture, readIncident } from "../store/read-incident.ts";
import type { BlindRow } from "../store/rows.ts";
import { chinese } from "../verdict/words-zh.ts";
import type { Sync } from "../sync/sync.ts";
import type { WireMessage } from "../wire/messages.ts";
import type { AgentStore } from "./agent-store.ts";
import type { Desks } from "./desks.ts";

export interface AgentControlOptions {
  readonly config: Config;
  readonly version: string;
  readonly log: Logger;
  /** Of the Unix socket. */
  readonly socketPath: string;
  readonly store: AgentStore;
  readonly desks: Desks;
  /** Null where no collector is configured. */
  readonly sync: Pick<Sync, "status"> | null;
  readonly wirePid: () => number | null;
  /** Applies the configuration file. */
  readonly reload: () => Promise<ReloadResult>;
}

export class AgentControl {
  readonly #options: AgentControlOptions;
  readonly #figures = new LiveFigures();
  readonly #blind = new BlindBook();
  readonly #status: StatusDesk;
  readonly #server: ControlServer;
  readonly #metrics: MetricsServer | null;
  readonly #hook: IncidentHook | null;
  readonly #startedMs = Date.now();
  readonly #incidents = { opened: 0, closed: { loss: 0, brownout: 0, local: 0 } };
  #config: Config;
  #wire: WireWords = { receiveBuffer: null, sendErrors: {} };

  constructor(options: AgentControlOptions) {
    this.#options = options;
    this.#config = options.config;
    const { config, version, store } = options;
    const { peers, events, incidents } = options.desks;
    const { node } = config;
    this.#status = new StatusDesk({
      node: { name: node.name, id: agentId(node.name).toString(16).padStart(8, "0"), address: node.address, version },
      agent: { pid: process.pid, started_at: iso(this.#startedMs), config: config.file, data_dir: config.dataDir },
      timing: () => ({ interval_ms: this.#config.probe.intervalMs, timeout_ms: this.#config.probe.timeoutMs }),
      figures: this.#figures,
      blind: this.#blind,
      peers: () => peers.rows,
      incidents: () => incidents.live,
      sentenceOf: (incidentId, language) => events.sentenceOf(incidentId, language === "en" ? null : chinese),
      disk: () => store.disk(),
      notes: () => statusNotes(this.#config, { wire: this.#wire, mtrMissing: incidents.mtrMissing }),
      collector: () => options.sync?.status() ?? null,
      wirePid: options.wirePid,
      wallMs: Date.now,
      nowMs: () => performance.now(),
    });
    this.#server = new ControlServer({ path: options.socketPath, log: options.log, answer: (request, talk) => this.#answer(request, talk) });
    this.#metrics =
      config.metrics === null ? null : new MetricsServer({ listen: config.metrics, log: options.log, render: () => this.#renderMetrics() });
    const command = config.hooks.incident;
    this.#hook = command === null ? null : new IncidentHook({ command, log: options.log, body: ({ incidentId }) => this.#hookBody(incidentId) });
  }

  /** Another configuration is in force. */
  changed(config: Config, gone: readonly string[]): void {
    this.#config = config;
    const names = new Set(config.peers.map(({ name }) => name));
    for (const name of gone) if (!names.has(name)) this.#figures.forget(name);
  }

  async start(): Promise<void> {
    await Promise.all([this.#server.start(), this.#metrics?.start()]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#server.stop(), this.#metrics?.stop(), this.#hook?.stop()]);
  }

  /** Something has become of an incident. */
  incident(news: IncidentNews, incident: Incident): void {
    if (news === "opened") this.#incidents.opened++;
    const kind = news === "closed" ? incidentKind(incident) : null;
    if (kind !== null) this.#incidents.closed[kind]++;
    this.#hook?.tell(news, incident.id);
  }

  /** Everything that the wire says passes here, after the inbox. */
  heard(message: WireMessage): void {
    switch (message.kind) {
      case "rollups":
        return this.#figures.add(message.rows);
      case "ready":
        this.#wire = { ...this.#wire, receiveBuffer: { got: message.receiveBuffer, wanted: message.wantedBuffer } };
        return;
      case "alive":
        this.#wire = { ...this.#wire, sendErrors: message.sendErrors };
        return;
      default:
        return;
    }
  }

  /** A time in which nobody watched. */
  blind(row: BlindRow): void {
    this.#blind.add(row);
  }

  /** As the report gives it, of what is written by now. */
  #hookBody(incidentId: string): Readonly<Record<string, unknown>> | null {
    const { store, config, version } = this.#options;
    store.writer.flush();
    const incident = readIncident(store.evidence.database, incidentId, Date.now());
    const { name, address, labels } = config.node;
    return incident === null ? null : { node: { name, address, labels, version }, incident };
  }

  #answer(request: ControlRequest, talk: Talk): unknown {
    const { dataDir } = this.#options.config;
    if (request.dataDir !== null && request.dataDir !== dataDir)
      throw new ControlFailure("other-agent", say("otherAgent", { here: dataDir, wanted: request.dataDir }));
    switch (request.op) {
      case "status":
        return this.#status.status(request.peers, request.language);
      case "trace":
        return this.#trace(request.peer, talk);
      case "reload":
        return this.#options.reload();
    }
  }

  async #trace(wanted: string, talk: Talk): Promise<TraceResult> {
    const { desks, store, config } = this.#options;
    try {
      const { peer, address, captures, notes } = await desks.requested.trace(wanted, talk);
      const read = captures.flatMap((id) => readCapture(store.evidence.database, id) ?? []);
      const missing = captures.length - read.length;
      const more = missing > 0 ? [say("notStored")] : [];
      return { schema: TRACE_SCHEMA, node: config.node.name, peer, address, captures: read, notes: [...notes, ...more] };
    } catch (error) {
      throw error instanceof TraceRefusal ? new ControlFailure("refused", error.message) : error;
    }
  }

  #renderMetrics(): string {
    const { config, version, desks } = this.#options;
    const { states, node, disk, collector } = this.#status.status(0, "en");
    const live = desks.incidents.live;
    const inBurst = new Set(live.filter(({ phase }) => phase === "open").map(({ peer }) => peer));
    const { user, system } = process.cpuUsage();
    return renderMetrics({
      version,
      node: { name: node.name, id: node.id, labels: config.node.labels },
      startedMs: this.#startedMs,
      process: { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() },
      peers: desks.peers.rows.map(({ name, address }) => ({
        name,
        address,
        labels: desks.peers.labelsOf(name),
        inBurst: inBurst.has(name),
        figures: this.#figures.of(name),
      })),
      states,
      incidents: { ...this.#incidents, open: live.length },
      blind: this.#blind,
      disk,
      collector,
      sendErrors: this.#wire.sendErrors,
    });
  }
}
