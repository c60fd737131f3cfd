/** The two archives of a staged tree. What would make two of them differ is set: times, owners, modes, order, and the compressor's threads. */
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { run } from "./run.ts";
import { filesBelow } from "./stage.ts";

interface ArchiveOptions {
  readonly root: string;
  readonly out: string;
  /** Seconds since 1970. */
  readonly epoch: number;
  /** Of xz, 0 to 9. */
  readonly level: number;
}

export interface DebOptions extends ArchiveOptions {
  readonly version: string;
  readonly architecture: string;
  /** Debian's Depends. */
  readonly depends: string;
}

const SCRIPTS = ["postinst", "prerm", "postrm"];
/** Kept as the administrator left them. */
const CONFFILES = "/etc/meshprobe/peers.yaml\n/etc/meshprobe/collector.yaml\n";
const KIB = 1024;

/** Returns the path of the .deb. */
export function buildDeb(tree: string, options: DebOptions): string {
  const { root, out, version, architecture, epoch, level } = options;
  const control = join(tree, "DEBIAN");
  mkdirSync(control);
  try {
    const files = filesBelow(tree);
    const sums = files.map((file) => `${createHash("md5").update(readFileSync(file)).digest("hex")}  ${relative(tree, file)}\n`);
    writeFileSync(join(control, "md5sums"), sums.join(""));
    writeFileSync(join(control, "conffiles"), CONFFILES);
    writeFileSync(join(control, "control"), controlFile(options, sizeKib(files)));
    for (const script of SCRIPTS) copyFileSync(join(root, "packaging/debian", script), join(control, script));
    for (const file of filesBelow(control)) chmodSync(file, SCRIPTS.includes(basename(file)) ? 0o755 : 0o644);
    settle(tree, epoch);
    const deb = join(out, `meshprobe_${version}_${architecture}.deb`);
    const env = { SOURCE_DATE_EPOCH: String(epoch), DPKG_DEB_THREADS_MAX: "1" };
    run("dpkg-deb", ["--root-owner-group", "-Zxz", `-z${level}`, "--build", tree, deb], { env });
    return deb;
  } finally {
    rmSync(control, { recursive: true });
  }
}

/** Returns the path of the tar.xz. */
export function buildTar(tree: string, { root, out, epoch, level }: ArchiveOptions): string {
  const installer = join(tree, "install.sh");
  cpSync(join(root, "packaging/install.sh"), installer);
  chmodSync(installer, 0o755);
  settle(tree, epoch);
  const file = join(out, `${basename(tree)}.tar.xz`);
  const owner = ["--owner=0", "--group=0", "--numeric-owner"];
  run("tar", ["-c", "--sort=name", "--format=gnu", ...owner, "-I", `xz -${level} -T1`, "-f", file, "-C", dirname(tree), basename(tree)]);
  return file;
}

/** Directories like files: modes do not depend on the builder's umask, times are those of the source. */
function settle(tree: string, epoch: number): void {
  const inside = readdirSync(tree, { recursive: true, encoding: "utf8" }).map((name) => join(tree, name));
  for (const path of [...inside, tree]) {
    if (statSync(path).isDirectory()) chmodSync(path, 0o755);
    utimesSync(path, epoch, epoch);
  }
}

function controlFile({ version, architecture, depends }: DebOptions, installedKib: number): string {
  const fields = [
    ["Package", "meshprobe"],
    ["Version", version],
    ["Architecture", architecture],
    ["Maintainer", "The meshprobe authors <maintainers@meshprobe.invalid>"],
    ["Installed-Size", String(installedKib)],
    ["Depends", depends],
    ["Recommends", "mtr-tiny | mtr"],
    ["Section", "net"],
    ["Priority", "optional"],
    [
      "Description",
      `catches loss bursts between the nodes of a mesh in the act
 Probes its peers ten times a second, notices loss within half a second, traces
 the path while packets are still being lost, and keeps the evidence on the node
 itself. Brings its own Node.js.`,
    ],
  ];
  return fields.map(([name, value]) => `${name}: ${value}\n`).join("");
}

/** As dpkg counts it: each file in whole KiB. */
function sizeKib(files: readonly string[]): number {
  return files.reduce((sum, file) => sum + Math.ceil(statSync(file).size / KIB), 0);
}
