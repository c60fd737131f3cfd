/** Whether the disk has room for what the configuration allows the agent to keep. */
import { join } from "node:path";
import { nearestDirectory } from "./file-checks.ts";
import { fail, ok, type Verdict, warn } from "./finding.ts";
import type { System } from "./system.ts";

/** What the agent may have written there already. */
const OWN_FILES: readonly string[] = ["evidence.db", "evidence.db-wal", "metrics.db", "metrics.db-wal", "ballast"];
/** Below this even one incident with its evidence may not fit (the smallest store.max_bytes). */
const LEAST_BYTES = 16e6;

export function checkDisk(system: System, { dir, maxBytes }: { readonly dir: string; readonly maxBytes: number }): Verdict {
  const place = nearestDirectory(system, dir);
  const free = system.freeBytes(place);
  if (free === null) return warn(`unknown: the free space of ${place} cannot be read`, "run the doctor as root");
  const used = OWN_FILES.reduce((sum, name) => sum + (system.file(join(dir, name))?.bytes ?? 0), 0);
  const toCome = Math.max(0, maxBytes - used);
  const words = `${megabytes(free)} free at ${place}; store.max_bytes is ${megabytes(maxBytes)}, ${megabytes(used)} of it used`;
  if (free < Math.min(LEAST_BYTES, toCome)) return fail(words, "free some space: no new evidence fits");
  return free < toCome ? warn(words, "free some space, or lower store.max_bytes") : ok(words);
}

function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
