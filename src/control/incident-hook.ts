/**
 * Runs the program of `hooks.incident` for what becomes of incidents: one at a time, ten seconds at most, no shell, with little of our environment. It gets
 * the incident as the report gives it, as it stands when the program starts; so a queue that is long costs no memory, and a program that is slow
 * is told late but nothing outdated. Whatever it does, probing goes on.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { toolEnvironment } from "../capture/tool-environment.ts";
import type { FactLog } from "../fact-log.ts";

export type IncidentNews = "opened" | "judged" | "closed";

export const HOOK_SCHEMA = "meshprobe.hook/1";
export const HOOK_LIMIT_MS = 10_000;
/** What waits; at ten seconds each that is a quarter of an hour. Beyond it news is dropped, and said. */
export const MAX_WAITING = 100;
const MAX_STDERR_CHARACTERS = 4_096;
const MAX_LINE_CHARACTERS = 300;

interface News {
  readonly news: IncidentNews;
  readonly incidentId: string;
}

export interface HookOptions {
  /** The program's whole path, and its arguments. */
  readonly command: readonly string[];
  readonly log: Pick<FactLog, "warn">;
  /** What the program is told; null when the incident is gone. */
  readonly body: (news: News) => Readonly<Record<string, unknown>> | null;
  /** Default 10 s; tests have less. */
  readonly limitMs?: number;
}

export class IncidentHook {
  readonly #options: HookOptions;
  readonly #ending = new AbortController();
  #waiting: News[] = [];
  #working: Promise<void> | null = null;
  #dropped = 0;

  constructor(options: HookOptions) {
    this.#options = options;
  }

  tell(news: IncidentNews, incidentId: string): void {
    if (this.#ending.signal.aborted) return;
    if (this.#waiting.length >= MAX_WAITING) {
      if (this.#dropped++ === 0) this.#options.log.warn({ waiting: MAX_WAITING }, "hooks.incident is slower than the incidents: some are not told");
      return;
    }
    this.#waiting.push({ news, incidentId });
    this.#pump();
  }

  /** Ends what runs and forgets what waits. */
  async stop(): Promise<void> {
    this.#waiting = [];
    this.#ending.abort();
    await this.#working;
  }

  #pump(): void {
    if (this.#working !== null || this.#waiting.length === 0) return;
    this.#working = this.#work().finally(() => {
      this.#working = null;
      this.#pump();
    });
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        const body = this.#options.body(next);
        if (body !== null) await this.#run(next, `${JSON.stringify({ schema: HOOK_SCHEMA, event: next.news, ...body })}\n`);
      } catch (error) {
        this.#failed(next, error instanceof Error ? error.message : String(error));
      }
    }
    if (this.#dropped > 0) this.#options.log.warn({ dropped: this.#dropped }, "hooks.incident has caught up; so many were not told");
    this.#dropped = 0;
  }

  #run(next: News, input: string): Promise<void> {
    const [program = "", ...args] = this.#options.command;
    const { limitMs = HOOK_LIMIT_MS } = this.#options;
    const { signal } = this.#ending;
    const child = spawn(program, args, { detached: true, cwd: "/", env: toolEnvironment(), stdio: ["pipe", "ignore", "pipe"] });
    // A child without a process may have no streams either (EMFILE).
    if (child.pid === undefined)
      return once(child, "error").then(([error]: NodeJS.ErrnoException[]) => this.#failed(next, `it could not be started: ${error?.code}`));
    child.on("error", () => {});
    let stderr = "";
    let why: string | null = null;
    const kill = (): void => {
      killGroup(child.pid);
      // What has left the group may hold the pipe open for ever.
      child.stderr.destroy();
    };
    const timer = setTimeout(() => {
      why = `it took longer than ${limitMs / 1000} s and was killed`;
      kill();
    }, limitMs);
    signal.addEventListener("abort", kill, { once: true });
    return new Promise<void>((resolve) => {
      const finish = (problem: string | null): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", kill);
        // What it has left behind in its group ends with it.
        killGroup(child.pid);
        if (problem !== null && !signal.aborted) this.#failed(next, lastLine(stderr) ?? problem, problem);
        resolve();
      };
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr = (stderr + text).slice(-MAX_STDERR_CHARACTERS)));
      // It need not read what it is told.
      child.stdin.on("error", () => {});
      child.once("exit", (code, killedBy) => {
        if (code === 0) return finish(null);
        // Its last words may still be in the pipe.
        const problem = why ?? (killedBy === null ? `exit code ${code}` : `killed by ${killedBy}`);
        if (child.stderr.closed) finish(problem);
        else child.stderr.once("close", () => finish(problem));
      });
      child.stdin.end(input);
    });
  }

  #failed({ news, incidentId }: News, message: string, problem: string = message): void {
    this.#options.log.warn({ incident: incidentId, news, problem, program: this.#options.command[0] }, `hooks.incident failed: ${message}`);
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group has ended by itself.
  }
}

function lastLine(text: string): string | null {
  const line = text
    .split("\n")
    .map((part) => part.trim())
    .findLast((part) => part !== "");
  return line === undefined ? null : line.slice(0, MAX_LINE_CHARACTERS);
}
