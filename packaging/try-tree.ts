/** Runs the staged tree once, so that a filter that left out too much is noticed here and not on a node. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.ts";

/** Each package is loaded by the Node and from the place where it will be. */
const LOAD_ALL = `
const load = process.argv.slice(1);
for (const name of load) await import(name);
const { default: Database } = await import("better-sqlite3");
new Database(":memory:").exec("CREATE TABLE t (x)");
(await import("node:module")).createRequire(process.cwd() + "/x.js")("./build/sd-notify.node");
`;

export function tryTree(tree: string, version: string): void {
  const lib = join(tree, "usr/lib/meshprobe");
  const said = run(join(tree, "usr/bin/meshprobe"), ["--version"]).trim();
  if (said !== `meshprobe ${version}`) throw new Error(`the packed program says "${said}"`);
  for (const command of ["agent", "report", "doctor"]) run(join(tree, "usr/bin/meshprobe"), [command, "--help"]);
  const packages = readdirSync(join(lib, "node_modules")).flatMap((name) =>
    name.startsWith("@") ? readdirSync(join(lib, "node_modules", name)).map((inner) => `${name}/${inner}`) : [name],
  );
  run(join(lib, "node"), ["--input-type=module", "-e", LOAD_ALL, ...packages], { cwd: lib, env: { NODE_PATH: "" } });
}
