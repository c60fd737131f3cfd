/**
 * A machine of the laboratory that runs a whole Debian: its systemd is process 1 of a container that shares the machine's network namespace. What it writes is in
 * memory and gone with it. Each has a cgroup of its own (two in one would end each other's services), named after its namespace like everything else.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import type { Lab } from "../netns/lab.ts";
import { NETNS_DIRECTORY, onProcessEnd } from "../netns/namespaces.ts";

const CGROUP_NAME = /^mp-\d+-[0-9a-z]+-\d+-[a-z0-9-]+$/;
const BOOT_MS = 30_000;
const BOOT_LOOK_MS = 100;
const HALT_MS = 15_000;
const COMMAND_MS = 120_000;
const MAX_OUTPUT_CHARACTERS = 32 * 1024 * 1024;
/** The kernel empties a cgroup a moment after its last process. */
const CGROUP_LOOKS = 100;
const CGROUP_LOOK_MS = 20;

export interface Done {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface BootedNode {
  readonly machine: string;
  /** Runs a command inside; a non-zero exit is a result. */
  exec(argv: readonly string[], input?: string): Promise<Done>;
  /** Its output; a non-zero exit throws with all that it said. */
  run(argv: readonly string[], input?: string): Promise<string>;
  /** Ends it in order. Any number of calls. */
  halt(): Promise<void>;
}

export interface BootOptions {
  readonly root: string;
  /** Seen inside as /packages. */
  readonly packages: string;
}

export async function bootNode(lab: Lab, machine: string, { root, packages }: BootOptions): Promise<BootedNode> {
  const name = lab.namespace(machine);
  const cgroups = cgroupRoots().map((directory) => join(directory, name));
  for (const directory of cgroups) mkdirSync(directory, { recursive: true });
  const joinCgroups = cgroups.map((directory) => `echo $$ > ${directory}/cgroup.procs`).join("; ");
  const args = ["-q", "-D", root, "-M", name, `--hostname=${machine}`, "--register=no", "--keep-unit", "--boot", "--volatile=overlay"];
  const place = [
    `--network-namespace-path=${join(NETNS_DIRECTORY, name)}`,
    "--link-journal=no",
    "--console=passive",
    `--bind-ro=${packages}:/packages`,
  ];
  const env = { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" };
  const container = spawn("sh", ["-ec", `${joinCgroups}; exec systemd-nspawn "$@"`, "sh", ...args, ...place], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    env,
  });
  let said = "";
  for (const stream of [container.stdout, container.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-4_000)));
  const forget = onProcessEnd(() => {
    container.kill("SIGKILL");
    removeCgroups(cgroups);
  });
  const node: BootedNode = {
    machine,
    exec: async (argv, input = "") => inside(leaderOf(container), argv, input),
    async run(argv, input) {
      const { code, stdout, stderr } = await node.exec(argv, input);
      if (code !== 0) throw new Error(`${machine}: ${argv.join(" ")} exited with ${code}: ${(stderr + stdout).trim()}`);
      return stdout;
    },
    async halt() {
      if (container.exitCode === null && container.signalCode === null) {
        const gone = once(container, "exit");
        const timer = setTimeout(() => container.kill("SIGKILL"), HALT_MS);
        container.kill("SIGTERM");
        await gone;
        clearTimeout(timer);
      }
      forget();
      removeCgroups(cgroups);
    },
  };
  try {
    await booted(node, container);
    return node;
  } catch (error) {
    await node.halt();
    throw new Error(`Cannot boot ${machine}: ${error instanceof Error ? error.message : String(error)}; it said: ${said.trim()}`, { cause: error });
  }
}

/** Cgroups that a run left which could not clean up; its processes are gone. */
export function removeLeftCgroups(): void {
  for (const directory of cgroupRoots()) {
    const dead = readdirSync(directory).filter((name) => CGROUP_NAME.test(name) && !existsSync(join(NETNS_DIRECTORY, name)));
    removeCgroups(dead.map((name) => join(directory, name)));
  }
}

async function booted(node: BootedNode, container: ChildProcess): Promise<void> {
  for (const deadline = performance.now() + BOOT_MS; ; await pause(BOOT_LOOK_MS)) {
    if (container.exitCode !== null) throw new Error(`systemd-nspawn ended with ${container.exitCode}`);
    const state = await node.exec(["systemctl", "is-system-running"]).catch(() => null);
    const word = state?.stdout.trim() ?? "";
    if (word === "running") return;
    if (word === "degraded") throw new Error(`failed units: ${await node.run(["systemctl", "--failed", "--plain", "--no-legend"])}`);
    if (performance.now() > deadline) throw new Error(`after ${BOOT_MS / 1000} s it is "${word}"`);
  }
}

/** Process 1 of the container, as this machine numbers it. */
function leaderOf(container: ChildProcess): number {
  const children = readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, "utf8").trim().split(" ").map(Number);
  const leader = children.find((pid) => pid > 0 && readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "systemd");
  if (leader === undefined) throw new Error("it has no process 1");
  return leader;
}

function inside(leader: number, argv: readonly string[], input: string): Promise<Done> {
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8", DEBIAN_FRONTEND: "noninteractive", HOME: "/root" };
  const child = spawn("nsenter", ["--target", String(leader), "--all", "--", ...argv], { env, stdio: "pipe" });
  const timer = setTimeout(() => child.kill("SIGKILL"), COMMAND_MS);
  const out = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => (out[name] = (out[name] + text).slice(-MAX_OUTPUT_CHARACTERS)));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code, ...out });
    });
  });
}

/** Where this machine keeps the hierarchies that systemd uses: version 2, and beside it the named one of version 1. */
function cgroupRoots(): string[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  return mounts.flatMap((line) => {
    const [, directory = "", type = "", options = ""] = line.split(" ");
    return type === "cgroup2" || (type === "cgroup" && options.split(",").includes("name=systemd")) ? [directory] : [];
  });
}

/** The deepest first. Synchronous, because it also runs while the process ends. */
function removeCgroups(directories: readonly string[]): void {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  for (const directory of directories) {
    for (let look = 0; look < CGROUP_LOOKS && existsSync(directory); look++) {
      if (look > 0) Atomics.wait(nap, 0, 0, CGROUP_LOOK_MS);
      const inner = readdirSync(directory, { recursive: true, encoding: "utf8" }).map((path) => join(directory, path));
      const below = inner.filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true);
      for (const path of [...below.sort().toReversed(), directory]) {
        try {
          rmdirSync(path);
        } catch {
          // Not empty yet: a process in it is still ending.
        }
      }
    }
  }
}
