/**
 * A Debian to install into, as debootstrap makes it: systemd, mtr and what the package depends on, and none of what it must not need. It is kept in the temporary
 * directory for the next run under a name that says what is in it; nothing ever writes to it after it was made.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { run } from "../../packaging/run.ts";

const INSIDE = ["systemd", "systemd-sysv", "dbus", "libstdc++6", "libgcc-s1", "mtr-tiny", "passwd", "procps"];
/** Must not be there: the package brings its own, or does without. */
export const NOT_INSIDE: readonly string[] = ["node", "nodejs", "npm", "cc", "gcc", "g++", "make", "python3"];
const MIRROR = "http://deb.debian.org/debian";
const SOURCES = ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"];

/** Returns the directory; makes it when it is not there. */
export function debianRoot(): string {
  const suite = ownCodename() ?? "stable";
  const digest = createHash("sha256").update(JSON.stringify(INSIDE)).digest("hex").slice(0, 8);
  const directory = join(tmpdir(), `meshprobe-debian-${suite}-${process.arch}-${digest}`);
  if (existsSync(directory)) {
    if (statSync(directory).uid !== process.getuid?.()) throw new Error(`${directory} is somebody else's; remove it`);
    return directory;
  }
  const fresh = `${directory}.${process.pid}`;
  try {
    mkdirSync(fresh, { mode: 0o755 });
    run("debootstrap", ["--variant=minbase", `--include=${INSIDE.join(",")}`, suite, fresh, mirror()]);
    renameSync(fresh, directory);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return directory;
}

/** The native files are built against the libraries of this machine: on Debian its own release will do, elsewhere the newest. */
function ownCodename(): string | null {
  const release = readFileSync("/etc/os-release", "utf8");
  return /^ID=debian$/m.test(release) ? (/^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1] ?? null) : null;
}

/** Where this machine gets its own packages from, if that is a Debian mirror. */
function mirror(): string {
  const text = SOURCES.filter((file) => existsSync(file)).map((file) => readFileSync(file, "utf8"));
  const uris = text.flatMap((lines) => [...lines.matchAll(/^(?:URIs:|deb(?: \[.*?\])?) (https?:\/\/\S+)/gm)].map(([, uri]) => uri ?? ""));
  return uris.find((uri) => /\/debian\/?$/.test(uri)) ?? MIRROR;
}
