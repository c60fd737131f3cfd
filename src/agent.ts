/**
 * Composition root of the agent: opens the stores, starts the wire, hands its messages on, stops in reverse order. Everything that decides lives elsewhere.
 *
 * The way of a packet: the wire (its own process, `wire/`) sends it, and judges and counts what becomes of it. What it has to say arrives in the inbox
 * (`agent/wire-inbox.ts`), which hands it to a desk (`agent/desks.ts`) or a database (`agent/agent-store.ts`). The incident desk merges bursts, commits the
 * incident and orders captures; the event desk has all of it judged (`verdict/`) and keeps the verdict with its facts. The report reads the databases only.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { AgentControl } from "./agent/agent-control.ts";
import { AgentStore } from "./agent/agent-store.ts";
import { Reload, type PeerChange } from "./agent/reload.ts";
import { openSync } from "./agent/agent-sync.ts";
import { openDesks, type Desks } from "./agent/desks.ts";
import { WireInbox } from "./agent/wire-inbox.ts";
import { wireSettings } from "./agent/wire-settings.ts";
import { canariesFor, GATEWAY } from "./capture/canaries.ts";
import { Gateways } from "./capture/gateways.ts";
import { HostReader } from "./capture/host/host-reader.ts";
import { RESOLVE_EVERY_MS } from "./capture/names.ts";
import { WireHealth } from "./capture/wire-health.ts";
import { agentId } from "./config/agent-id.ts";
import type { Config } from "./config/config.ts";
import { withoutOwnAddresses } from "./config/own-addresses.ts";
import type { ServiceLink } from "./service/service-link.ts";
import type { Sync } from "./sync/sync.ts";
import type { WireMessage, WirePeer, WireSettings } from "./wire/messages.ts";
import { WireProcess } from "./wire/wire-process.ts";

const UPKEEP_MS = 60_000;
/** The wire starts within this; a probe timeout later the first probes are answered or lost, and the agent says "ready" all the same. */
const WIRE_START_MS = 1_000;
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
  /** Of the Unix socket on which the agent is asked. */
  readonly socketPath: string;
  /** Reads the configuration again; throws ConfigError. */
  readonly readConfig: () => Config;
  /** Hears that we are ready and alive. */
  readonly service: ServiceLink;
}

export class Agent {
  #config: Config;
  readonly #meshKeys: readonly string[];
  readonly #log: Logger;
  readonly #service: ServiceLink;
  readonly #store: AgentStore;
  readonly #hostReader = new HostReader({
    clock: { wallMs: Date.now, monotonicMs: () => performance.now() },
    ownTcp: () => this.#sync?.requests ?? { suspect: 0, underWay: false },
  });
  readonly #gateways = new Gateways();
  readonly #desks: Desks;
  readonly #health: WireHealth;
  readonly #wire: WireProcess;
  readonly #control: AgentControl;
  /** Null where no collector is configured. */
  readonly #sync: Sync | null;
  readonly #reload: Reload;
  readonly #timers: NodeJS.Timeout[] = [];
  /** Ends the children of the host snapshots. */
  readonly #ending = new AbortController();
  readonly #failed: Promise<never>;
  #fail: (error: AgentError) => void = () => {};
  readonly #version: string;
  #ready = false;
  #wireIsReady = false;
  #firstDeadlineIsOver = false;

  /** Opens the stores; throws StoreError. Nothing runs yet. */
  constructor(options: AgentOptions) {
    const { log } = options;
    this.#log = log;
    this.#service = options.service;
    this.#meshKeys = options.meshKeys;
    const read = (config: Config): Config =>
      withoutOwnAddresses(config, (peer) => log.info({ peer: peer.name, address: peer.host }, "peer is this node: skipped"));
    this.#config = read(options.config);
    this.#failed = new Promise((_, reject) => (this.#fail = reject));
    this.#failed.catch(() => {});
    this.#store = new AgentStore(this.#config, log);
    this.#health = new WireHealth(log);
    this.#desks = openDesks(this.#config, {
      store: this.#store,
      hostReader: this.#hostReader,
      gateways: this.#gateways,
      log,
      send: (command) => this.#wire.send(command),
      signal: this.#ending.signal,
      onIncident: (news, incident) => {
        this.#control.incident(news, incident);
        this.#sync?.incidentsChanged();
      },
    });
    this.#sync = openSync(this.#config, { version: options.version, store: this.#store, desks: this.#desks, health: this.#health, log });
    this.#control = new AgentControl({
      config: this.#config,
      version: options.version,
      log,
      socketPath: options.socketPath,
      store: this.#store,
      desks: this.#desks,
      sync: this.#sync,
      wirePid: () => this.#wire.pid,
      reload: () => this.#reload.run(),
    });
    this.#reload = new Reload({
      read: () => read(options.readConfig()),
      current: () => this.#config,
      order: (config) => this.#orderPeers(config),
      apply: (config, change) => this.#changePeers(config, change),
      log,
    });
    const inbox = new WireInbox({
      desks: this.#desks,
      store: this.#store,
      health: this.#health,
      log,
      onFailed: (reason, exitCode) => this.#fail(new AgentError(reason, exitCode)),
      onBlind: (row) => this.#control.blind(row),
      onOverdue: (peers) => this.#sync?.overdue(peers),
      onPeers: () => this.#reload.done(),
    });
    this.#wire = new WireProcess(() => this.#settings(), {
      onMessage: (message) => {
        inbox.take(message);
        this.#control.heard(message);
        this.#heard(message);
      },
      onGone: (reason, restartMs) => this.#wireGone(reason, restartMs),
      onHang: () => log.error("the probing process says nothing; it is killed and started again"),
    });
    this.#version = options.version;
    this.#node(options.version);
  }

  /** Applies the configuration file; what is wrong with it is in the log, and the old one stays. */
  async reload(): Promise<void> {
    try {
      await this.#reload.run();
    } catch (error) {
      this.#log.error({ error: error instanceof Error ? error.message : String(error) }, "the configuration was not applied; the old one stays");
    }
  }

  /** Runs until the signal is aborted; rejects with AgentError when it cannot go on. */
  async run(signal: AbortSignal): Promise<void> {
    const { peers, host, names } = this.#desks;
    this.#recover();
    for (const note of this.#config.notes) this.#log.info(note);
    // A dead resolver must not keep the peers waiting that need none; what resolves later is sent later.
    await Promise.race([peers.resolve(), pause(RESOLVE_PATIENCE_MS)]);
    this.#wire.start();
    await this.#control.start();
    this.#sync?.start();
    this.#every(RESOLVE_EVERY_MS, () => void peers.resolve());
    void host.upkeep();
    this.#every(UPKEEP_MS, () => {
      this.#store.upkeep(Date.now());
      void host.upkeep();
      this.#lookForGateway();
      names?.upkeep();
    });
    const deadline = (): void => {
      this.#firstDeadlineIsOver = true;
      this.#sayReady();
    };
    this.#timers.push(setTimeout(deadline, WIRE_START_MS + this.#config.probe.timeoutMs));
    try {
      await Promise.race([this.#failed, aborted(signal)]);
    } finally {
      await this.#stop();
    }
  }

  async #stop(): Promise<void> {
    this.#service.stopping();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#control.stop();
    await this.#wire.stop();
    this.#ending.abort();
    this.#desks.names?.close();
    // Only now: the wire's last word may have woken the desk.
    this.#desks.clock.stop();
    await this.#desks.incidents.close();
    // What was decided last is told too, if the collector is there.
    this.#store.writer.flush();
    await this.#sync?.stop();
    this.#store.close(Date.now());
    this.#log.info("stopped");
  }

  /** What the agent before us left, and the peers it knew. */
  #recover(): void {
    const { evidence, metrics } = this.#store;
    const known = evidence.getPeers();
    const lastMs = metrics.lastAliveMs();
    const left = evidence.interruptOpen();
    for (const row of left) this.#log.warn({ incident: row.id, peer: row.peer }, "incident was open when the agent stopped: interrupted");
    // An agent that was stopped in order, as for an upgrade, has marked its own.
    const stopped = lastMs === null ? [] : evidence.interruptedSince(lastMs - this.#config.detect.mergeMs);
    for (const row of [...stopped, ...left]) this.#desks.incidents.chain(row);
    this.#desks.peers.recover(known);
    if (lastMs !== null) this.#health.agentRestarted(lastMs, Date.now());
  }

  /** For a wire that starts: a new epoch, with which its bursts and counters begin anew. */
  #settings(): WireSettings {
    const { peers, events, incidents } = this.#desks;
    const epoch = this.#store.nextEpoch(Date.now());
    incidents.wireStarted(epoch);
    events.wireStarted();
    const probed = peers.forWire();
    return wireSettings(this.#config, {
      epoch,
      meshKeys: this.#meshKeys,
      peerEpochs: peers.epochs(),
      peers: probed,
      gateway: this.#gateway(probed),
    });
  }

  #wireGone(reason: string, restartMs: number): void {
    this.#log.error({ reason, restart_ms: restartMs }, "the probing process died; it is started again, and the time until then is blind");
    this.#service.wireGone();
    this.#health.gone(Date.now());
    this.#desks.incidents.wireGone();
    // The next one begins with the new peers.
    this.#reload.done();
  }

  #gateway(peers: readonly WirePeer[]): string | null {
    return this.#gateways.choose(
      peers.map((peer) => peer.address),
      this.#hostReader.routes(),
    );
  }

  /** A route may have come, or gone to another gateway. */
  #lookForGateway(): void {
    const gateway = this.#gateway(this.#desks.peers.forWire());
    if (gateway !== null) this.#wire.send({ kind: "address", peer: GATEWAY, address: gateway });
  }

  /** The book knows the new peers from here on; the wire is told. False when none runs that could say when it has changed. */
  #orderPeers(config: Config): boolean {
    const { peers } = this.#desks;
    this.#store.writer.flush();
    peers.change(config.peers, this.#store.evidence.getPeers());
    const probed = peers.forWire();
    this.#wire.send({ kind: "peers", peers: [...probed, ...canariesFor(probed, this.#gateway(probed))] });
    return this.#wire.pid !== null;
  }

  #changePeers(config: Config, { gone, come }: PeerChange): void {
    this.#config = config;
    this.#log.level = config.log.level;
    this.#desks.incidents.changePeers(gone, come);
    this.#control.changed(config, gone);
    this.#sync?.peersGone(gone);
    this.#node(this.#version);
    void this.#desks.peers.resolve();
  }

  /** What the service manager learns from the wire. */
  #heard(message: WireMessage): void {
    if (message.kind === "ready") this.#wireIsReady = true;
    if (message.kind === "burst") this.#service.burst(message.burst.peer, message.burst.endedMs === null);
    if (message.kind !== "first-reply" && message.kind !== "alive") return;
    this.#sayReady();
    if (message.kind === "alive") this.#service.alive(this.#config.peers.length, this.#desks.peers.answering);
  }

  #sayReady(): void {
    if (this.#ready || !this.#wireIsReady || !(this.#desks.peers.allAnswered || this.#firstDeadlineIsOver)) return;
    this.#ready = true;
    const { peers, dataDir } = this.#config;
    this.#service.ready(peers.length, this.#desks.peers.answering);
    this.#log.info({ peers: peers.length, answering: this.#desks.peers.answering, data_dir: dataDir }, "ready");
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
