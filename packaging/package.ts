/**
 * Builds what is installed on a node: a .deb, and a tar.xz for machines without dpkg. Neither needs Node, a compiler or a network there.
 * The same sources give the same bytes: times are those of SOURCE_DATE_EPOCH (default: the last commit), owners and modes are fixed, names are sorted.
 * Usage: npm run package [-- --out DIRECTORY] [--level 0..9]      (default: out/, and 6 of xz: half a minute an archive)
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { buildDeb, buildTar } from "./archives.ts";
import { ensureSystemPackages } from "./system-packages.ts";
import { stageTree } from "./stage.ts";
import { tryTree } from "./try-tree.ts";

const root = dirname(import.meta.dirname);
const DEBIAN_ARCHITECTURES: Readonly<Partial<Record<string, string>>> = { x64: "amd64", arm64: "arm64" };

/** Seconds since the epoch that all files carry. */
function sourceDate(): number {
  const given = process.env["SOURCE_DATE_EPOCH"];
  if (given !== undefined) {
    if (!/^\d{1,10}$/.test(given)) throw new Error(`SOURCE_DATE_EPOCH=${given}: seconds since 1970`);
    return Number(given);
  }
  const commit = spawnSync("git", ["log", "-1", "--format=%ct"], { cwd: root, encoding: "utf8" });
  return commit.status === 0 ? Number(commit.stdout) : Math.floor(statSync(join(root, "package.json")).mtimeMs / 1000);
}

function describe(file: string): string {
  const bytes = readFileSync(file);
  const digest = createHash("sha256").update(bytes).digest("hex");
  return `${relative(process.cwd(), file)}  ${(bytes.length / 1e6).toFixed(1)} MB  sha256 ${digest}`;
}

function pack(out: string, level: number): void {
  if (!Number.isInteger(level) || level < 0 || level > 9) throw new Error("--level is a whole number from 0 to 9");
  const architecture = DEBIAN_ARCHITECTURES[process.arch];
  if (process.platform !== "linux" || architecture === undefined) throw new Error(`there is no package for ${process.platform} ${process.arch}`);
  const { missing } = ensureSystemPackages(["dpkg", "tar", "xz-utils", "binutils"]);
  if (missing.length > 0) throw new Error(`${missing.join(", ")} missing. As root on Debian or Ubuntu: apt-get install -y ${missing.join(" ")}`);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string };
  const epoch = sourceDate();
  mkdirSync(out, { recursive: true });
  const work = mkdtempSync(join(out, ".work-"));
  try {
    const name = `meshprobe-${version}-linux-${process.arch}`;
    const tree = join(work, name);
    const floor = stageTree(tree, { root, date: new Date(epoch * 1000).toISOString().slice(0, 10) });
    tryTree(tree, version);
    console.log(describe(buildDeb(tree, { root, out, version, architecture, epoch, level, depends: floor })));
    console.log(describe(buildTar(tree, { root, out, epoch, level })));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

try {
  const { values } = parseArgs({ options: { out: { type: "string", default: join(root, "out") }, level: { type: "string", default: "6" } } });
  pack(resolve(values.out), Number(values.level));
} catch (error) {
  console.error(`Cannot build the package: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 3;
}
