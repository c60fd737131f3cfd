/**
 * A file that decides what root does → its text. It is opened once and judged by its descriptor, so what was checked is what is read. As root a file that somebody
 * else may write is refused: it decides where root writes and to whom it sends.
 */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { Stats } from "node:fs";
import { ConfigError } from "./config-error.ts";

/** 16,000 peers with labels take about 2 MB. */
export const MAX_CONFIG_BYTES = 4_000_000;

const NOT_FOUND = "does not exist; create it (a commented peers.yaml ships with meshprobe) or name another with --config FILE";

export interface SafeFileOptions {
  /** Effective user id; the checks on owner and mode are made for 0 only. */
  readonly uid: number;
  /** What to do when there is no such file; default: create it. */
  readonly notFound?: string;
}

/** Throws ConfigError for everything that is wrong with the file, except for what its text says. */
export function readSafeText(file: string, { uid, notFound = NOT_FOUND }: SafeFileOptions): string {
  return decode(read(file, { uid, notFound }), file);
}

/** A secret, or a program that root would run. */
export function requireSafeOther(file: string): void {
  let stats: Stats | undefined;
  try {
    stats = statSync(file, { throwIfNoEntry: false });
  } catch (cause) {
    throw unreadable(file, { cause, notFound: NOT_FOUND });
  }
  if (stats !== undefined) requireSafe(file, stats);
}

function read(file: string, { uid, notFound }: Required<SafeFileOptions>): Uint8Array {
  let descriptor: number;
  try {
    // Without O_NONBLOCK a FIFO would hang here before it can be refused.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw unreadable(file, { cause, notFound });
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
      throw unreadable(file, { cause, notFound: NOT_FOUND });
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

function unreadable(file: string, { cause, notFound }: { readonly cause: unknown; readonly notFound: string }): ConfigError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return wholeFile("unreadable", file, notFound, cause);
  if (code === "EACCES")
    return wholeFile("unreadable", file, "may not be read by this user; run as its owner or root, or allow it with chmod", cause);
  return wholeFile("unreadable", file, `cannot be read: ${code ?? String(cause)}; check the path and the disk`, cause);
}

function wholeFile(code: "unreadable" | "unsafe" | "too-large", file: string, reason: string, cause?: unknown): ConfigError {
  return new ConfigError(code, reason, { file, line: null, column: null, cause });
}
