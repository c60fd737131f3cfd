/** Runs the built command as a shell would, also as a user without any privilege. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";

const ROOT = dirname(dirname(import.meta.dirname));
export const CLI: string = join(ROOT, "dist/cli.js");
/** `nobody` on every Linux. */
export const NOBODY = 65_534;
const TIMEOUT_MS = 30_000;

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  /** Resolves when the output has it; rejects when the command ends first. */
  until(pattern: RegExp): Promise<void>;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly asNobody?: Install;
}

/** A node and a command that `nobody` may execute. */
export interface Install {
  readonly node: string;
  readonly cli: string;
  remove(): void;
}

export function start(args: readonly string[], options: RunOptions = {}): Running {
  const { asNobody } = options;
  const child = spawn(asNobody?.node ?? process.execPath, [asNobody?.cli ?? CLI, ...args], {
    cwd: options.cwd ?? tmpdir(),
    // Whoever runs the tests may read Chinese.
    env: options.env ?? { ...process.env, LC_ALL: "C" },
    stdio: ["ignore", "pipe", "pipe"],
    ...(asNobody === undefined ? {} : { uid: NOBODY, gid: NOBODY }),
  });
  let stdout = "";
  let stderr = "";
  let look = (): void => {};
  child.stdout.setEncoding("utf8").on("data", (text: string) => ((stdout += text), look()));
  child.stderr.setEncoding("utf8").on("data", (text: string) => ((stderr += text), look()));
  const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
  const ended = new Promise<Outcome>((resolve) =>
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    }),
  );
  const until = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      look = () => pattern.test(stdout + stderr) && resolve();
      look();
      void ended.then(() => reject(new Error(`Cannot see ${pattern}: the command ended after\n${stdout}${stderr}`)));
    });
  return { child, ended, until };
}

export function run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return start(args, options).ended;
}

/** In place where `nobody` can read the checkout, else a copy of what a node installs. */
export function installForNobody(): Install {
  const tried = spawnSync(process.execPath, [CLI, "--version"], { uid: NOBODY, gid: NOBODY, cwd: "/" });
  if (tried.status === 0) return { node: process.execPath, cli: CLI, remove: () => {} };
  const directory = mkdtempSync(join(tmpdir(), "meshprobe-nobody-"));
  chmodSync(directory, 0o755);
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as { packages: Record<string, { dev?: boolean }> };
  const needed = Object.entries(lock.packages).flatMap(([path, entry]) =>
    path !== "" && entry.dev !== true && !path.includes("node-linux") ? [path] : [],
  );
  for (const path of ["package.json", "dist", ...needed]) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    cpSync(join(ROOT, path), join(directory, path), { recursive: true, errorOnExist: false, force: true });
  }
  cpSync(process.execPath, join(directory, "node"));
  return { node: join(directory, "node"), cli: join(directory, "dist/cli.js"), remove: () => rmSync(directory, { recursive: true, force: true }) };
}
