/** Programs of the system that are asked for what no file tells, for one second; then they are killed. */
import { execFile } from "node:child_process";
import { toolEnvironment } from "../tool-environment.ts";

/** They only read tables of the kernel; one that takes longer is stuck. */
const LIMIT_MS = 1_000;
/** Neighbours of a large network, some ten thousand of them. */
const MAX_OUTPUT_BYTES = 1024 * 1024;

export type RunTool = (file: string, args: readonly string[], signal: AbortSignal) => Promise<string | null>;

/** What it printed; null when it is missing, failed, took too long or said too much. Never rejects. */
export function runTool(file: string, args: readonly string[], signal: AbortSignal, limitMs: number = LIMIT_MS): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  try {
    execFile(file, args, { env: toolEnvironment(), signal, timeout: limitMs, killSignal: "SIGKILL", maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout) =>
      resolve(error === null ? stdout : null),
    );
  } catch {
    // No process could be made at all (EAGAIN, EMFILE).
    resolve(null);
  }
  return promise;
}
