/**
 * collector.yaml → CollectorSettings. As root the file, the private key and the tokens must be nobody else's to write; the tokens and the key moreover nobody
 * else's to read, which is a note in the log and no reason to stay down.
 */
import { statSync } from "node:fs";
import { readSafeText, requireSafeOther } from "../../config/safe-file.ts";
import type { CollectorSettings } from "./collector-config.ts";
import { parseCollectorConfig } from "./parse.ts";

const NOT_FOUND =
  "does not exist; create it (a commented collector.yaml ships with meshprobe, in its doc directory) or name another with --config FILE";

/** Throws ConfigError for everything that is wrong with the file or in it. `uid`: effective user id, default the process's. */
export function loadCollectorConfig(file: string, uid: number = process.geteuid?.() ?? 0): CollectorSettings {
  const settings = parseCollectorConfig(readSafeText(file, { uid, notFound: NOT_FOUND }), file);
  if (uid === 0)
    for (const secret of [settings.tls?.keyFile, settings.tls?.certFile, settings.tls?.clientCaFile]) if (secret != null) requireSafeOther(secret);
  return settings;
}

/** One sentence for each secret that every user of this machine may read. */
export function exposedSecrets(settings: CollectorSettings): string[] {
  const holdsPassword = /^postgres(?:ql)?:\/\/[^/]*:[^/]*@/.test(settings.store);
  const secrets = [settings.tls?.keyFile, settings.tokensFile, ...(holdsPassword ? [settings.file] : [])];
  return secrets.flatMap((file) => {
    const stats = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
    return stats === undefined || (stats.mode & 0o004) === 0 ? [] : [`${file} may be read by every user of this machine; chmod o-r ${file}`];
  });
}
