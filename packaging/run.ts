/** A program of the system, run to its end; what it prints is returned, and any failure is thrown with its last words. */
import { spawnSync } from "node:child_process";
import process from "node:process";

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export function run(program: string, args: readonly string[], options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}): string {
  // Sorting and messages must not depend on the builder's language or zone.
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC", ...options.env };
  const done = spawnSync(program, args, { encoding: "utf8", maxBuffer: MAX_OUTPUT_BYTES, ...options, env });
  if (done.error !== undefined) throw new Error(`${program}: ${done.error.message}`, { cause: done.error });
  if (done.status !== 0) throw new Error(`${program} ${args[0] ?? ""} exited with ${done.status ?? done.signal}: ${done.stderr.trim()}`);
  return done.stdout;
}
