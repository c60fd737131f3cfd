/** Whose the files are that root makes for a collector which runs as another user. */
import { fchownSync, statSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";

/**
 * As root: `descriptor`, which is `file` or will replace it, is given to whoever owns the directory, for that is the user who runs the collector; in a directory of
 * root's own to the owner of the file as it was. Anybody else's files are their own already.
 */
export function giveToService(descriptor: number, file: string): void {
  if (process.geteuid?.() !== 0) return;
  const directory = statSync(dirname(file));
  const { uid, gid } = directory.uid === 0 ? (statSync(file, { throwIfNoEntry: false }) ?? directory) : directory;
  fchownSync(descriptor, uid, gid);
}
