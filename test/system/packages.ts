/** The packages under test: the ones `npm run package` builds, and a later version made from them, with a new default configuration, to upgrade to. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { run } from "../../packaging/run.ts";

export const NEXT_VERSION = "9.9.9";
const DATE = "1700000000";
/** What is in the packages is the same at any level, and this one takes a tenth of the time. */
const LEVEL = "0";

export interface Built {
  readonly deb: string;
  readonly tar: string;
}

/** Starts a build into a directory of its own. Another umask is as good as another builder. */
export async function buildPackages(root: string, out: string, umask: string): Promise<Built> {
  mkdirSync(out, { recursive: true });
  const script = `umask ${umask}; exec "$0" "$@"`;
  const child = spawn("sh", ["-c", script, process.execPath, join(root, "packaging/package.ts"), "--out", out, "--level", LEVEL], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, SOURCE_DATE_EPOCH: DATE },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(said.trim());
  const find = (suffix: string): string => {
    const name = readdirSync(out).find((file) => file.endsWith(suffix));
    if (name === undefined) throw new Error(`there is no *${suffix} in ${out}`);
    return name;
  };
  return { deb: find(".deb"), tar: find(".tar.xz") };
}

/** Puts NEXT.deb into `out`: the program calls itself by the later version. */
export function makeNextVersion(deb: string, out: string): string {
  const tree = join(out, "next");
  run("dpkg-deb", ["--raw-extract", deb, tree]);
  const edit = (file: string, change: (text: string) => string): void => {
    const before = readFileSync(join(tree, file), "utf8");
    const after = change(before);
    if (after === before) throw new Error(`${file} is as it was`);
    writeFileSync(join(tree, file), after);
  };
  edit("DEBIAN/control", (text) => text.replace(/^Version: .*$/m, `Version: ${NEXT_VERSION}`));
  edit("usr/lib/meshprobe/dist/version.js", (text) => text.replace(/"\d[^"]*"/, `"${NEXT_VERSION}"`));
  appendFileSync(join(tree, "etc/meshprobe/peers.yaml"), "\n# A default that came with the later version.\n");
  run("dpkg-deb", ["--root-owner-group", "-Zgzip", "-z1", "--build", tree, join(out, "next.deb")]);
  return "next.deb";
}
