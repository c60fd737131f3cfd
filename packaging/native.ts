/**
 * Builds the native code for the Node that runs us, when it is not built yet or was built for another: raw-socket, and our own few lines for systemd.
 * raw-socket is the one package with native code and no prebuilt binary. Its build must see the headers of the Node it will run on (they come with the
 * node-linux-* package): with others it "succeeds" and fails to load. So install scripts are off (.npmrc) and every npm script that needs it starts here.
 * Usage: npm run native
 */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { ensureSystemPackages } from "./system-packages.ts";

const root = dirname(import.meta.dirname);
const module = join(root, "node_modules/raw-socket");
const headers = join(root, "node_modules", `node-linux-${process.arch}`);
const notifySource = join(root, "src/service/sd-notify.c");
const notifyModule = join(root, "build/sd-notify.node");
const major = Number(process.versions.node.split(".")[0]);

function loads(): string | null {
  if (!existsSync(join(module, "build/Release/raw.node"))) return "not built yet";
  // In a process of its own: a module that failed to load cannot be loaded again.
  const tried = spawnSync(process.execPath, ["-e", `require(${JSON.stringify(module)})`], { encoding: "utf8" });
  return tried.status === 0 ? null : (tried.stderr.split("\n").find((line) => line.includes("Error")) ?? "it does not load");
}

function nodeGyp(): string | null {
  const fromNpm = process.env["npm_config_node_gyp"];
  if (fromNpm !== undefined && existsSync(fromNpm)) return fromNpm;
  try {
    return createRequire(join(root, "package.json")).resolve("node-gyp/bin/node-gyp.js");
  } catch {
    return null;
  }
}

function buildRawSocket(): number {
  if (major < 24) {
    console.error(`meshprobe needs Node 24; this is ${process.version}. Run it through npm (npm run …), which finds the pinned Node 24.`);
    return 2;
  }
  if (!existsSync(module)) {
    console.error("Cannot build raw-socket: it is not installed. Run: npm ci");
    return 2;
  }
  const reason = loads();
  if (reason === null) return 0;
  const gyp = nodeGyp();
  if (gyp === null || !existsSync(join(headers, "include/node/node.h"))) {
    console.error(
      `Cannot build raw-socket: ${gyp === null ? "node-gyp was not found; use: npm run native" : `no Node headers in ${headers}; use: npm ci`}`,
    );
    return 3;
  }
  if (!hasCompiler("raw-socket")) return 3;
  console.error(`building raw-socket for Node ${process.version} (${reason}) …`);
  // A machine's own npm may point nodedir at other headers; the environment would win over the option.
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/nodedir$/i.test(key)));
  const built = spawnSync(process.execPath, [gyp, "rebuild", `--nodedir=${headers}`], { cwd: module, encoding: "utf8", env });
  const still = built.status === 0 ? loads() : "the build failed";
  if (still === null) return 0;
  console.error(`${built.stdout}${built.stderr}\nCannot build raw-socket: ${still}.`);
  return 3;
}

/** One file for N-API, which every Node loads: the compiler alone will do. */
function buildNotify(): number {
  if (existsSync(notifyModule) && statSync(notifyModule).mtimeMs >= statSync(notifySource).mtimeMs) return 0;
  if (!hasCompiler("sd-notify")) return 3;
  mkdirSync(dirname(notifyModule), { recursive: true });
  // Beside and then moved: a running agent may have the old one mapped.
  const fresh = `${notifyModule}.${process.pid}`;
  const args = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I", join(headers, "include/node"), "-o", fresh, notifySource];
  const built = spawnSync("cc", args, { encoding: "utf8" });
  if (built.status !== 0) {
    console.error(`${built.stderr}\nCannot build sd-notify: the build failed.`);
    return 3;
  }
  renameSync(fresh, notifyModule);
  return 0;
}

function hasCompiler(what: string): boolean {
  const { missing } = ensureSystemPackages(["python3", "make", "g++"]);
  if (missing.length === 0) return true;
  console.error(`Cannot build ${what}: ${missing.join(", ")} missing. As root on Debian or Ubuntu: apt-get install -y ${missing.join(" ")}`);
  return false;
}

process.exitCode = buildRawSocket() || buildNotify();
