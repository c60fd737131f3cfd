/**
 * node – r1 – r2 – peer, and the centre behind r2: an agent whose losses come and go, and a collector that it delivers to, with a proxy between them that can be
 * told to misbehave.
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Status } from "../../../src/control/status.ts";
import { CLI, startAgent, type Agent } from "../../netns/agent.ts";
import { Centre } from "../../netns/centre.ts";
import { createLab, type Lab } from "../../netns/lab.ts";

export const NODE = "node";
export const PEER = "peer";
const COLLECTOR_PORT = 8443;
const PROXY_PORT = 8080;
const PROXY = join(import.meta.dirname, "faulty-proxy.ts");

export interface SyncLabOptions {
  readonly directory: string;
  readonly cli?: string | undefined;
  /** See Centre. */
  readonly store?: string | undefined;
  /** Share of the deliveries that the proxy spoils; no proxy without it. */
  readonly spoiled?: { readonly share: number; readonly seed: number };
  /** Into the agent's configuration. */
  readonly agent?: Readonly<Record<string, unknown>>;
  readonly rate?: string;
}

export class SyncLab {
  readonly lab: Lab;
  readonly centre: Centre;
  readonly dataDir: string;
  readonly #options: SyncLabOptions;
  readonly #tokenFile: string;
  readonly #proxy: ChildProcessWithoutNullStreams | null;

  private constructor(parts: {
    readonly lab: Lab;
    readonly centre: Centre;
    readonly options: SyncLabOptions;
    readonly tokenFile: string;
    readonly proxy: ChildProcessWithoutNullStreams | null;
  }) {
    this.lab = parts.lab;
    this.centre = parts.centre;
    this.#options = parts.options;
    this.#tokenFile = parts.tokenFile;
    this.#proxy = parts.proxy;
    this.dataDir = join(this.#agentDirectory, "data");
  }

  static async open(options: SyncLabOptions): Promise<SyncLab> {
    const lab = await createLab({
      hosts: [NODE, PEER, "centre"],
      routers: ["r1", "r2"],
      links: [
        [NODE, "r1"],
        ["r1", "r2"],
        ["r2", PEER],
        ["r2", "centre"],
      ],
    });
    try {
      const { directory, cli, store } = options;
      const centre = new Centre({ lab, machine: "centre", directory: join(directory, "centre"), port: COLLECTOR_PORT, store, cli });
      const tokenFile = await centre.tokenFile(NODE, "node");
      await centre.start();
      const proxy = options.spoiled === undefined ? null : await startProxy(lab, options.spoiled);
      return new SyncLab({ lab, centre, options, tokenFile, proxy });
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  startAgent(rate: string = this.#options.rate ?? "100Mbit/s"): Promise<Agent> {
    const { cli, agent = {} } = this.#options;
    const url = this.#proxy === null ? this.centre.url : `http://${this.lab.address("centre")}:${PROXY_PORT}`;
    mkdirSync(this.#agentDirectory, { recursive: true });
    const config = {
      detect: { cooling: "100ms", merge: "1s" },
      capture: { after: "100ms", after_cycles: 1 },
      peers: [{ name: PEER, address: this.lab.address(PEER) }],
      collector: { url, token_file: this.#tokenFile, rate },
      ...agent,
    };
    return startAgent(this.lab, NODE, { directory: this.#agentDirectory, config, ...(cli === undefined ? {} : { cli }) });
  }

  /** Of the running agent. */
  async status(): Promise<Status> {
    const { cli = CLI } = this.#options;
    const asked = await this.lab.exec(NODE, [process.execPath, cli, "status", "--data-dir", this.dataDir, "--format", "json"]);
    if (asked.code !== 0) throw new Error(`Cannot ask the agent: ${asked.stderr}`);
    return JSON.parse(asked.stdout) as Status;
  }

  /** From now on the proxy hands everything on as it is. */
  behave(): void {
    this.#proxy?.kill("SIGUSR2");
  }

  /** How often the proxy did what. */
  async proxyCounts(): Promise<Readonly<Record<string, number>>> {
    const proxy = this.#proxy;
    if (proxy === null) return {};
    const last = new Promise<string>((resolve) => createInterface({ input: proxy.stdout }).once("line", resolve));
    proxy.kill("SIGTERM");
    return JSON.parse(await last) as Record<string, number>;
  }

  close(): Promise<void> {
    return this.lab.close();
  }

  get #agentDirectory(): string {
    return join(this.#options.directory, "agent");
  }
}

async function startProxy(lab: Lab, { share, seed }: { readonly share: number; readonly seed: number }): Promise<ChildProcessWithoutNullStreams> {
  const own = lab.address("centre");
  const proxy = lab.spawn("centre", [process.execPath, PROXY, own, String(PROXY_PORT), own, String(COLLECTOR_PORT), String(seed), String(share)]);
  let errors = "";
  proxy.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-2_000)));
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: proxy.stdout }).once("line", () => resolve());
    proxy.once("close", () => reject(new Error(`Cannot start the proxy: ${errors}`)));
  });
  return proxy;
}
