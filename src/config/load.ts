/**
 * The configuration file → Config. The file is opened once and judged by its descriptor, so what was checked is what is read.
 * As root a file that somebody else may write is refused: it decides where root writes and to whom it sends. The key and token files, and the program of a hook, are only
 * looked at, not read, and only as root: a reader of reports may not even see them, and whoever needs one says so when it is missing.
 */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { Stats } from "node:fs";
import { hostname } from "node:os";
import { ConfigError } from "./config-error.ts";
import type { Config } from "./config.ts";
import { parseConfig } from "./parse.ts";

/** 16,000 peers with labels take about 2 MB. */
export const MAX_CONFIG_BYTES = 4_000_000;

const NOT_FOUND = "does not exist; create it (a commented peers.yaml ships with meshprobe) or name another with --config FILE";

export interface LoadOptions {
  /** Default: the machine's. */
  readonly hostName?: string;
  /** Effective user id; default: the process's. The checks on owner and mode are made for 0 only. */
  readonly uid?: number;
}

/** Throws ConfigError for everything that is wrong with the file or in it. */
export function loadConfig(file: string, options: LoadOptions = {}): Config {
  const uid = options.uid ?? process.geteuid?.() ?? 0;
  const config = parseConfig(decode(read(file, uid), file), { file, hostName: options.hostName ?? hostname() });
  if (uid === 0)
    for (const other of [config.mesh.keyFile, config.collector?.tokenFile, config.hooks.incident?.[0]]) if (other != null) requireSafeOther(other);
  return config;
}

/** A secret, or a program that root would run. */
function requireSafeOther(file: string): void {
  let stats: Stats | undefined;
  try {
    stats = statSync(file, { throwIfNoEntry: false });
  } catch (cause) {
    throw unreadable(file, cause);
  }
  if (stats !== undefined) requireSafe(file, stats);
}

function read(file: string, uid: number): Uint8Array {
  let descriptor: number;
  try {
    // Without O_NONBLOCK a FIFO would hang here before it can be refused.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw unreadable(file, cause);
  }
  try {
    const stats = fstatSync(descriptor);
    if (stats.isDirectory()) throw wholeFile("unreadable", file, "is a directory; name the configuration file in it");
    if (!stats.isFile()) throw wholeFile("unreadable", file, "is not a regular file; name one");
    if (uid === 0) requireSafe(file, stats);
    return readUpTo(descriptor, file);
  } finally {
    closeSync(descriptor);
  }
}

function readUpTo(descriptor: number, file: string): Uint8Array {
  const bytes = new Uint8Array(MAX_CONFIG_BYTES + 1);
  let length = 0;
  for (;;) {
    let count: number;
    try {
      count = readSync(descriptor, bytes, length, bytes.length - length, null);
    } catch (cause) {
      throw unreadable(file, cause);
    }
    length += count;
    if (length > MAX_CONFIG_BYTES) throw wholeFile("too-large", file, `is larger than ${MAX_CONFIG_BYTES / 1e6} MB; is it a configuration file?`);
    if (count === 0) return bytes.subarray(0, length);
  }
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const { line, column } = firstBadByte(bytes);
    throw new ConfigError("encoding", "is not UTF-8 text; save the file as UTF-8", { file, line, column, cause });
  }
}

/** Where the first byte that is not UTF-8 stands: up to it, decoding and encoding again gives the same bytes. */
function firstBadByte(bytes: Uint8Array): { readonly line: number; readonly column: number } {
  const again = new TextEncoder().encode(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  const offset = bytes.findIndex((byte, index) => byte !== again[index]);
  const before = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, offset));
  return { line: before.split("\n").length, column: before.length - before.lastIndexOf("\n") };
}

function requireSafe(file: string, stats: Stats): void {
  if (stats.uid !== 0)
    throw wholeFile("unsafe", file, `belongs to user ${stats.uid}, who could change what root does; chown root ${file} && chmod go-w ${file}`);
  if ((stats.mode & 0o022) !== 0) {
    const mode = (stats.mode & 0o777).toString(8).padStart(4, "0");
    throw wholeFile("unsafe", file, `may be changed by other users (mode ${mode}), who could change what root does; chmod go-w ${file}`);
  }
}

function unreadable(file: string, cause: unknown): ConfigError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return wholeFile("unreadable", file, NOT_FOUND, cause);
  if (code === "EACCES")
    return wholeFile("unreadable", file, "may not be read by this user; run as its owner or root, or allow it with chmod", cause);
  return wholeFile("unreadable", file, `cannot be read: ${code ?? String(cause)}; check the path and the disk`, cause);
}

function wholeFile(code: "unreadable" | "unsafe" | "too-large", file: string, reason: string, cause?: unknown): ConfigError {
  return new ConfigError(code, reason, { file, line: null, column: null, cause });
}
