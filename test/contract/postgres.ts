/**
 * A PostgreSQL of the test's own: a new cluster in a temporary directory, on 127.0.0.1 and a Unix socket, with fsync. It refuses to run as root, so it runs as
 * `nobody` then. Ended by pid, with the test's process at the latest.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import { ensureSystemPackages, postgresBinaries } from "../../packaging/system-packages.ts";
import { isRunning, onProcessEnd } from "../netns/namespaces.ts";
import { processTree } from "../netns/processes.ts";

export interface Postgres {
  readonly url: string;
  /** Makes an empty database and gives its URL. */
  database(name: string): Promise<string>;
  /** The same, through the Unix socket, which network namespaces do not part. */
  socketDatabase(name: string): Promise<string>;
  /** As an administrator does it: open transactions are undone, who is connected is told. */
  restart(): Promise<void>;
  /** As a power cut does it, but for the disk. Nobody listens until `restart`. */
  kill(): Promise<void>;
  /** Frozen: it keeps its connections and answers nobody until `resume`. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;
const LOOK_MS = 20;
const USER = "meshprobe";

const missing = ensureSystemPackages(["postgresql"]).missing;
/** The `skip` option of a test that needs it. */
export const skipPostgres: string | false = missing.length === 0 ? false : `not installed: ${missing.join(", ")}`;

/** `directory`: where the tables are, when the disk matters; the write-ahead log is among the temporary files always. */
export async function startPostgres(options: { readonly directory?: string } = {}): Promise<Postgres> {
  const binaries = postgresBinaries();
  if (binaries === null) throw new Error("Cannot start PostgreSQL: it is not installed");
  const home = mkdtempSync(join(tmpdir(), "meshprobe-pg-"));
  const cluster = new Cluster(binaries, { home, data: join(options.directory ?? home, "data"), port: await freePort() });
  try {
    cluster.make();
    await cluster.start();
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return {
    url: cluster.url("postgres"),
    database: async (name) => {
      await cluster.ask("postgres", `CREATE DATABASE "${name}"`);
      return cluster.url(name);
    },
    socketDatabase: async (name) => {
      await cluster.ask("postgres", `CREATE DATABASE "${name}"`);
      return cluster.socketUrl(name);
    },
    restart: async () => {
      await cluster.end();
      await cluster.start();
    },
    kill: () => cluster.kill(),
    pause: () => cluster.signal("SIGSTOP"),
    resume: () => cluster.signal("SIGCONT"),
    stop: () => cluster.stop(),
  };
}

class Cluster {
  readonly #binaries: string;
  readonly #home: string;
  readonly #data: string;
  readonly #port: number;
  readonly #options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly uid?: number; readonly gid?: number };
  readonly #forget: () => void;
  #server: ChildProcess | null = null;

  constructor(binaries: string, { home, data, port }: { readonly home: string; readonly data: string; readonly port: number }) {
    const user = unprivileged();
    mkdirSync(data, { mode: 0o700 });
    if (user !== null) for (const path of [home, data]) chownSync(path, user.uid, user.gid);
    this.#binaries = binaries;
    this.#home = home;
    this.#data = data;
    this.#port = port;
    this.#options = { cwd: home, env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8" }, ...user };
    this.#forget = onProcessEnd(() => {
      this.#forget();
      this.signal("SIGKILL");
      rmSync(home, { recursive: true, force: true });
    });
  }

  url(database: string): string {
    return `postgres://${USER}@127.0.0.1:${this.#port}/${database}`;
  }

  socketUrl(database: string): string {
    return `postgres://${USER}@localhost/${database}?host=${encodeURIComponent(this.#home)}&port=${this.#port}`;
  }

  make(): void {
    const args = [
      "-D",
      this.#data,
      "--waldir",
      join(this.#home, "log"),
      "-U",
      USER,
      "--auth=trust",
      "--encoding=UTF8",
      "--no-instructions",
      "--no-sync",
    ];
    const { status, stderr } = spawnSync(join(this.#binaries, "initdb"), args, { ...this.#options, encoding: "utf8" });
    if (status !== 0) throw new Error(`Cannot make a cluster: ${stderr}`);
    writeFileSync(
      join(this.#data, "postgresql.auto.conf"),
      `listen_addresses = '127.0.0.1'\nport = ${this.#port}\nunix_socket_directories = '${this.#home}'\nfsync = on\n`,
    );
  }

  async start(): Promise<void> {
    const server = spawn(join(this.#binaries, "postgres"), ["-D", this.#data], { ...this.#options, stdio: ["ignore", "ignore", "pipe"] });
    this.#server = server;
    let said = "";
    server.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2_000)));
    for (const deadlineMs = performance.now() + START_TIMEOUT_MS; !(await this.#answers()); await pause(LOOK_MS))
      if (server.exitCode !== null || performance.now() > deadlineMs) throw new Error(`Cannot start PostgreSQL: ${said}`);
  }

  async ask(database: string, sql: string): Promise<void> {
    const client = new Client({ connectionString: this.url(database) });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  }

  /** To the server and to all that serve its connections. */
  signal(signal: NodeJS.Signals): void {
    for (const pid of this.#processes()) if (isRunning(pid)) process.kill(pid, signal);
  }

  async end(): Promise<void> {
    const server = this.#server;
    if (server === null || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    server.kill("SIGINT");
    await ended;
  }

  async kill(): Promise<void> {
    const all = this.#processes();
    this.signal("SIGKILL");
    while (all.some(isRunning)) await pause(LOOK_MS);
  }

  async stop(): Promise<void> {
    this.signal("SIGCONT");
    await this.end();
    this.#forget();
    rmSync(this.#home, { recursive: true, force: true });
  }

  #processes(): number[] {
    const server = this.#server;
    return server?.pid === undefined || server.exitCode !== null || server.signalCode !== null ? [] : processTree(server.pid);
  }

  async #answers(): Promise<boolean> {
    try {
      await this.ask("postgres", "SELECT 1");
      return true;
    } catch {
      return false;
    }
  }
}

function unprivileged(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const idOf = (option: string): number => Number(spawnSync("id", [option, "nobody"], { encoding: "utf8" }).stdout);
  return { uid: idOf("-u"), gid: idOf("-g") };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const closed = once(server, "close");
  server.close();
  await closed;
  if (address === null || typeof address === "string") throw new Error("Cannot find a free port");
  return address.port;
}
