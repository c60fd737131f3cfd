/**
 * Composition root of the agent: opens the stores, starts the wire, hands its messages on, stops in reverse order. Everything that decides lives elsewhere.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { AgentStore } from "./agent-store.ts";
import { Baselines } from "./capture/baselines.ts";
import { canariesFor, GATEWAY, gatewayFor } from "./capture/canaries.ts";
import { DeskClock } from "./capture/desk-clock.ts";
import { EventDesk } from "./capture/event-desk.ts";
import { HostDesk } from "./capture/host-desk.ts";
import { HostReader } from "./capture/host/host-reader.ts";
import { HostWatch } from "./capture/host/host-watch.ts";
import { IncidentDesk } from "./capture/incident-desk.ts";
import { RESOLVE_EVERY_MS } from "./capture/names.ts";
import { PeerBook } from "./capture/peer-book.ts";
import { WireHealth } from "./capture/wire-health.ts";
import { agentId } from "./config/agent-id.ts";
import type { Config } from "./config/config.ts";
import { isOwnAddress, withoutOwnAddresses } from "./config/own-addresses.ts";
import type { WireMessage, WireSettings } from "./wire/messages.ts";
import { WireProcess } from "./wire/wire-process.ts";

const UPKEEP_MS = 60_000;
/** How far the flight recorder is written out before and after an incident. */
const RECORD_MS = 60_000;
/** Without replies the agent says "ready" after this long all the same. */
const READY_AFTER_MS = 3_000;
const RESOLVE_PATIENCE_MS = 2_000;

/** Why the agent cannot go on. */
export class AgentError extends Error {
  override readonly name = "AgentError";
  readonly exitCode: 2 | 3;

  constructor(message: string, exitCode: 2 | 3) {
    super(message);
    this.exitCode = exitCode;
  }
}

export interface AgentOptions {
  readonly config: Config;
  readonly version: string;
  readonly log: Logger;
  /** Hexadecimal; the first signs, all verify. Empty without a mesh key. */
  readonly meshKeys: readonly string[];
}

export class Agent {
  readonly #config: Config;
  readonly #meshKeys: readonly string[];
  readonly #log: Logger;
  readonly #store: AgentStore;
  readonly #peers: PeerBook;
  readonly #health: WireHealth;
  readonly #hostReader: HostReader;
  readonly #host: HostDesk;
  readonly #events: EventDesk;
  readonly #baselines: Baselines;
  readonly #desk: IncidentDesk;
  readonly #deskClock: DeskClock;
  readonly #wire: WireProcess;
  readonly #timers: NodeJS.Timeout[] = [];
  /** Ends the children of the host snapshots. */
  readonly #ending = new AbortController();
  readonly #failed: Promise<never>;
  #fail: (error: AgentError) => void = () => {};
  #ready = false;

  /** Opens the stores; throws StoreError. Nothing runs yet. */
  constructor(options: AgentOptions) {
    const { log } = options;
    this.#log = log;
    this.#meshKeys = options.meshKeys;
    this.#config = withoutOwnAddresses(options.config, (peer) => log.info({ peer: peer.name, address: peer.host }, "peer is this node: skipped"));
    this.#store = new AgentStore(this.#config, log);
    const { writer, evidence } = this.#store;
    this.#failed = new Promise((_, reject) => (this.#fail = reject));
    this.#failed.catch(() => {});
    this.#peers = new PeerBook(this.#config.peers, {
      writer,
      log,
      onAddress: (peer, address) => this.#wire.send({ kind: "address", peer, address }),
    });
    this.#health = new WireHealth(log);
    this.#hostReader = new HostReader({ clock: { wallMs: Date.now, monotonicMs: () => performance.now() } });
    this.#host = new HostDesk({
      watch: new HostWatch(this.#hostReader),
      writer,
      wallMs: Date.now,
      nowMs: () => performance.now(),
      sourceOf: (address) => this.#peers.sourceOf(address),
      signal: this.#ending.signal,
    });
    this.#events = new EventDesk({
      node: this.#config.node.name,
      writer,
      log,
      host: this.#host,
      wallMs: Date.now,
      nowMs: () => performance.now(),
      timeoutMs: this.#config.probe.timeoutMs,
      labelsOf: (peer) => this.#peers.labelsOf(peer),
      addressOf: (peer) => this.#peers.addressOf(peer) ?? "",
      sourceOf: (address) => this.#peers.sourceOf(address),
      pathOf: (peer, flow) => this.#baselines.path(peer, flow),
      replyRatesOf: (peer) => this.#baselines.replyRates(peer),
      isOwnAddress,
      lastVersion: (eventId) => evidence.lastVerdictVersion(eventId),
      tablesOf: (incidentId, untilMs) => evidence.mtrTables(incidentId, untilMs),
    });
    this.#baselines = new Baselines({ writer, stored: (peer) => evidence.lastBaseline(peer) });
    this.#desk = new IncidentDesk(this.#config, {
      events: this.#events,
      writer,
      send: (command) => this.#wire.send(command),
      wallMs: Date.now,
      nowMs: () => performance.now(),
      log,
      sourceOf: (address) => this.#peers.sourceOf(address),
      baselines: this.#baselines,
      addressOf: (peer) => this.#peers.addressOf(peer),
      lastRemote: (peer) => evidence.lastRemote(peer),
    });
    this.#deskClock = new DeskClock(this.#desk);
    this.#wire = new WireProcess(() => this.#settings(), {
      onMessage: (message) => this.#message(message),
      onGone: (reason, restartMs) => this.#wireGone(reason, restartMs),
      onHang: () => log.error("the probing process says nothing; it is killed and started again"),
    });
    this.#node(options.version);
  }

  /** Runs until the signal is aborted; rejects with AgentError when it cannot go on. */
  async run(signal: AbortSignal): Promise<void> {
    this.#recover();
    for (const note of this.#config.notes) this.#log.info(note);
    // A dead resolver must not keep the peers waiting that need none; what resolves later is sent later.
    await Promise.race([this.#peers.resolve(), pause(RESOLVE_PATIENCE_MS)]);
    this.#wire.start();
    this.#every(RESOLVE_EVERY_MS, () => void this.#peers.resolve());
    void this.#host.upkeep();
    this.#every(UPKEEP_MS, () => {
      this.#store.upkeep(Date.now());
      void this.#host.upkeep();
      this.#lookForGateway();
    });
    this.#timers.push(setTimeout(() => this.#sayReady(), READY_AFTER_MS));
    try {
      await Promise.race([this.#failed, aborted(signal)]);
    } finally {
      await this.#stop();
    }
  }

  async #stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#wire.stop();
    this.#ending.abort();
    // Only now: the wire's last word may have woken the desk.
    this.#deskClock.stop();
    await this.#desk.close();
    this.#store.close(Date.now());
    this.#log.info("stopped");
  }

  #message(message: WireMessage): void {
    switch (message.kind) {
      case "ready": {
        const blind = this.#health.ready(message, Date.now());
        if (blind === null) return;
        this.#events.blind(blind);
        return this.#store.writer.soon((store) => store.putBlind(blind));
      }
      case "failed":
        return this.#fail(new AgentError(message.reason, message.exitCode));
      case "alive":
        this.#store.attempt(() => this.#store.metrics.putAlive(message.atMs));
        this.#events.alive(message.atMs, message.sendErrors);
        return this.#health.alive(message);
      case "rollups":
        return this.#store.attempt(() => this.#store.metrics.addRollups(message.rows));
      case "first-reply":
        this.#peers.replied(message.replies);
        if (this.#peers.allAnswered) this.#sayReady();
        return;
      case "never-answered":
        return this.#log.warn({ peer: message.peer, since: new Date(message.sinceMs).toISOString() }, "peer has never answered");
      case "burst":
        this.#desk.burst(message.burst);
        return this.#deskClock.wake();
      case "sweep":
        if (message.sweep.trigger === "suspect") this.#host.suspect();
        return this.#desk.sweep(message.sweep);
      case "samples":
        return this.#desk.samples(message);
      case "blind": {
        const { startedMs, endedMs, cause, detail } = message;
        this.#events.blind({ startedMs, endedMs });
        this.#log.warn({ cause, ms: endedMs - startedMs }, `blind: ${detail ?? cause}`);
        return this.#store.writer.soon((store) => store.putBlind({ startedMs, endedMs, cause, detail }));
      }
      case "agent-silent":
        return this.#peers.agentSilent(message.peer, message.sinceMs);
      case "peer-epoch":
        return this.#peers.booted(message.peer, message.epoch);
      case "standing":
        return this.#events.standing(message);
      case "reply-ttl":
        this.#events.replyTtl(message.peer, message);
        return this.#log.info(
          { peer: message.peer, before: message.before, now: message.now },
          "replies arrive with another TTL: their way back has changed",
        );
      case "asked":
        this.#desk.asked(message);
        return this.#deskClock.wake();
      case "peer-clocks":
        return this.#desk.peerClocks(message);
      case "clock-step":
        return this.#log.warn({ step_ms: message.stepMs }, "the wall clock was set; round-trip times and intervals are not affected");
    }
  }

  #wireGone(reason: string, restartMs: number): void {
    this.#log.error({ reason, restart_ms: restartMs }, "the probing process died; it is started again, and the time until then is blind");
    this.#health.gone(Date.now());
    this.#desk.wireGone();
  }

  #settings(): WireSettings {
    const { node, probe, detect, capture } = this.#config;
    const epoch = this.#store.nextEpoch(Date.now());
    this.#desk.wireStarted(epoch);
    this.#events.wireStarted();
    const peers = this.#peers.forWire();
    return {
      agentId: agentId(node.name),
      epoch,
      timeoutMs: probe.timeoutMs,
      dscp: probe.dscp,
      window: detect.window,
      lost: detect.lost,
      clear: detect.clear,
      baselineMs: capture.baselineMs,
      recordMs: RECORD_MS,
      meshKeys: this.#meshKeys,
      peerEpochs: this.#peers.epochs(),
      peers: [...peers, ...canariesFor(peers, this.#gateway(peers.map((peer) => peer.address)))],
    };
  }

  #gateway(addresses: readonly (string | null)[]): string | null {
    return gatewayFor(addresses, this.#hostReader.routes());
  }

  /** The default route may have come, or gone to another gateway. */
  #lookForGateway(): void {
    const gateway = this.#gateway(this.#peers.forWire().map((peer) => peer.address));
    if (gateway !== null) this.#wire.send({ kind: "address", peer: GATEWAY, address: gateway });
  }

  /** What the agent before us left, and the peers it knew. */
  #recover(): void {
    const { evidence, metrics } = this.#store;
    const known = evidence.getPeers();
    for (const row of evidence.interruptOpen()) {
      this.#log.warn({ incident: row.id, peer: row.peer }, "incident was open when the agent stopped: interrupted");
      this.#desk.chain(row);
    }
    this.#peers.recover(known);
    const lastMs = metrics.lastAliveMs();
    if (lastMs !== null) this.#health.agentRestarted(lastMs, Date.now());
  }

  #sayReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#log.info({ peers: this.#config.peers.length, answering: this.#peers.answering, data_dir: this.#config.dataDir }, "ready");
  }

  #node(version: string): void {
    const { node, probe, notes } = this.#config;
    const id = agentId(node.name).toString(16).padStart(8, "0");
    const { intervalMs, timeoutMs } = probe;
    this.#store.evidence.putNode({ name: node.name, id, address: node.address, version, intervalMs, timeoutMs, notes });
  }

  #every(ms: number, run: () => void): void {
    this.#timers.push(setInterval(run, ms));
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
