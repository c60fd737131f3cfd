/**
 * The tree as it lies on a node. Only what runs is taken: our compiled program, the packages it needs without their tests and documents, the native files of this
 * architecture, and Node without its symbols. The man pages, the completion and the texts of all licences go along.
 */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import process from "node:process";
import { writeDocuments } from "./docs.ts";
import { libraryFloor } from "./library-floor.ts";
import { writeLicences } from "./licences.ts";
import { productionPackages } from "./production-packages.ts";
import { run } from "./run.ts";

const CODE = new Set([".js", ".cjs", ".mjs", ".json", ".wasm"]);
/** Folders at the top of packages that are for their developers, or for browsers. */
const NOT_RUN = new Set(["test", "docs", "benchmarks", "examples", "types", "scripts", "browser", "deps", "build"]);
const UNITS = ["meshprobe.service", "meshprobe-collector.service"];
/** In a checkout the data lie beside it; each text must be there. */
const SHIPPED: Readonly<Record<string, readonly (readonly [there: string, here: string])[]>> = {
  "peers.yaml": [
    ["data_dir: ../.meshprobe-data", "data_dir: /var/lib/meshprobe"],
    [" Here: next to the checkout's files, for a first try.", ""],
  ],
  "collector.yaml": [],
};

/** Builds the tree below `tree` and returns what it needs of the system, as Debian's Depends. `date` is that of the man pages, ISO. */
export function stageTree(tree: string, { root, date }: { readonly root: string; readonly date: string }): string {
  const lib = join(tree, "usr/lib/meshprobe");
  const modules = join(root, "node_modules");
  const packages = productionPackages(root);
  const put = (from: string, to: string): void => copyFile(join(root, from), join(tree, to));

  copyCode(join(root, "dist"), join(lib, "dist"));
  for (const name of packages) copyCode(join(modules, name), join(lib, "node_modules", name), NOT_RUN);
  const natives = [`node_modules/better-sqlite3/prebuilds/linux-${process.arch}.node`, "node_modules/raw-socket/build/Release/raw.node"];
  for (const file of [...natives, "build/sd-notify.node"]) put(file, join("usr/lib/meshprobe", file));
  const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly name: string; readonly version: string };
  writeFileSync(join(lib, "package.json"), `${JSON.stringify({ name, version, type: "module" })}\n`);
  const nodePackage = `node-linux-${process.arch}`;
  put(`node_modules/${nodePackage}/bin/node`, "usr/lib/meshprobe/node");

  put("packaging/meshprobe.sh", "usr/bin/meshprobe");
  for (const unit of UNITS) put(`packaging/${unit}`, `usr/lib/systemd/system/${unit}`);
  put("README.md", "usr/share/doc/meshprobe/README.md");
  put("CHANGELOG.md", "usr/share/doc/meshprobe/CHANGELOG.md");
  put("config/openapi.yaml", "usr/share/doc/meshprobe/openapi.yaml");
  writeLicences(join(tree, "usr/share/doc/meshprobe"), { root, packages: [...packages, nodePackage] });
  writeDocuments(join(tree, "usr/share"), { date, compress: true });
  mkdirSync(join(tree, "etc/meshprobe"), { recursive: true });
  for (const name of Object.keys(SHIPPED)) writeFileSync(join(tree, "etc/meshprobe", name), shippedConfig(name, join(root, "config")));

  const binaries = [join(lib, "node"), ...filesBelow(lib).filter((file) => extname(file) === ".node")];
  for (const file of binaries) run("strip", [file]);
  for (const file of filesBelow(tree)) chmodSync(file, isProgram(file) ? 0o755 : 0o644);
  return libraryFloor(binaries);
}

/** Full paths, sorted. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

function isProgram(file: string): boolean {
  return (basename(file) === "node" && basename(dirname(file)) === "meshprobe") || file.endsWith("/usr/bin/meshprobe");
}

function copyFile(from: string, to: string): void {
  if (!existsSync(from)) throw new Error(`${from} is missing; run: npm ci && npm run build`);
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { dereference: true });
}

function copyCode(from: string, to: string, without: ReadonlySet<string> = new Set()): void {
  if (!existsSync(from)) throw new Error(`${from} is missing; run: npm ci && npm run build`);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory() && !without.has(entry.name)) copyCode(join(from, entry.name), join(to, entry.name));
    if (entry.isFile() && CODE.has(extname(entry.name))) copyFile(join(from, entry.name), join(to, entry.name));
  }
}

function shippedConfig(name: string, directory: string): string {
  return (SHIPPED[name] ?? []).reduce(
    (text, [there, here]) => {
      if (!text.includes(there)) throw new Error(`config/${name} does not hold "${there}" any more`);
      return text.replace(there, here);
    },
    readFileSync(join(directory, name), "utf8"),
  );
}
