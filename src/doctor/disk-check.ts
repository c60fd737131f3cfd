/** Whether the disk has room for what the configuration allows the agent to keep. */
import { join } from "node:path";
import { nearestDirectory } from "./file-checks.ts";
import { fail, ok, type Verdict, warn } from "./finding.ts";
import { say } from "./phrases.ts";
import type { System } from "./system.ts";

/** What the agent may have written there already. */
const OWN_FILES: readonly string[] = ["evidence.db", "evidence.db-wal", "metrics.db", "metrics.db-wal", "ballast"];
/** Below this even one incident with its evidence may not fit (the smallest store.max_bytes). */
const LEAST_BYTES = 16e6;

export function checkDisk(system: System, { dir, maxBytes }: { readonly dir: string; readonly maxBytes: number }): Verdict {
  const place = nearestDirectory(system, dir);
  const free = system.freeBytes(place);
  if (free === null) return warn(say("spaceUnknown", { place }), say("asRoot"));
  const used = OWN_FILES.reduce((sum, name) => sum + (system.file(join(dir, name))?.bytes ?? 0), 0);
  const toCome = Math.max(0, maxBytes - used);
  const words = say("space", { free: megabytes(free), place, max: megabytes(maxBytes), used: megabytes(used) });
  if (free < Math.min(LEAST_BYTES, toCome)) return fail(words, say("freeForEvidence"));
  return free < toCome ? warn(words, say("freeOrLower")) : ok(words);
}

function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
