/**
 * Where the agent's socket is: in the runtime directory that systemd gives the service, else in the data directory. A client is no part of the service and does
 * not know which, so it tries both; that it reached the agent it meant is settled by the data directory, which every request names.
 */
import { join } from "node:path";
import { ConfigError } from "../config/config-error.ts";

const SOCKET = "meshprobe.sock";
/** `RuntimeDirectory=meshprobe` of the unit. */
const SERVICE_DIRECTORY = "/run/meshprobe";
/** The kernel takes 107 bytes (unix(7)); the agent needs a few more than the name for the moment in which it puts the socket in place. */
export const MAX_PATH_BYTES = 100;

type Env = Readonly<Record<string, string | undefined>>;

/** Where the agent listens. Throws ConfigError when the kernel could not take the path. */
export function socketPath(config: { readonly dataDir: string; readonly file: string }, env: Env): string {
  const runtime = runtimeDirectory(env);
  const path = join(runtime ?? config.dataDir, SOCKET);
  const bytes = Buffer.byteLength(path);
  if (bytes <= MAX_PATH_BYTES) return path;
  const subject = runtime === null ? "data_dir" : "$RUNTIME_DIRECTORY";
  const place = { file: config.file, line: null, column: null };
  throw new ConfigError("range", `${subject}: ${path} has ${bytes} bytes, and a socket's path ${MAX_PATH_BYTES} at most; use a shorter one`, place);
}

/** Where a client looks for the agent of a data directory, in this order. */
export function clientPaths(dataDir: string, env: Env): string[] {
  const runtime = runtimeDirectory(env);
  const directories = [...(runtime === null ? [] : [runtime]), dataDir, SERVICE_DIRECTORY];
  return [...new Set(directories.map((directory) => join(directory, SOCKET)))].filter((path) => Buffer.byteLength(path) <= MAX_PATH_BYTES);
}

/** systemd separates several by colons; the first is the service's own. */
function runtimeDirectory(env: Env): string | null {
  const [first = ""] = (env["RUNTIME_DIRECTORY"] ?? "").split(":");
  return first.startsWith("/") ? first : null;
}
