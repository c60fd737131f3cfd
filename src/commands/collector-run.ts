/** What `meshprobe collector` does: the configuration, the log, the store, and then the collector until it is told to stop. */
import { once } from "node:events";
import type { Logger } from "pino";
import { Collector } from "../collector/collector.ts";
import { exposedSecrets, loadCollectorConfig } from "../collector/config/load.ts";
import { TlsFileError } from "../collector/http/tls-files.ts";
import { createReports } from "../collector/reports/reports.ts";
import { openStore } from "../collector/store/open-store.ts";
import { type CollectorStore, StoreRefused, StoreUnavailable } from "../collector/store/port.ts";
import { TokenError } from "../collector/tokens/token-list.ts";
import { createLog } from "../log.ts";
import { VERSION } from "../version.ts";
import type { World } from "./command.ts";

/** Returns the exit code. */
export async function runCollector(file: string, world: World): Promise<number> {
  const settings = loadCollectorConfig(file);
  const log = createLog({ level: settings.log.level, write: world.stdout, pretty: world.isTty });
  for (const note of exposedSecrets(settings)) log.warn(note);
  // Its configuration is read once; a hang-up must not end it.
  world.onHangup(() => log.info("nothing is read again at SIGHUP: tokens and certificates are taken by themselves, all else needs a restart"));
  let store: CollectorStore | null = null;
  try {
    store = await openStore(settings.store);
    const collector = new Collector({ settings, store, reports: createReports(store, world.now), log, version: VERSION });
    return await serve(collector, { world, log });
  } catch (error) {
    if (!isExpected(error)) throw error;
    await store?.close().catch(() => {});
    world.stderr(`meshprobe collector: ${error.message}\n`);
    return 3;
  }
}

async function serve(collector: Collector, { world, log }: { readonly world: World; readonly log: Logger }): Promise<number> {
  await collector.start();
  if (!world.signal.aborted) await once(world.signal, "abort");
  log.info("the collector stops: what is at work is finished first");
  await collector.stop();
  log.info("the collector has stopped");
  return 0;
}

/** What somebody can mend: files, addresses, the database. */
function isExpected(error: unknown): error is Error {
  if ([TokenError, TlsFileError, StoreRefused, StoreUnavailable].some((known) => error instanceof known)) return true;
  return error instanceof Error && (error as NodeJS.ErrnoException).syscall === "listen";
}
