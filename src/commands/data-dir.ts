/** Where the data lies: --data-dir, or what a configuration names. */
import type { World } from "./command.ts";

export interface DataDirOptions {
  readonly dataDir: string | undefined;
  readonly config: string;
}

/** Throws ConfigError for a configuration that cannot be used. */
export async function dataDirOf({ dataDir, config }: DataDirOptions, world: World): Promise<string> {
  if (dataDir !== undefined) return dataDir;
  const { loadConfig } = await import("../config/load.ts");
  return loadConfig(config, { hostName: world.hostName }).dataDir;
}

/** Minutes east of UTC where this process is. */
export function localZone(ms: number): number {
  return -new Date(ms).getTimezoneOffset();
}
