/**
 * What the service manager hears from the agent: that it is ready, what it is doing, and that *both* processes are alive. A sign of life is passed on only when
 * one has just come from the wire, so that either of them, hanging, starves the watchdog; a timer of the agent's own would vouch for the agent alone.
 */
import type { FactLog } from "../fact-log.ts";
import type { Notify } from "./notify-socket.ts";

/** Signs of life within one watchdog time: two may be lost, and pid 1 is not woken each second. */
const FEEDS = 4;

export interface ServicePorts {
  /** Null where nobody listens. */
  readonly notify: Notify | null;
  /** Null when nobody watches. */
  readonly watchdogMs: number | null;
  /** Monotonic. */
  readonly nowMs: () => number;
  readonly log: Pick<FactLog, "warn">;
}

export class ServiceLink {
  readonly #ports: ServicePorts;
  readonly #losing = new Set<string>();
  #isReady = false;
  #isStopping = false;
  #fedMs = -Infinity;
  #status = "";
  #hasFailed = false;

  constructor(ports: ServicePorts) {
    this.#ports = ports;
  }

  /** The wire probes, and the first replies are in or overdue. */
  ready(peers: number, answering: number): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#send(["READY=1", ...this.#newStatus(peers, answering)]);
  }

  /** The wire has just said that it is alive. */
  alive(peers: number, answering: number): void {
    const status = this.#isReady ? this.#newStatus(peers, answering) : [];
    this.#send([...this.#food(), ...status]);
  }

  /** A peer loses packets, or no longer. */
  burst(peer: string, isOpen: boolean): void {
    if (isOpen) this.#losing.add(peer);
    else this.#losing.delete(peer);
  }

  /** The wire is gone, and with it what it said of bursts. */
  wireGone(): void {
    this.#losing.clear();
  }

  stopping(): void {
    this.#isStopping = true;
    this.#send(["STOPPING=1", "STATUS=stopping"], true);
  }

  #food(): string[] {
    const { watchdogMs, nowMs } = this.#ports;
    const now = nowMs();
    if (watchdogMs === null || now - this.#fedMs < watchdogMs / FEEDS) return [];
    this.#fedMs = now;
    return ["WATCHDOG=1"];
  }

  #newStatus(peers: number, answering: number): string[] {
    const silent = answering < peers ? [`${peers - answering} never answered`] : [];
    const losing = this.#losing.size > 0 ? [`${this.#losing.size} losing packets now`] : [];
    const status = [`probing ${peers} ${peers === 1 ? "peer" : "peers"}`, ...silent, ...losing].join(", ");
    if (status === this.#status) return [];
    this.#status = status;
    return [`STATUS=${status}`];
  }

  #send(lines: readonly string[], isLast = false): void {
    const { notify, log } = this.#ports;
    if (notify === null || lines.length === 0 || (this.#isStopping && !isLast)) return;
    const failure = notify(lines.join("\n"));
    if (failure !== null && !this.#hasFailed) log.warn({ error: failure }, "cannot talk to the service manager; its watchdog may restart us");
    this.#hasFailed = failure !== null;
  }
}
