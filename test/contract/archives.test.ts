/** The archives of a small tree: what may differ between two builders must not show in the bytes. The real package is built twice in `npm run test:system`. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { buildDeb, buildTar } from "../../packaging/archives.ts";
import { run } from "../../packaging/run.ts";
import { missingSystemPackages } from "../../packaging/system-packages.ts";

const root = dirname(dirname(import.meta.dirname));
const missing = missingSystemPackages(["dpkg", "tar", "xz-utils"]);
const skip = missing.length > 0 && `not installed: ${missing.join(", ")}`;
const EPOCH = 1_700_000_000;
const FILES = ["usr/bin/meshprobe", "usr/lib/meshprobe/a.js", "usr/lib/meshprobe/b.js", "etc/meshprobe/peers.yaml", "etc/meshprobe/collector.yaml"];

interface Builder {
  readonly umask: number;
  readonly files: readonly string[];
  readonly timeS: number;
}

function archives(t: TestContext, { umask, files, timeS }: Builder): { readonly deb: string; readonly tar: string } {
  const out = mkdtempSync(join(tmpdir(), "meshprobe-archives-"));
  t.after(() => rmSync(out, { recursive: true }));
  const before = process.umask(umask);
  try {
    const tree = join(out, "meshprobe-1-linux-x64");
    for (const file of files) {
      mkdirSync(dirname(join(tree, file)), { recursive: true });
      writeFileSync(join(tree, file), file);
      chmodSync(join(tree, file), 0o644);
      utimesSync(join(tree, file), timeS, timeS);
    }
    const options = { root, out, epoch: EPOCH, level: 6 };
    const deb = buildDeb(tree, { ...options, version: "1", architecture: "amd64", depends: "libc6" });
    return { deb, tar: buildTar(tree, options) };
  } finally {
    process.umask(before);
  }
}

test("another time, umask and order of creation give the same bytes", { skip }, (t) => {
  const one = archives(t, { umask: 0o022, files: FILES, timeS: EPOCH + 1_000 });
  const other = archives(t, { umask: 0o077, files: FILES.toReversed(), timeS: EPOCH + 5_000 });
  for (const kind of ["deb", "tar"] as const) assert.ok(readFileSync(one[kind]).equals(readFileSync(other[kind])), `the two ${kind} differ`);
});

test("the .deb holds the files as root's, the scripts, and the configuration as one that is kept", { skip }, (t) => {
  const { deb } = archives(t, { umask: 0o077, files: FILES, timeS: EPOCH });
  const listing = run("dpkg-deb", ["--contents", deb]);
  for (const file of FILES) assert.match(listing, new RegExp(`^-rw-r--r-- root/root +\\d+ 2023-11-14 22:13 \\./${file}$`, "m"));
  assert.match(listing, /^drwxr-xr-x root\/root .* \.\/usr\/lib\/$/m);
  assert.doesNotMatch(listing, /DEBIAN|install\.sh/);
  assert.equal(run("dpkg-deb", ["--info", deb, "conffiles"]), "/etc/meshprobe/peers.yaml\n/etc/meshprobe/collector.yaml\n");
  assert.equal(run("dpkg-deb", ["--field", deb, "Recommends"]), "mtr-tiny | mtr\n");
  for (const script of ["postinst", "prerm", "postrm"]) assert.match(run("dpkg-deb", ["--info", deb, script]), /^#!\/bin\/sh\n/);
});

test("the tar.xz holds the installer and no traces of the .deb", { skip }, (t) => {
  const { tar } = archives(t, { umask: 0o077, files: FILES, timeS: EPOCH });
  const listing = run("tar", ["-tvf", tar]);
  assert.match(listing, /^-rwxr-xr-x 0\/0 .* meshprobe-1-linux-x64\/install\.sh$/m);
  assert.doesNotMatch(listing, /DEBIAN/);
});
