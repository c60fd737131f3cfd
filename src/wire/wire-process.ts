/**
 * The agent's end of the wire: starts it, hears it, and starts it again when it dies or falls silent. What happened between its last word and the next
 * "ready" is blind, not lost.
 */
import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { AgentCommand, WireMessage, WireSettings } from "./messages.ts";

/** Without a word for this long it hangs. It speaks once a second. */
export const SILENCE_MS = 15_000;
const RESTART_MS: readonly number[] = [100, 500, 2_000, 10_000, 30_000];
/** A wire that lived this long did not fail at its start. */
const HEALTHY_MS = 60_000;
const STOP_GRACE_MS = 3_000;

export interface WireProcessEvents {
  readonly onMessage: (message: WireMessage) => void;
  /** It is gone; another one is started after `restartMs` unless it is to be stopped. */
  readonly onGone: (reason: string, restartMs: number) => void;
  readonly onHang: () => void;
}

export class WireProcess {
  readonly #events: WireProcessEvents;
  readonly #settings: () => WireSettings;
  #child: ChildProcess | null = null;
  #restarts = 0;
  #restartTimer: NodeJS.Timeout | null = null;
  #startedAt = 0;
  #lastWord = 0;
  #watch: NodeJS.Timeout | null = null;
  #stopping = false;
  #fatal = false;

  /** `settings` is asked at every start, so that a restarted wire has a new epoch. */
  constructor(settings: () => WireSettings, events: WireProcessEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  /** Null while none runs. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  start(): void {
    const file = join(import.meta.dirname, `main${import.meta.filename.endsWith(".ts") ? ".ts" : ".js"}`);
    // Small young generation: the wire allocates little, and a thousand peers must fit beside a workload.
    const child = fork(file, { serialization: "advanced", execArgv: ["--max-semi-space-size=2"], stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child = child;
    this.#startedAt = performance.now();
    this.#lastWord = this.#startedAt;
    child.on("message", (message: WireMessage) => {
      this.#lastWord = performance.now();
      if (message.kind === "failed") this.#fatal = true;
      this.#events.onMessage(message);
    });
    child.on("error", () => {});
    child.once("exit", (code, signal) => this.#gone(child, signal ?? `exit ${code}`));
    this.send({ kind: "start", settings: this.#settings() });
    this.#watch ??= setInterval(() => this.#listen(), 1_000);
  }

  send(command: AgentCommand): void {
    if (this.#child?.connected === true) this.#child.send(command, () => {});
  }

  /** Resolves when it is gone; killed when it does not go by itself. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#restartTimer !== null) clearTimeout(this.#restartTimer);
    if (this.#watch !== null) clearInterval(this.#watch);
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    // Not "exit": what it said last may still be unread then.
    const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
    this.send({ kind: "stop" });
    const kill = setTimeout(() => child.kill("SIGKILL"), STOP_GRACE_MS);
    await gone;
    clearTimeout(kill);
  }

  #listen(): void {
    if (this.#child === null || performance.now() - this.#lastWord < SILENCE_MS) return;
    // We may have been stopped ourselves: first hear what is queued.
    this.#lastWord = performance.now() - SILENCE_MS + 1_000;
    const child = this.#child;
    const word = this.#lastWord;
    setTimeout(() => {
      if (this.#child !== child || this.#lastWord !== word) return;
      this.#events.onHang();
      child.kill("SIGKILL");
    }, 500);
  }

  #gone(child: ChildProcess, reason: string): void {
    if (this.#child !== child) return;
    this.#child = null;
    if (this.#stopping || this.#fatal) return;
    if (performance.now() - this.#startedAt > HEALTHY_MS) this.#restarts = 0;
    const restartMs = RESTART_MS[Math.min(this.#restarts++, RESTART_MS.length - 1)] as number;
    this.#events.onGone(reason, restartMs);
    this.#restartTimer = setTimeout(() => this.start(), restartMs);
  }
}
