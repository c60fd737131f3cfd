/** A real agent (the built command) on a machine of the laboratory, in a directory of its own, with its log at hand. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import process from "node:process";
import { stringify } from "yaml";
import type { Lab } from "./lab.ts";

/** One line of the agent's log. */
export interface LogRecord {
  readonly msg: string;
  readonly time?: number | string;
  readonly [key: string]: unknown;
}

export interface Agent {
  readonly pid: number;
  readonly dataDir: string;
  readonly configFile: string;
  /** The last lines, oldest first. */
  readonly log: readonly LogRecord[];
  /** The first line, past or to come, that matches; rejects after the time or when the agent ends first. */
  waitFor(what: string, matches: (record: LogRecord) => boolean, timeoutMs: number): Promise<LogRecord>;
  onRecord(listener: (record: LogRecord) => void): void;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after the grace time. Returns the exit code, null after a signal. */
  stop(): Promise<number | null>;
  /** What `meshprobe report --data-dir … ARGS` prints. */
  report(...args: string[]): Promise<string>;
}

export interface AgentOptions {
  /** Exists and belongs to the caller: the configuration, and the data in `data/`. */
  readonly directory: string;
  /** peers.yaml as an object; `data_dir` and the node's name are added, and `capture.names` is false unless it is given. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly env?: NodeJS.ProcessEnv;
  /** The program; default is what `npm run build` made. */
  readonly cli?: string;
  /** Command that executes the agent, such as `env PATH=/nowhere`. */
  readonly prefix?: readonly string[];
  /** The Node that runs it; default is ours. */
  readonly node?: string;
}

export const CLI: string = join(dirname(dirname(import.meta.dirname)), "dist/cli.js");
const MAX_LOG_RECORDS = 20_000;
const MAX_STDERR_CHARACTERS = 20_000;
const READY_TIMEOUT_MS = 15_000;
const STOP_GRACE_MS = 10_000;
const MAX_REPORT_BYTES = 64 * 1024 * 1024;

/** Starts the agent and waits until it says it is ready. */
export async function startAgent(lab: Lab, machine: string, options: AgentOptions): Promise<Agent> {
  const { cli = CLI, node = process.execPath, prefix = [] } = options;
  const dataDir = join(options.directory, "data");
  const configFile = join(options.directory, "peers.yaml");
  mkdirSync(dataDir, { recursive: true, mode: 0o750 });
  // The resolver of this machine is none of the laboratory's, and a question to it would be a packet on its wires.
  const capture = { names: false, ...(options.config["capture"] as object | undefined) };
  writeFileSync(configFile, stringify({ node: { name: machine }, data_dir: dataDir, ...options.config, capture }), { mode: 0o600 });

  const child = lab.spawn(machine, [...prefix, node, cli, "agent", "--config", configFile], options.env === undefined ? {} : { env: options.env });
  const log: LogRecord[] = [];
  const listeners = new Set<(record: LogRecord) => void>();
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-MAX_STDERR_CHARACTERS)));
  createInterface({ input: child.stdout }).on("line", (line) => {
    const record = readRecord(line);
    if (log.push(record) > MAX_LOG_RECORDS) log.shift();
    for (const listener of listeners) listener(record);
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));

  const agent: Agent = {
    pid: child.pid ?? 0,
    dataDir,
    configFile,
    log,
    onRecord: (listener) => void listeners.add(listener),
    waitFor(what, matches, timeoutMs) {
      const found = log.find(matches);
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve, reject) => {
        const settle = (then: () => void): void => {
          clearTimeout(timer);
          listeners.delete(look);
          then();
        };
        const fail = (why: string): void => {
          const words = [...log.slice(-3).map((record) => record.msg), errors.trim()].filter((text) => text !== "").join(" | ");
          settle(() => reject(new Error(`Cannot see ${what}: ${why}${words === "" ? "" : `; the agent's last words: ${words}`}`)));
        };
        const look = (record: LogRecord): void => {
          if (matches(record)) settle(() => resolve(record));
        };
        const timer = setTimeout(() => fail(`nothing after ${timeoutMs / 1000} s`), timeoutMs);
        listeners.add(look);
        void ended.then((code) => fail(`the agent ended with exit code ${code}`));
      });
    },
    kill: (signal) => void child.kill(signal),
    async stop() {
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_GRACE_MS);
      child.kill("SIGTERM");
      const code = await ended;
      clearTimeout(timer);
      return code;
    },
    report: (...args) =>
      new Promise((resolve, reject) => {
        const command = [cli, "report", "--data-dir", dataDir, ...args];
        execFile(process.execPath, command, { maxBuffer: MAX_REPORT_BYTES, env: { ...process.env, LC_ALL: "C" } }, (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else reject(new Error(`Cannot print the report: ${stderr.trim() || error.message}`));
        });
      }),
  };
  await agent.waitFor("the agent ready", (record) => record.msg === "ready", READY_TIMEOUT_MS);
  return agent;
}

function readRecord(line: string): LogRecord {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && "msg" in value && typeof value.msg === "string") return value as LogRecord;
  } catch {
    // Not JSON: kept as it is.
  }
  return { msg: line };
}
