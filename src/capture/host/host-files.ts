/** Small files of /proc and /sys, read at once and up to a limit: on a router with a million routes nobody waits for the last one. */
import { closeSync, openSync, readSync } from "node:fs";

/** A thousand routes, five hundred interfaces. */
const MAX_BYTES = 128 * 1024;

export type ReadFile = (path: string) => string | null;

/** Null when the file cannot be read, for whatever reason. What is beyond the limit is left out, whole lines at a time. */
export function hostFiles(maxBytes: number = MAX_BYTES): ReadFile {
  const buffer = Buffer.alloc(maxBytes);
  return (path) => {
    try {
      const file = openSync(path, "r");
      try {
        const length = fill(file, buffer);
        return buffer.toString("utf8", 0, length < maxBytes ? length : buffer.lastIndexOf("\n") + 1);
      } finally {
        closeSync(file);
      }
    } catch {
      return null;
    }
  };
}

/** These files come a page at a time, and say 0 for their size. */
function fill(file: number, buffer: Buffer): number {
  let length = 0;
  while (length < buffer.length) {
    const got = readSync(file, buffer, length, buffer.length - length, null);
    if (got === 0) break;
    length += got;
  }
  return length;
}
