/** What `meshprobe collector` does: the configuration, the log, the store, and then the collector until it is told to stop. */
import { once } from "node:events";
import process from "node:process";
import type { Logger } from "pino";
import { Collector } from "../collector/collector.ts";
import { exposedSecrets, loadCollectorConfig } from "../collector/config/load.ts";
import { ListenError } from "../collector/http/listener.ts";
import { TlsFileError } from "../collector/http/tls-files.ts";
import { ReaderThread } from "../collector/reader/reader-thread.ts";
import { openStore } from "../collector/store/open-store.ts";
import { type CollectorStore, StoreRefused, StoreUnavailable } from "../collector/store/port.ts";
import { TokenError } from "../collector/tokens/token-list.ts";
import { createLog } from "../log.ts";
import { openNotifySocket, watchdogMs } from "../service/notify-socket.ts";
import { ServiceVoice } from "../service/service-voice.ts";
import { takeTurn } from "../service/start-turn.ts";
import { VERSION } from "../version.ts";
import type { World } from "./command.ts";

/** A third of what the watchdog wants, and as old as the status may be. */
const ALIVE_MS = 2_000;

/**
 * Returns the exit code. A database that is not there ends the start, also at boot: whoever types `systemctl start` reads the reason at once instead of waiting for
 * a time-out, and systemd starts it again, with longer and longer waits between (start-delay.ts), until the database is there.
 */
export async function runCollector(file: string, world: World): Promise<number> {
  const settings = loadCollectorConfig(file);
  const log = createLog({ level: settings.log.level, write: world.stdout, pretty: world.isTty });
  for (const note of exposedSecrets(settings)) log.warn(note);
  // Its configuration is read once; a hang-up must not end it.
  world.onHangup(() => log.info("nothing is read again at SIGHUP: tokens and certificates are taken by themselves, all else needs a restart"));
  const notify = openNotifySocket(world.env);
  const voice = new ServiceVoice({ notify, watchdogMs: watchdogMs(world.env, process.pid), nowMs: () => performance.now(), log });
  const start = await takeTurn({ env: world.env, signal: world.signal, log });
  if (world.signal.aborted) return 0;
  let store: CollectorStore | null = null;
  try {
    store = await openStore(settings.store);
    const reader = new ReaderThread({ store: settings.store, log });
    const collector = new Collector({ settings, store, reading: reader.endpoints, log, version: VERSION });
    try {
      await serve(collector, { world, log, voice });
    } finally {
      await reader.stop();
    }
    start?.endedWell();
    return 0;
  } catch (error) {
    if (!isExpected(error)) throw error;
    await store?.close().catch(() => {});
    world.stderr(`meshprobe collector: ${error.message}\n`);
    return 3;
  }
}

interface Surroundings {
  readonly world: World;
  readonly log: Logger;
  readonly voice: ServiceVoice;
}

async function serve(collector: Collector, { world, log, voice }: Surroundings): Promise<void> {
  await collector.start();
  voice.ready(collector.status);
  // Requests, TLS and reports are all at work on this one thread: what hangs there keeps the timer from coming. SQLite's thread is watched by sqlite-thread.ts.
  const pulse = setInterval(() => voice.alive(collector.status), ALIVE_MS);
  if (!world.signal.aborted) await once(world.signal, "abort");
  voice.stopping();
  clearInterval(pulse);
  log.info("the collector stops: what is at work is finished first");
  await collector.stop();
  log.info("the collector has stopped");
}

/** What somebody can mend: files, addresses, the database. */
function isExpected(error: unknown): error is Error {
  return [TokenError, TlsFileError, StoreRefused, StoreUnavailable, ListenError].some((known) => error instanceof known);
}
