/** The built `meshprobe collector` on the loopback, with TLS and tokens, in a directory of the caller's; ended by its pid, also when the test fails. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import process from "node:process";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { tokenSum } from "../../src/collector/tokens/token-book.ts";
import { changeTokens } from "../../src/collector/tokens/token-file.ts";
import { CLI } from "../netns/agent.ts";
import { onProcessEnd } from "../netns/namespaces.ts";
import type { CollectorAddress } from "./simulated-door.ts";

export interface CollectorOptions {
  /** Exists and belongs to the caller. */
  readonly directory: string;
  /** `sqlite:PATH` or `postgres://…`; default is SQLite in the directory. */
  readonly store?: string;
  readonly cli?: string;
  /** For Node, such as --cpu-prof. */
  readonly execArgv?: readonly string[];
}

const READY_MS = 15_000;
const STOP_GRACE_MS = 20_000;
const MAX_LOG_LINES = 200;
const PROC_TICKS_PER_S = 100;

export class CollectorProcess {
  readonly address: CollectorAddress;
  readonly port: number;
  readonly store: string;
  readonly configFile: string;
  readonly #options: CollectorOptions;
  readonly #tokensFile: string;
  #child: ChildProcess | null = null;
  #forget: () => void = () => {};
  /** The last lines of its log and of what it said besides. */
  readonly log: string[] = [];

  private constructor(options: CollectorOptions, given: { readonly port: number; readonly ca: string }) {
    const { directory, store = `sqlite:${join(directory, "collector.db")}` } = options;
    this.#options = options;
    this.port = given.port;
    this.store = store;
    this.address = { url: `https://127.0.0.1:${given.port}`, ca: given.ca };
    this.configFile = join(directory, "collector.yaml");
    this.#tokensFile = join(directory, "tokens.json");
    const config = {
      listen: `127.0.0.1:${given.port}`,
      tls: { cert_file: join(directory, "tls.crt"), key_file: join(directory, "tls.key") },
      store,
      tokens_file: this.#tokensFile,
    };
    writeFileSync(this.configFile, stringify(config), { mode: 0o600 });
  }

  /** Starts it and waits until it is ready. */
  static async start(options: CollectorOptions): Promise<CollectorProcess> {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    const ca = await makeCertificate(options.directory);
    const collector = new CollectorProcess(options, { port: await freePort(), ca });
    await collector.start();
    return collector;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** False after a crash too. */
  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Also after `stop` and `kill`, on the same port and store. */
  async start(): Promise<void> {
    const { cli = CLI, execArgv = [] } = this.#options;
    const env = { ...process.env, LC_ALL: "C" };
    const child = spawn(process.execPath, [...execArgv, cli, "collector", "--config", this.configFile], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    this.#forget = onProcessEnd(() => child.kill("SIGKILL"));
    const ready = new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`Cannot start the collector: ${why}; its last words: ${this.log.slice(-3).join(" | ")}`));
      const timer = setTimeout(() => fail(`not ready after ${READY_MS / 1_000} s`), READY_MS);
      child.once("close", (code) => (clearTimeout(timer), fail(`it ended with ${code}`)));
      const hear = (line: string): void => {
        if (this.log.push(line) > MAX_LOG_LINES) this.log.shift();
        if (!line.includes('"the collector listens"')) return;
        clearTimeout(timer);
        resolve();
      };
      for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", hear);
    });
    await ready;
  }

  /** As a user does: prints the token as its last word. */
  async addToken(name: string, role: "node" | "reader"): Promise<string> {
    const { cli = CLI } = this.#options;
    const command = [cli, "collector", "token", "add", name, "--role", role, "--config", this.configFile];
    const { stdout } = await promisify(execFile)(process.execPath, command, { env: { ...process.env, LC_ALL: "C" } });
    return stdout.trim().split(/\s+/).at(-1) ?? "";
  }

  /** Thousands, written into the same file in one step: the command takes a tenth of a second for each. */
  addNodes(names: readonly string[]): ReadonlyMap<string, string> {
    const tokens = new Map(names.map((name) => [name, randomBytes(32).toString("base64url")]));
    const createdMs = Date.now();
    const entries = [...tokens].map(([name, token]) => ({ name, role: "node" as const, sha256: tokenSum(token), createdMs, endsMs: null }));
    changeTokens(this.#tokensFile, (list) => [...list, ...entries]);
    return tokens;
  }

  /** Exit code of SIGTERM, null when it had to be killed. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (child === null || !this.isRunning) return child?.exitCode ?? null;
    const ended = once(child, "exit");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_GRACE_MS);
    child.kill("SIGTERM");
    await ended;
    clearTimeout(timer);
    this.#forget();
    return child.exitCode;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null || !this.isRunning) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    this.#forget();
  }

  /** Resident bytes: now, and the most there ever were. */
  memory(): { readonly nowBytes: number; readonly mostBytes: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1_024;
    return { nowBytes: of("VmRSS"), mostBytes: of("VmHWM") };
  }

  /** Processor time of all its threads, user and system, ms. */
  processorMs(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return ((Number(fields[11]) + Number(fields[12])) / PROC_TICKS_PER_S) * 1_000;
  }
}

/** For 127.0.0.1, signed by itself. Returns it as PEM. */
async function makeCertificate(directory: string): Promise<string> {
  const [key, certificate] = [join(directory, "tls.key"), join(directory, "tls.crt")];
  const subject = ["-subj", "/CN=collector", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await promisify(execFile)("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", certificate]);
  return readFileSync(certificate, "utf8");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("Cannot find a free port");
  return address.port;
}
