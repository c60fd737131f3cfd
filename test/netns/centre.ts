/**
 * The centre of a laboratory: a collector in a network namespace, on SQLite or PostgreSQL, that can be killed and started again. Its database is looked at from
 * outside through the collector's own port, so that one look serves both kinds.
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { stringify } from "yaml";
import { openStore } from "../../src/collector/store/open-store.ts";
import type { CollectorStore } from "../../src/collector/store/port.ts";
import { CLI } from "./agent.ts";
import type { Lab } from "./lab.ts";

const READY_MS = 15_000;
const LOOK_MS = 50;

export interface CentreOptions {
  readonly lab: Lab;
  readonly machine: string;
  readonly directory: string;
  readonly port: number;
  /** `postgres://…`, reachable from any namespace through its Unix socket; SQLite in the directory where there is none. */
  readonly store?: string | undefined;
  readonly cli?: string | undefined;
}

export class Centre {
  readonly #options: CentreOptions;
  readonly configFile: string;
  readonly store: string;
  #child: ChildProcessWithoutNullStreams | null = null;
  #log: string[] = [];

  constructor(options: CentreOptions) {
    const { directory, port, lab, machine } = options;
    this.#options = options;
    mkdirSync(directory, { recursive: true });
    this.store = options.store ?? `sqlite:${join(directory, "collector.db")}`;
    this.configFile = join(directory, "collector.yaml");
    const config = { listen: `${lab.address(machine)}:${port}`, store: this.store, tokens_file: join(directory, "tokens") };
    writeFileSync(this.configFile, stringify(config), { mode: 0o600 });
  }

  get url(): string {
    const { lab, machine, port } = this.#options;
    return `http://${lab.address(machine)}:${port}`;
  }

  /** A token in a file of its own, for `collector.token_file`. */
  async tokenFile(name: string, role: "node" | "reader"): Promise<string> {
    const { lab, machine, directory, cli = CLI } = this.#options;
    const add = [process.execPath, cli, "collector", "token", "add", name, "--role", role, "--config", this.configFile];
    const { code, stdout, stderr } = await lab.exec(machine, add);
    const token = stdout.trim().split(/\s+/).at(-1);
    if (code !== 0 || token === undefined) throw new Error(`Cannot add a token: ${stderr}`);
    const file = join(directory, `${name}.token`);
    writeFileSync(file, `${token}\n`, { mode: 0o600 });
    return file;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const { lab, machine, cli = CLI } = this.#options;
    const child = lab.spawn(machine, [process.execPath, cli, "collector", "--config", this.configFile]);
    this.#child = child;
    this.#log = [];
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-2_000)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (this.#log.push(line) > 1_000) this.#log.shift();
    });
    for (const deadlineMs = performance.now() + READY_MS; ; await pause(LOOK_MS)) {
      if (this.#log.some((line) => line.includes("the collector listens"))) return;
      if (child.exitCode !== null || performance.now() > deadlineMs) throw new Error(`Cannot start the collector: ${errors}${this.#log.join(" ")}`);
    }
  }

  get log(): readonly string[] {
    return this.#log;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill(signal);
    await ended;
  }

  /** Resident memory, MB. */
  memoryMb(): number {
    const status = readFileSync(`/proc/${this.#child?.pid ?? "self"}/status`, "latin1");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  }

  /** A look into its database; close it again. */
  open(): Promise<CollectorStore> {
    return openStore(this.store);
  }
}
