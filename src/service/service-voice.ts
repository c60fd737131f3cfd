/**
 * What a service manager is told, whoever tells it: ready once, a line of status when it changed, food for the watchdog as often as it needs, nothing after
 * stopping. When it is alive is for the caller to know: a feed must come from what would hang.
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

export class ServiceVoice {
  readonly #ports: ServicePorts;
  #isReady = false;
  #isStopping = false;
  #fedMs = -Infinity;
  #status = "";
  #hasFailed = false;

  constructor(ports: ServicePorts) {
    this.#ports = ports;
  }

  ready(status: string): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#send(["READY=1", ...this.#newStatus(status)]);
  }

  /** Before it is ready the watchdog is fed, and the status is nobody's concern yet. */
  alive(status: string): void {
    this.#send([...this.#food(), ...(this.#isReady ? this.#newStatus(status) : [])]);
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

  #newStatus(status: string): string[] {
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
