/**
 * The collector put together: tokens, gate, endpoints, one listener for each address, and what is done from time to time: what is too old is deleted, a renewed
 * certificate is taken. Stopping: nothing new comes in, what is at work is finished and answered, then the store is closed.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Family } from "../control/exposition.ts";
import type { FactLog } from "../fact-log.ts";
import { isLoopback } from "../packet/address.ts";
import { createEndpoints } from "./api/endpoints.ts";
import type { CollectorSettings } from "./config/collector-config.ts";
import { Gate, type Kind } from "./http/gate.ts";
import { LIMITS, type Limits } from "./http/limits.ts";
import { Listener } from "./http/listener.ts";
import { Lull } from "./http/lull.ts";
import { RequestHandler } from "./http/request-handler.ts";
import { type Endpoint, Router } from "./http/router.ts";
import { Tally } from "./http/tally.ts";
import { TlsFiles } from "./http/tls-files.ts";
import { Upkeep } from "./upkeep.ts";
import { type CollectorStore } from "./store/port.ts";
import { TokenBook } from "./tokens/token-book.ts";

export interface CollectorOptions {
  readonly settings: CollectorSettings;
  /** Closed by the collector, when it stops. */
  readonly store: CollectorStore;
  readonly reading: readonly Endpoint[];
  readonly log: FactLog;
  readonly version: string;
  readonly limits?: Limits;
  readonly nowMs?: () => number;
}

export class Collector {
  readonly #options: CollectorOptions;
  readonly #limits: Limits;
  readonly #tokens: TokenBook;
  readonly #tally: Tally;
  readonly #lull: Lull = new Lull();
  readonly #gate: Gate;
  readonly #handler: RequestHandler;
  readonly #tls: TlsFiles | null;
  readonly #upkeep: Upkeep;
  #listeners: readonly Listener[] = [];

  constructor(options: CollectorOptions) {
    const { settings, store, reading, log, version, limits = LIMITS, nowMs = Date.now } = options;
    this.#options = options;
    this.#limits = limits;
    this.#tokens = new TokenBook({ file: settings.tokensFile, log, nowMs });
    this.#tally = new Tally(log, nowMs);
    this.#gate = new Gate(limits, { lull: this.#lull });
    this.#tls = settings.tls === null ? null : new TlsFiles(settings.tls);
    const endpoints = createEndpoints({ store, reading, tally: this.#tally, families: () => this.#families(), version, nowMs });
    this.#handler = new RequestHandler({
      router: new Router(endpoints),
      tokens: this.#tokens,
      gate: this.#gate,
      tally: this.#tally,
      log,
      limits,
      nowMs,
    });
    this.#upkeep = new Upkeep({ store, retention: settings.retention, log, nowMs, onTurn: () => this.#renewCertificate() });
  }

  /** Where it listens, in the order of the configuration. */
  get ports(): readonly (number | null)[] {
    return this.#listeners.map(({ port }) => port);
  }

  /** What it does, in one line. */
  get status(): string {
    return this.#tally.status;
  }

  /** Rejects with TokenError, TlsFileError, or what listening fails with. */
  async start(): Promise<void> {
    const { settings, log } = this.#options;
    this.#tokens.open();
    const tls = this.#tls?.read() ?? null;
    const onRequest = this.#handler.take.bind(this.#handler);
    this.#listeners = settings.listen.map(
      (listen) => new Listener({ listen, tls, limits: this.#limits, tally: this.#tally, lull: this.#lull, onRequest }),
    );
    for (const [index, listen] of settings.listen.entries()) {
      await this.#listeners[index]?.start();
      log.info(
        { address: listen.address, port: this.#listeners[index]?.port, tls: tls !== null, tokens: this.#tokens.size },
        "the collector listens",
      );
      if (tls === null && !isLoopback(listen.address))
        log.warn({ address: listen.address }, "plain http: tokens and evidence can be read and changed on the way; set tls");
    }
    this.#upkeep.start();
  }

  /** Once; what is at work is given some seconds to end. */
  async stop(): Promise<void> {
    const deadline = new AbortController();
    const cut = pause(this.#limits.closeMs, undefined, { signal: deadline.signal }).then(
      () => {
        for (const listener of this.#listeners) listener.cut();
      },
      () => {},
    );
    const kept = this.#upkeep.stop();
    const closed = Promise.all(this.#listeners.map((listener) => listener.stop()));
    await Promise.race([Promise.all([this.#handler.stop(), closed]), cut]);
    deadline.abort();
    await kept;
    await this.#options.store.close();
  }

  #renewCertificate(): void {
    try {
      const renewed = this.#tls?.readIfChanged() ?? null;
      if (renewed === null) return;
      for (const listener of this.#listeners) listener.renew(renewed);
      this.#options.log.info({}, "the certificate was read again");
    } catch (error) {
      this.#options.log.warn(
        { error: error instanceof Error ? error.message : String(error) },
        "the changed certificate cannot be used; the one of before stays",
      );
    }
  }

  #families(): Family[] {
    const sum = (of: (listener: Listener) => number): number => this.#listeners.reduce((total, listener) => total + of(listener), 0);
    const gauge = (name: string, help: string, value: number): Family => ({
      name: `meshprobe_collector_${name}`,
      help,
      type: "gauge",
      samples: [{ value }],
    });
    const kinds: readonly Kind[] = ["small", "bulk", "read"];
    return [
      ...this.#tally.families(),
      gauge(
        "connections",
        "Connections that are open.",
        sum(({ connections }) => connections),
      ),
      gauge(
        "handshakes",
        "TLS handshakes that are not finished.",
        sum(({ handshakes }) => handshakes),
      ),
      gauge("tokens", "Tokens in tokens_file.", this.#tokens.size),
      gauge("resident_memory_bytes", "Memory of the process.", process.memoryUsage.rss()),
      {
        name: "meshprobe_collector_requests_at_work",
        help: "Requests that were let in and are not answered.",
        type: "gauge",
        samples: kinds.map((kind) => ({ labels: { kind }, value: this.#gate.insideOf(kind) })),
      },
    ];
  }
}
