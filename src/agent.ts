/**
 * Composition root of the agent: opens the stores, starts the wire, hands its messages on, stops in reverse order. Everything that decides lives elsewhere.
 */
import { networkInterfaces } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import pLimit from "p-limit";
import type { Logger } from "pino";
import { EvidenceWriter } from "./capture/evidence-writer.ts";
import { IncidentDesk } from "./capture/incident-desk.ts";
import { Names, RESOLVE_EVERY_MS } from "./capture/names.ts";
import { sourceAddress } from "./capture/source-address.ts";
import { addressKey } from "./config/address.ts";
import { agentId } from "./config/agent-id.ts";
import type { Config, PeerConfig } from "./config/config.ts";
import { Ballast } from "./store/ballast.ts";
import { StoreBudget } from "./store/budget.ts";
import { prepareDataDir } from "./store/database.ts";
import { EvidenceStore } from "./store/evidence.ts";
import { lockDataDir, type AgentLock } from "./store/lock.ts";
import { MetricsStore } from "./store/metrics.ts";
import type { PeerRow } from "./store/rows.ts";
import type { FirstReply, WireMessage, WireSettings } from "./wire/messages.ts";
import { WireProcess } from "./wire/wire-process.ts";

const DESK_TICK_MS = 100;
const UPKEEP_MS = 60_000;
/** How far the flight recorder is written out before and after an incident. */
const RECORD_MS = 60_000;
/** Without replies the agent says "ready" after this long all the same. */
const READY_AFTER_MS = 3_000;
const CONCURRENT_SOURCES = 4;
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
}

export class Agent {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #lock: AgentLock;
  readonly #evidence: EvidenceStore;
  readonly #metrics: MetricsStore;
  readonly #budget: StoreBudget;
  readonly #writer: EvidenceWriter;
  readonly #desk: IncidentDesk;
  readonly #names: Names;
  readonly #wire: WireProcess;
  readonly #sources = new Map<string, string | null>();
  readonly #sourceLimit = pLimit(CONCURRENT_SOURCES);
  readonly #rows = new Map<string, PeerRow>();
  readonly #timers: NodeJS.Timeout[] = [];
  #deskTimer: NodeJS.Timeout | null = null;
  readonly #failed: Promise<never>;
  #fail: (error: AgentError) => void = () => {};
  #ready = false;
  /** Wall ms since which nobody watched, null while the wire runs. */
  #blindSinceMs: number | null = null;
  #blindCause = "wire-restart";
  #lastAliveMs = 0;
  /** Kinds of send errors seen from this wire, and messages it had to drop. */
  #sendErrors = 0;
  #dropped = 0;
  #storeFailing = false;
  /** Of the last wire; also when the disk was full and it could not be stored. */
  #epoch = 0;

  /** Opens the stores; throws StoreError. Nothing runs yet. */
  constructor(options: AgentOptions) {
    this.#config = withoutOwnAddresses(options.config, options.log);
    this.#log = options.log;
    const { dataDir } = this.#config;
    prepareDataDir(dataDir);
    this.#lock = lockDataDir(dataDir, process.pid);
    const ballast = new Ballast(dataDir, { maxBytes: this.#config.store.maxBytes, note: (line) => this.#log.warn(line) });
    const onFull = (): boolean => ballast.give();
    this.#evidence = new EvidenceStore(dataDir, { onFull });
    this.#metrics = new MetricsStore(dataDir, { onFull });
    this.#budget = new StoreBudget({ evidence: this.#evidence, metrics: this.#metrics, ballast, store: this.#config.store });
    this.#writer = new EvidenceWriter(this.#evidence, { onError: (error) => this.#storeProblem(error), onRecovered: () => this.#storeRecovered() });
    this.#failed = new Promise((_, reject) => (this.#fail = reject));
    this.#failed.catch(() => {});
    this.#names = new Names({
      onProblem: (host, error) => this.#log.warn({ host, error: String(error) }, "cannot resolve the name of a peer; its last good address is kept"),
    });
    this.#desk = new IncidentDesk(this.#config, {
      writer: this.#writer,
      send: (command) => this.#wire.send(command),
      wallMs: Date.now,
      nowMs: () => performance.now(),
      log: { info: (facts, message) => this.#log.info(facts, message), warn: (facts, message) => this.#log.warn(facts, message) },
      sourceOf: (address) => this.#sources.get(address) ?? null,
      lastBaseline: (peer) => this.#evidence.lastBaseline(peer),
    });
    this.#wire = new WireProcess(() => this.#settings(), {
      onMessage: (message) => this.#message(message),
      onGone: (reason, restartMs) => this.#wireGone(reason, restartMs),
      onHang: () => this.#log.error("the probing process says nothing; it is killed and started again"),
    });
    ballast.create();
    this.#node(options.version);
  }

  /** Runs until the signal is aborted; rejects with AgentError when it cannot go on. */
  async run(signal: AbortSignal): Promise<void> {
    this.#recover();
    for (const note of this.#config.notes) this.#log.info(note);
    // A dead resolver must not keep the peers waiting that need none; what resolves later is sent later.
    await Promise.race([this.#resolveNames(), pause(RESOLVE_PATIENCE_MS)]);
    this.#wire.start();
    this.#every(RESOLVE_EVERY_MS, () => void this.#resolveNames());
    this.#every(UPKEEP_MS, () => this.#upkeep());
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
    // Only now: the wire's last word may have woken the desk.
    this.#sleepDesk();
    await this.#desk.close();
    const lost = this.#writer.close();
    if (lost > 0) this.#log.error({ writes: lost }, "the disk is full to the end: what waited for it is lost");
    // What a full disk keeps from being written now, the next start makes up for.
    this.#store(() => void this.#evidence.interruptOpen());
    this.#store(() => void this.#metrics.roll(Date.now()));
    this.#evidence.close();
    this.#metrics.close();
    this.#lock.release();
    this.#log.info("stopped");
  }

  #message(message: WireMessage): void {
    switch (message.kind) {
      case "ready":
        return this.#wireReady(message);
      case "failed":
        return this.#fail(new AgentError(message.reason, message.exitCode));
      case "alive":
        return this.#alive(message);
      case "rollups":
        return this.#store(() => this.#metrics.addRollups(message.rows));
      case "first-reply":
        return this.#firstReply(message.replies);
      case "never-answered":
        return this.#log.warn({ peer: message.peer, since: new Date(message.sinceMs).toISOString() }, "peer has never answered");
      case "burst":
        this.#desk.burst(message.burst);
        return this.#watchDesk();
      case "sweep":
        return this.#desk.sweep(message.sweep);
      case "samples":
        return this.#desk.samples(message);
      case "blind": {
        const { startedMs, endedMs, cause, detail } = message;
        this.#log.warn({ cause, ms: endedMs - startedMs }, `blind: ${detail ?? cause}`);
        return this.#writer.soon((store) => store.putBlind({ startedMs, endedMs, cause, detail }));
      }
      case "clock-step":
        return this.#log.warn({ step_ms: message.stepMs }, "the wall clock was set; round-trip times and intervals are not affected");
    }
  }

  #wireReady(message: Extract<WireMessage, { kind: "ready" }>): void {
    if (message.receiveBuffer > 0 && message.receiveBuffer < message.wantedBuffer) {
      const wanted = message.wantedBuffer / 2;
      this.#log.warn(
        { receive_buffer: message.receiveBuffer },
        `the receive buffer is smaller than wanted, a stall may overflow it: sysctl -w net.core.rmem_max=${wanted} (and in /etc/sysctl.d), then restart`,
      );
    }
    if (this.#blindSinceMs !== null) {
      const startedMs = this.#blindSinceMs;
      const cause = this.#blindCause;
      this.#blindSinceMs = null;
      const endedMs = Math.max(startedMs, Date.now());
      this.#writer.soon((store) => store.putBlind({ startedMs, endedMs, cause, detail: null }));
    }
  }

  #alive(message: Extract<WireMessage, { kind: "alive" }>): void {
    this.#lastAliveMs = message.atMs;
    this.#store(() => this.#metrics.putAlive(message.atMs));
    const errors = Object.keys(message.sendErrors);
    if (errors.length > this.#sendErrors)
      this.#log.warn({ errors: message.sendErrors }, "the kernel refused to send probes: a fault of this node, never counted as loss");
    this.#sendErrors = errors.length;
    if (message.dropped > this.#dropped) this.#log.warn({ messages: message.dropped }, "the agent was too slow for its wire: rollups were dropped");
    this.#dropped = message.dropped;
  }

  #firstReply(replies: readonly FirstReply[]): void {
    for (const { peer, address, atMs } of replies) {
      const row = this.#rows.get(peer);
      if (row !== undefined) this.#putPeer({ ...row, address, firstReplyMs: row.firstReplyMs ?? atMs });
    }
    if ([...this.#rows.values()].every((other) => other.firstReplyMs !== null || !other.active)) this.#sayReady();
  }

  #sayReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    const answering = [...this.#rows.values()].filter((row) => row.active && row.firstReplyMs !== null).length;
    this.#log.info({ peers: this.#config.peers.length, answering, data_dir: this.#config.dataDir }, "ready");
  }

  #wireGone(reason: string, restartMs: number): void {
    this.#log.error({ reason, restart_ms: restartMs }, "the probing process died; it is started again, and the time until then is blind");
    this.#blindSinceMs ??= this.#lastAliveMs > 0 ? this.#lastAliveMs : Date.now();
    this.#blindCause = "wire-restart";
    this.#desk.wireGone();
  }

  #settings(): WireSettings {
    const config = this.#config;
    const epoch = Math.max(Math.floor(Date.now() / 1000), this.#evidence.lastEpoch() + 1, this.#epoch + 1);
    this.#epoch = epoch;
    this.#store(() => this.#evidence.setEpoch(epoch));
    this.#desk.wireStarted(epoch);
    return {
      agentId: agentId(config.node.name),
      epoch,
      timeoutMs: config.probe.timeoutMs,
      dscp: config.probe.dscp,
      window: config.detect.window,
      lost: config.detect.lost,
      clear: config.detect.clear,
      baselineMs: config.capture.baselineMs,
      recordMs: RECORD_MS,
      peers: config.peers.map((peer) => ({
        name: peer.name,
        address: this.#names.address(peer.host) ?? this.#rememberedAddress(peer),
        intervalMs: peer.intervalMs,
        everReplied: this.#rows.get(peer.name)?.firstReplyMs != null,
      })),
    };
  }

  /** The last good address of a name from an earlier run, when it cannot be resolved now. */
  #rememberedAddress(peer: PeerConfig): string | null {
    const address = this.#rows.get(peer.name)?.address ?? "";
    return address === "" ? null : address;
  }

  /** What the agent before us left, and the peers it knew. */
  #recover(): void {
    const known = new Map(this.#evidence.getPeers().map((row) => [row.name, row]));
    for (const row of this.#evidence.interruptOpen()) {
      this.#log.warn({ incident: row.id, peer: row.peer }, "incident was open when the agent stopped: interrupted");
      this.#desk.chain(row);
    }
    for (const peer of this.#config.peers) {
      const before = known.get(peer.name);
      known.delete(peer.name);
      const literal = this.#names.address(peer.host);
      // An address that changed is another machine as far as we know: it has not answered yet.
      const same = before !== undefined && (literal === null || literal === before.address);
      this.#rows.set(peer.name, {
        name: peer.name,
        address: literal ?? before?.address ?? "",
        intervalMs: peer.intervalMs,
        firstReplyMs: same ? before.firstReplyMs : null,
        active: true,
      });
    }
    const gone = [...known.values()].filter((row) => row.active).map((row) => ({ ...row, active: false }));
    this.#writer.now((store) => store.putPeers([...this.#rows.values(), ...gone]));
    const lastMs = this.#metrics.lastAliveMs();
    // In the future: the wall clock was set back meanwhile, and how long nobody watched is not known.
    if (lastMs !== null) {
      this.#blindSinceMs = Math.min(lastMs, Date.now());
      this.#blindCause = "agent-restart";
    }
  }

  async #resolveNames(): Promise<void> {
    const hosts = this.#config.peers.map((peer) => peer.host);
    await this.#names.resolve(hosts, (host, address) => {
      for (const peer of this.#config.peers) {
        if (peer.host !== host) continue;
        this.#log.info({ peer: peer.name, address }, "name resolved");
        const row = this.#rows.get(peer.name);
        if (row !== undefined) this.#putPeer({ ...row, address });
        this.#wire.send({ kind: "address", peer: peer.name, address });
      }
    });
    for (const row of this.#rows.values())
      if (row.address !== "") void this.#sourceLimit(async () => this.#sources.set(row.address, await sourceAddress(row.address)));
  }

  #putPeer(row: PeerRow): void {
    this.#rows.set(row.name, row);
    this.#writer.soon((store) => store.putPeer(row));
  }

  #node(version: string): void {
    const { node, probe, notes } = this.#config;
    const id = agentId(node.name).toString(16).padStart(8, "0");
    this.#evidence.putNode({ name: node.name, id, address: node.address, version, intervalMs: probe.intervalMs, timeoutMs: probe.timeoutMs, notes });
  }

  #upkeep(): void {
    this.#store(() => {
      this.#metrics.roll(Date.now());
      this.#budget.run(Date.now());
    });
  }

  #store(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#storeProblem(error);
    }
  }

  #storeRecovered(): void {
    this.#storeFailing = false;
    this.#log.info("the store can be written again; what had waited is written");
  }

  #storeProblem(error: unknown): void {
    if (!this.#storeFailing)
      this.#log.error({ error: error instanceof Error ? error.message : String(error) }, "cannot write to the store; probing goes on");
    this.#storeFailing = true;
  }

  /** The desk has a clock only while time makes anything due there: an agent with nothing to do sleeps. */
  #watchDesk(): void {
    if (this.#deskTimer !== null || this.#desk.isIdle) return;
    this.#deskTimer = setInterval(() => {
      this.#desk.tick();
      if (this.#desk.isIdle) this.#sleepDesk();
    }, DESK_TICK_MS);
  }

  #sleepDesk(): void {
    if (this.#deskTimer !== null) clearInterval(this.#deskTimer);
    this.#deskTimer = null;
  }

  #every(ms: number, run: () => void): void {
    this.#timers.push(setInterval(run, ms));
  }
}

/** One file serves the whole mesh: the entry with one of our own addresses is us. Loopback is probed when it is asked for. */
function withoutOwnAddresses(config: Config, log: Logger): Config {
  const own = new Set(
    Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter((address) => !address.internal)
      .map((address) => addressKey(address.address)),
  );
  const peers = config.peers.filter((peer) => {
    const isOwn = own.has(addressKey(peer.host));
    if (isOwn) log.info({ peer: peer.name, address: peer.host }, "peer is this node: skipped");
    return !isOwn;
  });
  return { ...config, peers };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
