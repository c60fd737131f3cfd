/**
 * The programs that the build and the tests need from the system, and how to get them.
 * Presence is judged by the file itself, not by dpkg: what counts is that it can be run. As root on Debian or Ubuntu what is missing is installed, announced in
 * one line; anywhere else the names are returned and the caller decides (tests are skipped loudly, the build says what to install).
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

export type SystemPackage =
  | "mtr-tiny"
  | "nftables"
  | "iproute2"
  | "libfaketime"
  | "iputils-ping"
  | "python3"
  | "make"
  | "g++"
  | "fping"
  | "mandoc"
  | "dpkg"
  | "tar"
  | "xz-utils"
  | "binutils"
  | "debootstrap"
  | "systemd-container"
  | "postgresql";

/** What each is good for, in the words of the announcement. */
const PURPOSE: Readonly<Record<SystemPackage, string>> = {
  "mtr-tiny": "mtr",
  nftables: "loss in the laboratory",
  iproute2: "network namespaces",
  libfaketime: "clock steps",
  "iputils-ping": "ping",
  python3: "node-gyp",
  make: "native builds",
  "g++": "native builds",
  fping: "benchmarks",
  mandoc: "man pages",
  dpkg: "the .deb",
  tar: "archives",
  "xz-utils": "archives",
  binutils: "smaller binaries",
  debootstrap: "a Debian to install into",
  "systemd-container": "a Debian that boots",
  postgresql: "the collector's other database",
};

const BINARIES: Readonly<Record<Exclude<SystemPackage, "libfaketime" | "postgresql">, readonly string[]>> = {
  "mtr-tiny": ["mtr", "mtr-packet"],
  nftables: ["nft"],
  iproute2: ["ip"],
  "iputils-ping": ["ping"],
  python3: ["python3"],
  make: ["make"],
  "g++": ["g++", "cc"],
  fping: ["fping"],
  mandoc: ["mandoc"],
  dpkg: ["dpkg-deb"],
  tar: ["tar"],
  "xz-utils": ["xz"],
  binutils: ["strip", "objdump"],
  debootstrap: ["debootstrap"],
  "systemd-container": ["systemd-nspawn"],
};

/** Directories that root's PATH may lack. */
const EXTRA_DIRECTORIES = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
const APT_TIMEOUT_MS = 300_000;
const POSTGRES_LIBRARY = "/usr/lib/postgresql";
/** Read by Debian's scripts when a server is installed. */
const POSTGRES_OPTIONS = "/etc/postgresql-common/createcluster.d";

/** Where the clock library is, or null. */
export function libfaketimePath(): string | null {
  const directories = existsSync("/usr/lib") ? readdirSync("/usr/lib") : [];
  return directories.map((name) => `/usr/lib/${name}/faketime/libfaketime.so.1`).find((path) => existsSync(path)) ?? null;
}

/** Where the newest PostgreSQL server is: Debian keeps it off the PATH. Null for none. */
export function postgresBinaries(): string | null {
  const versions = existsSync(POSTGRES_LIBRARY) ? readdirSync(POSTGRES_LIBRARY).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(POSTGRES_LIBRARY, version, "bin")).find((path) => existsSync(join(path, "initdb"))) ?? null;
}

export function missingSystemPackages(names: readonly SystemPackage[]): SystemPackage[] {
  return names.filter((name) => {
    if (name === "libfaketime") return libfaketimePath() === null;
    if (name === "postgresql") return postgresBinaries() === null;
    return !BINARIES[name].every(isRunnable);
  });
}

/** Installs what is missing where that is possible. Returns what is still missing, with the reason in a printed line. */
export function ensureSystemPackages(names: readonly SystemPackage[]): { readonly missing: readonly SystemPackage[] } {
  const missing = missingSystemPackages(names);
  if (missing.length === 0 || !canInstall()) return { missing };
  console.error(`installing ${missing.map((name) => `${name} (${PURPOSE[name]})`).join(", ")} with apt-get …`);
  if (missing.includes("postgresql")) withoutCluster();
  const failure = apt(["update"]) ?? apt(["install", "-y", "--no-install-recommends", ...missing]);
  if (failure !== null) console.error(`Cannot install ${missing.join(" ")}: ${failure}`);
  return { missing: missingSystemPackages(names) };
}

/** Installing PostgreSQL would make a database of the system's and start its server. Tests start one of their own. */
function withoutCluster(): void {
  mkdirSync(POSTGRES_OPTIONS, { recursive: true });
  writeFileSync(join(POSTGRES_OPTIONS, "meshprobe-tests.conf"), "create_main_cluster = false\n");
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && isRunnable("apt-get") && /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(osRelease());
}

function osRelease(): string {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    return "";
  }
}

/** Null when it went well, else apt-get's last words. */
function apt(args: readonly string[]): string | null {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const run = spawnSync("apt-get", ["-qq", ...args], { env, encoding: "utf8", timeout: APT_TIMEOUT_MS, stdio: ["ignore", "pipe", "pipe"] });
  if (run.status === 0) return null;
  const words = (run.stderr ?? "").trim().split("\n").at(-1) ?? "";
  return `apt-get ${args[0]} ${run.status === null ? "did not finish" : `exited with ${run.status}`}${words === "" ? "" : `: ${words}`}`;
}

function isRunnable(binary: string): boolean {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), ...EXTRA_DIRECTORIES].filter((directory) => directory !== "");
  return directories.some((directory) => {
    try {
      accessSync(join(directory, binary), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
