/**
 * A laboratory: real hosts and routers in network namespaces of this machine, joined by veth pairs that are created directly between them. Nothing is ever
 * created in, or sent from, the namespace of the machine itself.
 *
 * Routers keep the kernel's stock ICMP rate limits, for that is what the world does.
 *
 * Configuration goes through a handful of processes (`ip -batch`, one shell for the sysctls): thirty machines are up in about a second.
 */
import { spawn, type ChildProcess, type ChildProcessByStdio, type ChildProcessWithoutNullStreams } from "node:child_process";
import { existsSync } from "node:fs";
import type { Readable } from "node:stream";
import process from "node:process";
import { createLossSwitch, type LossRule, type LossSpec, type LossSwitch } from "./loss.ts";
import { endAll, isRunning, namespacePrefix, NETNS_DIRECTORY, onProcessEnd, removeLeftovers, removeNamespaces } from "./namespaces.ts";
import { planTopology, type Family, type LabSpec, type Route, type Topology } from "./topology.ts";

export interface LabExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LabExecOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** After this long the command is killed; the result has its signal. */
  readonly timeoutMs?: number;
}

export interface LabSpawnOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Shares our terminal; otherwise input and both outputs are pipes. */
  readonly terminal?: boolean;
}

export interface Lab {
  readonly topology: Topology;
  /** The address by which others reach a machine: on its loopback, independent of any link. */
  address(machine: string): string;
  address6(machine: string): string;
  namespace(machine: string): string;
  /** What a trace must show, the target included. */
  hopAddresses(from: string, to: string, family?: Family): readonly string[];
  /** Runs a command to its end; a non-zero exit is a result, not an error. */
  exec(machine: string, argv: readonly string[], options?: LabExecOptions): Promise<LabExit>;
  /** Starts a command that is killed when the laboratory closes. Its pid is the command's own. */
  spawn(machine: string, argv: readonly string[], options?: LabSpawnOptions): ChildProcessWithoutNullStreams;
  dropOn(machine: string, spec: LossSpec): Promise<LossRule>;
  /** Pulls or plugs the cable of a machine's link (its only one unless a neighbour is named): the machine sees no carrier. Returns wall ms. */
  carrier(machine: string, state: "up" | "down", neighbour?: string): Promise<number>;
  /** Ends every process inside and removes every namespace. Any number of calls. */
  close(): Promise<void>;
}

export interface LabOptions {
  /** Closes the laboratory when aborted. */
  readonly signal?: AbortSignal;
}

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
/** All before the links exist: new interfaces copy `default`. Duplicate address detection would keep IPv6 silent for its first second. */
const SYSCTLS: readonly (readonly [string, number])[] = [
  ["ipv4/ip_forward", 1],
  ["ipv4/conf/all/rp_filter", 0],
  ["ipv4/conf/default/rp_filter", 0],
  ["ipv6/conf/all/forwarding", 1],
  ["ipv6/conf/all/accept_dad", 0],
  ["ipv6/conf/default/accept_dad", 0],
  ["ipv6/conf/all/keep_addr_on_down", 1],
  ["ipv6/conf/default/keep_addr_on_down", 1],
];

/** Why a laboratory cannot be built here, or null. */
export function labObstacle(): string | null {
  if (process.getuid?.() !== 0) return "network namespaces need root";
  const missing = ["ip", "nft", "nsenter"].filter((binary) => !PATH.split(":").some((directory) => existsSync(`${directory}/${binary}`)));
  return missing.length === 0 ? null : `not installed: ${missing.join(", ")} (apt-get install -y iproute2 nftables util-linux)`;
}

export async function createLab(spec: LabSpec, options: LabOptions = {}): Promise<Lab> {
  const obstacle = labObstacle();
  if (obstacle !== null) throw new Error(`Cannot build the laboratory: ${obstacle}`);
  options.signal?.throwIfAborted();
  const topology = planTopology(spec);
  removeLeftovers();

  const prefix = namespacePrefix();
  const names = new Map(topology.machines.map((machine) => [machine, prefix + machine]));
  const namespace = (machine: string): string => {
    const name = names.get(machine);
    if (name === undefined) throw new Error(`Cannot find machine ${machine}: the laboratory has ${topology.machines.join(", ")}`);
    return name;
  };
  const children = new Set<ChildProcess>();
  const switches = new Map<string, LossSwitch>();

  let isOpen = true;
  const closeNow = (): void => {
    if (!isOpen) return;
    isOpen = false;
    forget();
    options.signal?.removeEventListener("abort", closeNow);
    // First of all what may still be creating namespaces.
    endAll(() => [...children].flatMap((child) => (child.pid !== undefined && isRunning(child.pid) ? [child.pid] : [])));
    removeNamespaces([...names.values()]);
  };
  const forget = onProcessEnd(closeNow);
  options.signal?.addEventListener("abort", closeNow);

  const start = (command: readonly string[], how: LabSpawnOptions): ChildProcess => {
    if (!isOpen) throw new Error(`Cannot run ${command.join(" ")}: the laboratory is closed`);
    const [file = "", ...args] = command;
    const stdio = how.terminal === true ? "inherit" : "pipe";
    const env = how.env ?? process.env;
    const child = spawn(file, args, {
      stdio,
      env: { ...env, PATH: `${env["PATH"] ?? ""}:${PATH}` },
      ...(how.cwd === undefined ? {} : { cwd: how.cwd }),
    });
    children.add(child);
    child.once("close", () => children.delete(child));
    child.once("error", () => children.delete(child));
    return child;
  };
  const startInside = (machine: string, argv: readonly string[], how: LabSpawnOptions = {}): ChildProcessWithoutNullStreams =>
    // Both exec the command, so that the child's pid is the command's.
    start(["ip", "netns", "exec", namespace(machine), ...argv], how) as ChildProcessWithoutNullStreams;

  const lab: Lab = {
    topology,
    address: (machine) => topology.address(machine),
    address6: (machine) => topology.address(machine, 6),
    namespace,
    hopAddresses: (from, to, family = 4) => topology.hopAddresses(from, to, family),
    exec(machine, argv, how = {}) {
      const child = startInside(machine, argv, how);
      return finished(child, how);
    },
    spawn: startInside,
    dropOn(machine, rule) {
      let found = switches.get(machine);
      if (found === undefined) {
        found = createLossSwitch((argv) => startInside(machine, argv));
        switches.set(machine, found);
      }
      return found.dropOn(rule);
    },
    async carrier(machine, state, neighbour) {
      const end = neighbour === undefined ? topology.ends(machine)[0] : topology.end(machine, neighbour);
      if (end === undefined) throw new Error(`Cannot pull the cable of ${machine}: it has no link`);
      // The far end goes down: this end stays up and loses its carrier. The kernel forgets the routes of an interface that goes down.
      const far = topology.end(end.neighbour, machine);
      const lines =
        state === "down"
          ? []
          : topology
              .routes(end.neighbour)
              .filter((route) => route.via === far)
              .map((route) => routeLine(topology, end.neighbour, route));
      const child = start(["ip", "-n", namespace(end.neighbour), "-batch", "-"], {}) as ChildProcessWithoutNullStreams;
      const done = await finished(child, { input: [`link set ${far.device} ${state}`, ...lines, ""].join("\n") });
      if (done.code !== 0) throw new Error(`Cannot switch the carrier of ${machine}: ${done.stderr.trim()}`);
      return Date.now();
    },
    async close() {
      const ended = [...children].map((child) => new Promise<void>((resolve) => child.once("close", () => resolve())));
      closeNow();
      await Promise.all(ended);
    },
  };
  try {
    await configure(topology, namespace, start);
    options.signal?.throwIfAborted();
    return lab;
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** Namespaces, then their sysctls, then the cables, then addresses and routes. */
async function configure(
  topology: Topology,
  namespace: (machine: string) => string,
  start: (command: readonly string[], how: LabSpawnOptions) => ChildProcess,
): Promise<void> {
  const { machines, spec } = topology;
  const run = async (command: readonly string[], input: string): Promise<void> => {
    const done = await finished(start(command, {}) as ChildProcessWithoutNullStreams, { input });
    if (done.code !== 0)
      throw new Error(`Cannot build the laboratory: ${command.slice(0, 4).join(" ")}: ${done.stderr.trim() || `exit ${done.code}`}`);
  };
  await run(["ip", "-batch", "-"], machines.map((machine) => `netns add ${namespace(machine)}\n`).join(""));
  const writes = SYSCTLS.map(([key, value]) => `echo ${value} > /proc/sys/net/${key}`).join("; ");
  await run(["sh", "-e"], machines.map((machine) => `nsenter --net=${NETNS_DIRECTORY}/${namespace(machine)} sh -ec '${writes}'\n`).join(""));
  const cables = spec.links.map(
    ([left, right]) =>
      `link add ${topology.end(left, right).device} netns ${namespace(left)} type veth peer name ${topology.end(right, left).device} netns ${namespace(right)}\n`,
  );
  await run(["ip", "-batch", "-"], cables.join(""));
  await Promise.all(machines.map((machine) => run(["ip", "-n", namespace(machine), "-batch", "-"], machineLines(topology, machine))));
}

function machineLines(topology: Topology, machine: string): string {
  const lines = ["link set lo up", `addr add ${topology.address(machine)}/32 dev lo`, `addr add ${topology.address(machine, 6)}/128 dev lo nodad`];
  for (const end of topology.ends(machine)) {
    lines.push(`addr add ${end.address}/30 dev ${end.device}`, `addr add ${end.address6}/64 dev ${end.device} nodad`, `link set ${end.device} up`);
  }
  lines.push(...topology.routes(machine).map((route) => routeLine(topology, machine, route)));
  return `${lines.join("\n")}\n`;
}

/** A host speaks from the address it is reached by; a router answers from the interface, as routers do. */
function routeLine(topology: Topology, machine: string, { destination, family, via }: Route): string {
  const source = topology.spec.hosts.includes(machine) ? ` src ${topology.address(machine, family)}` : "";
  return `route replace ${destination} via ${family === 4 ? via.gateway : via.gateway6} dev ${via.device}${source}`;
}

function finished(child: ChildProcessByStdio<ChildProcessWithoutNullStreams["stdin"], Readable, Readable>, how: LabExecOptions): Promise<LabExit> {
  return new Promise((resolve, reject) => {
    const heard = { stdout: "", stderr: "" };
    const listen = (stream: Readable, name: "stdout" | "stderr"): void => {
      stream.setEncoding("utf8").on("data", (text: string) => {
        if (heard[name].length < MAX_OUTPUT_BYTES) heard[name] += text;
      });
    };
    listen(child.stdout, "stdout");
    listen(child.stderr, "stderr");
    const timer = how.timeoutMs === undefined ? null : setTimeout(() => child.kill("SIGKILL"), how.timeoutMs);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (timer !== null) clearTimeout(timer);
      resolve({ code, signal, ...heard });
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(how.input ?? "");
  });
}
