/**
 * The configuration file → Config. The key and token files, and the program of a hook, are only looked at, not read, and only as root: a reader of reports may not
 * even see them, and whoever needs one says so when it is missing.
 */
import { hostname } from "node:os";
import type { Config } from "./config.ts";
import { parseConfig } from "./parse.ts";
import { readSafeText, requireSafeOther } from "./safe-file.ts";

export interface LoadOptions {
  /** Default: the machine's. */
  readonly hostName?: string;
  /** Effective user id; default: the process's. The checks on owner and mode are made for 0 only. */
  readonly uid?: number;
}

/** Throws ConfigError for everything that is wrong with the file or in it. */
export function loadConfig(file: string, options: LoadOptions = {}): Config {
  const uid = options.uid ?? process.geteuid?.() ?? 0;
  const config = parseConfig(readSafeText(file, { uid }), { file, hostName: options.hostName ?? hostname() });
  if (uid === 0)
    for (const other of [config.mesh.keyFile, config.collector?.tokenFile, config.collector?.keyFile, config.hooks.incident?.[0]])
      if (other != null) requireSafeOther(other);
  return config;
}
