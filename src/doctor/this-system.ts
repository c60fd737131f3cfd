/** The machine that we run on. Programs get five seconds. */
import { execFile } from "node:child_process";
import { readFileSync, readlinkSync, statfsSync, statSync } from "node:fs";
import { toolEnvironment } from "../capture/tool-environment.ts";
import type { FileFacts, System, ToolEnd } from "./system.ts";

/** mtr with one cycle takes 2.2 s (measured); what takes longer than this is stuck. */
const LIMIT_MS = 5_000;
const MAX_OUTPUT_BYTES = 256 * 1024;
const PERMISSIONS = 0o7777;

export const THIS_SYSTEM: System = {
  readFile: (path) => orNull(() => readFileSync(path, "utf8")),
  readLink: (path) => orNull(() => readlinkSync(path)),
  file: (path) => orNull(() => facts(path)),
  freeBytes: (directory) =>
    orNull(() => {
      const disk = statfsSync(directory);
      return disk.bavail * disk.bsize;
    }),
  run,
};

function facts(path: string): FileFacts {
  const stats = statSync(path);
  const kind = stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "other";
  return { kind, uid: stats.uid, gid: stats.gid, mode: stats.mode & PERMISSIONS, bytes: stats.size };
}

/** "Not there" and "not for us" are answers here, not errors. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function run(program: string, args: readonly string[]): Promise<ToolEnd> {
  const { promise, resolve } = Promise.withResolvers<ToolEnd>();
  const options = { env: toolEnvironment(), timeout: LIMIT_MS, killSignal: "SIGKILL", maxBuffer: MAX_OUTPUT_BYTES } as const;
  execFile(program, args, options, (error, stdout, stderr) => {
    if (error === null) return resolve({ kind: "ended", exitCode: 0, stdout, stderr });
    if (error.code === "ENOENT") return resolve({ kind: "missing" });
    if (error.killed === true) return resolve({ kind: "slow" });
    resolve({ kind: "ended", exitCode: typeof error.code === "number" ? error.code : -1, stdout, stderr: stderr === "" ? error.message : stderr });
  });
  return promise;
}
