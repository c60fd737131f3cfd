/**
 * tokens_file on disk. A change reads, changes and replaces the file whole, by renaming a new one over it; the new one's fixed name, opened only where there is none,
 * also keeps two changes at once apart. Readers (several collectors) see the old list or the new, never half of one.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { giveToService } from "../service-files.ts";
import { TokenError, tokensFromText, tokensToText, type TokenEntry } from "./token-list.ts";

/** 20,000 tokens take 6 MB with the longest names. */
const MAX_FILE_BYTES = 8_000_000;
/** A change takes milliseconds: one that is older was killed. */
const ABANDONED_MS = 60_000;
/** Longer than a hundred changes that were begun at once (an Ansible task for every node) take, shorter than a person's patience. */
const TURN_WAIT_MS = 5_000;
/** About what one change takes. The file system has no event for the end of another process's change that every disk would tell. */
const TURN_LOOK_MS = 20;
const MODE = 0o600;

/** Somebody else's change is under way. */
class TokenFileBusy extends TokenError {}

/** An empty list where there is no file. Throws TokenError. */
export function readTokens(file: string): TokenEntry[] {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined) return [];
    if (stats.size > MAX_FILE_BYTES) throw new TokenError("it is too large");
    return tokensFromText(readFileSync(file, "utf8"));
  } catch (error) {
    throw failure(error, "read", file);
  }
}

/** What changes when the file does: empty where there is none. */
export function tokenFileStamp(file: string): string {
  try {
    const stats = statSync(file, { throwIfNoEntry: false, bigint: true });
    return stats === undefined ? "" : `${stats.ino} ${stats.mtimeNs} ${stats.size}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

/** As changeTokens, after the changes that others have begun. Throws TokenError when they do not end. */
export async function changeTokensInTurn(file: string, change: (list: readonly TokenEntry[]) => readonly TokenEntry[]): Promise<void> {
  for (const deadlineMs = performance.now() + TURN_WAIT_MS; ; await pause(TURN_LOOK_MS)) {
    try {
      return changeTokens(file, change);
    } catch (error) {
      if (!(error instanceof TokenFileBusy) || performance.now() > deadlineMs) throw error;
    }
  }
}

/** Throws TokenError; the file is as it was then. */
export function changeTokens(file: string, change: (list: readonly TokenEntry[]) => readonly TokenEntry[]): void {
  const fresh = `${file}.new`;
  const descriptor = openFresh(fresh, file);
  try {
    const text = tokensToText(change(readTokens(file)));
    giveToService(descriptor, file);
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
    renameSync(fresh, file);
    syncDirectory(dirname(file));
  } catch (error) {
    rmSync(fresh, { force: true });
    // Of the change, or of reading: its words are a whole line.
    throw error instanceof TokenError ? error : failure(error, "write", file);
  } finally {
    closeSync(descriptor);
  }
}

function openFresh(fresh: string, file: string): number {
  try {
    const earlier = statSync(fresh, { throwIfNoEntry: false });
    if (earlier !== undefined && Date.now() - earlier.mtimeMs > ABANDONED_MS) rmSync(fresh, { force: true });
    return openSync(fresh, "wx", MODE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST")
      throw new TokenFileBusy(`Cannot write ${file}: somebody else is changing it (${fresh}); try again`);
    throw failure(error, "write", file);
  }
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const MENDS: Readonly<Record<string, Readonly<Record<"read" | "write", string>>>> = {
  EACCES: {
    read: "this user may not; it must belong to the user that runs the collector, mode 0600",
    write: "this user may not; do it as root, or as the user that runs the collector",
  },
  ENOENT: {
    read: "its directory does not exist",
    write: "its directory does not exist; make it, for the user that runs the collector",
  },
};

function failure(error: unknown, verb: "read" | "write", file: string): TokenError {
  if (error instanceof TokenError && error.message.startsWith("Cannot ")) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return new TokenError(`Cannot ${verb} ${file}: ${(code === undefined ? undefined : MENDS[code]?.[verb]) ?? code ?? message}`, { cause: error });
}
