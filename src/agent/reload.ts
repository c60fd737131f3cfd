/**
 * Applies the configuration file to a running agent. Only the peers may be others (and the log's level): everything else is made once, and a file that changes
 * it is refused as a whole, for half a file is worse than the old one.
 *
 * The wire is never restarted for this. It is told the new peers, goes on with those that are as they were, and says when it has changed: what it said
 * before that is of the old peers, so only then do the desks change theirs.
 */
import { ConfigError } from "../config/config-error.ts";
import type { Config, PeerConfig } from "../config/config.ts";
import { restartKeys } from "../config/restart-keys.ts";
import { ControlFailure } from "../control/protocol.ts";
import type { ReloadResult } from "../control/reload-result.ts";
import type { FactLog } from "../fact-log.ts";

/** A wire that does not answer by then hangs; it will be started again with what was ordered. */
const PATIENCE_MS = 5_000;

export interface PeerChange {
  /** Names that are not probed any more, or are somebody else's now. */
  readonly gone: readonly string[];
  /** New, or others under the same name. */
  readonly come: readonly PeerConfig[];
}

export interface ReloadPorts {
  /** Throws ConfigError. */
  readonly read: () => Config;
  readonly current: () => Config;
  /** Tells the wire. False when there is none that would answer. */
  readonly order: (config: Config) => boolean;
  readonly apply: (config: Config, change: PeerChange) => void;
  readonly log: Pick<FactLog, "info">;
}

export class Reload {
  readonly #ports: ReloadPorts;
  #waiting: (() => void) | null = null;

  constructor(ports: ReloadPorts) {
    this.#ports = ports;
  }

  /** The wire has changed its peers, or is gone. */
  done(): void {
    this.#waiting?.();
  }

  /** Throws ControlFailure; then nothing has changed. */
  async run(): Promise<ReloadResult> {
    const { read, current, order, apply, log } = this.#ports;
    if (this.#waiting !== null) throw new ControlFailure("busy", "the configuration is being applied already; try again");
    const before = current();
    const config = wanted(read);
    const fixed = restartKeys(before, config);
    if (fixed.length > 0)
      throw new ControlFailure(
        "config",
        `${config.file}: ${fixed.join(", ")} cannot change while the agent runs; restart it, or take the change back (nothing was applied)`,
      );
    const result = compare(before, config);
    const others = new Set([...result.added, ...result.changed]);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = resolve;
    const timer = setTimeout(resolve, PATIENCE_MS);
    try {
      if (order(config)) await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting = null;
    }
    apply(config, { gone: [...result.removed, ...result.changed], come: config.peers.filter(({ name }) => others.has(name)) });
    const { unchanged, added, removed, changed } = result;
    log.info({ unchanged, added: added.length, removed: removed.length, changed: changed.length }, "configuration applied");
    return result;
  }
}

function wanted(read: () => Config): Config {
  try {
    return read();
  } catch (error) {
    throw error instanceof ConfigError ? new ControlFailure("config", error.message) : error;
  }
}

function compare(before: Config, after: Config): ReloadResult {
  const old = new Map(before.peers.map((peer) => [peer.name, peer]));
  const names = new Set(after.peers.map(({ name }) => name));
  const added: string[] = [];
  const changed: string[] = [];
  for (const { name, host, intervalMs } of after.peers) {
    const same = old.get(name);
    if (same === undefined) added.push(name);
    else if (same.host !== host || same.intervalMs !== intervalMs) changed.push(name);
  }
  const removed = before.peers.map(({ name }) => name).filter((name) => !names.has(name));
  return { unchanged: after.peers.length - added.length - changed.length, added, removed, changed, notes: after.notes };
}
