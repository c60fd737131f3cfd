/**
 * The order of the checks: from the file that is read first to the peers at the other end. What takes time (mtr, the clock, the peers) is begun at once and told
 * in its turn. Nothing is changed, and no packet leaves this host while an agent runs: what it has stored says more than one more echo request.
 */
import { withoutOwnAddresses } from "../config/own-addresses.ts";
import type { Config, PeerConfig } from "../config/config.ts";
import type { Said } from "../phrases/phrase.ts";
import { RECEIVE_BUFFER_BYTES } from "../wire/socket/receive-buffer.ts";
import { checkClock } from "./clock-check.ts";
import { checkDisk } from "./disk-check.ts";
import { checkCollector } from "./collector-check.ts";
import { checkCertificate, checkConfigFile, checkDataDir, checkSecret } from "./file-checks.ts";
import { type Finding, type Verdict, warn } from "./finding.ts";
import { checkCapability, checkEcho, checkMtr, checkNamespace, checkReceiveBuffer } from "./host-checks.ts";
import { say, sayCheck } from "./phrases.ts";
import { type AskedPeer, askedPeers, storedPeers } from "./peers-check.ts";
import { findRunner, type Runner } from "./runner.ts";
import type { Stored } from "./stored.ts";
import type { System } from "./system.ts";
import type { Trial } from "../sync/trial.ts";

export interface DoctorPorts {
  readonly system: System;
  readonly stored: Stored;
  readonly nowMs: () => number;
  /** Asks each peer once. The errno where no raw socket could be opened. Never rejects. */
  readonly ask: (peers: readonly PeerConfig[]) => Promise<readonly AskedPeer[] | { readonly errno: string }>;
  /** Sends an empty delivery to each address of the collector. Never rejects because of the network. */
  readonly askCollector: (config: Pick<Config, "collector" | "node">) => Promise<readonly Trial[]>;
}

/** One finding after the other, in the order in which they are to be read. */
export async function* examine(whole: Config, ports: DoctorPorts): AsyncGenerator<Finding> {
  const { system, stored } = ports;
  const config = withoutOwnAddresses(whole, () => {});
  const pid = stored.agentPid(config.dataDir);
  const mtr = checkMtr(system, { wanted: config.capture.mtr });
  const clock = checkClock(system);
  const peers = pid === null ? ports.ask(config.peers) : null;
  const collector = ports.askCollector(config);
  const runner = await findRunner(system, pid);
  yield named(sayCheck("configuration"), checkConfigFile(system, { file: config.file, runner }));
  for (const [check, file] of secrets(config)) yield named(check, checkSecret(system, { file, runner }));
  for (const [check, file] of certificates(config)) yield named(check, checkCertificate(system, { file, runner }));
  yield named(sayCheck("dataDir"), checkDataDir(system, { file: config.dataDir, runner }));
  yield* hostFindings(system, { runner, mtr, clock, probesPerSecond: config.peers.reduce((sum, peer) => sum + 1000 / peer.intervalMs, 0) });
  yield named(sayCheck("disk"), checkDisk(system, { dir: config.dataDir, maxBytes: config.store.maxBytes }));
  yield* peers === null ? fromStore(stored, config, ports.nowMs()) : fromAsking(await peers);
  for (const trial of await collector) yield named(sayCheck("collector"), checkCollector(trial));
  // Last, since it reads every page.
  yield named(sayCheck("database"), stored.database(config.dataDir));
}

/** What can be said without a configuration. */
export async function* examineHost(system: System): AsyncGenerator<Finding> {
  const runner = await findRunner(system, null);
  yield* hostFindings(system, { runner, mtr: checkMtr(system, { wanted: true }), clock: checkClock(system), probesPerSecond: 0 });
}

interface HostOptions {
  readonly runner: Runner;
  readonly mtr: Promise<Verdict>;
  readonly clock: Promise<Verdict>;
  readonly probesPerSecond: number;
}

async function* hostFindings(system: System, { runner, mtr, clock, probesPerSecond }: HostOptions): AsyncGenerator<Finding> {
  yield named(sayCheck("capability"), checkCapability(runner));
  yield named(sayCheck("network"), checkNamespace(system, runner.pid));
  yield named(sayCheck("kernel"), checkEcho(system));
  yield named(sayCheck("buffer"), checkReceiveBuffer(system, { wantedBytes: RECEIVE_BUFFER_BYTES, probesPerSecond }));
  yield named(sayCheck("mtr"), await mtr);
  yield named(sayCheck("clock"), await clock);
}

function secrets({ mesh, collector }: Config): readonly (readonly [check: Said, file: string])[] {
  const all = [
    [sayCheck("meshKey"), mesh.keyFile],
    [sayCheck("token"), collector?.tokenFile ?? null],
    [sayCheck("privateKey"), collector?.keyFile ?? null],
  ] as const;
  return all.flatMap(([check, file]) => (file === null ? [] : [[check, file] as const]));
}

function certificates({ collector }: Config): readonly (readonly [check: Said, file: string])[] {
  const all = [
    [sayCheck("authority"), collector?.caFile ?? null],
    [sayCheck("certificate"), collector?.certFile ?? null],
  ] as const;
  return all.flatMap(([check, file]) => (file === null ? [] : [[check, file] as const]));
}

function fromStore(stored: Stored, config: Config, nowMs: number): readonly Finding[] {
  const peers = stored.peers(config.dataDir, nowMs);
  const wanted = new Set(config.peers.map((peer) => peer.name));
  if (peers === null) return [named(sayCheck("peers"), warn(say("storedUnknown"), say("asRoot")))];
  return storedPeers(
    peers.filter((peer) => wanted.has(peer.name)),
    nowMs,
  );
}

function fromAsking(asked: readonly AskedPeer[] | { readonly errno: string }): readonly Finding[] {
  if (!("errno" in asked)) return askedPeers(asked);
  return [named(sayCheck("peers"), warn(say("notAsked", { errno: asked.errno }), say("asRoot")))];
}

function named(check: Said, verdict: Verdict): Finding {
  return { check, ...verdict };
}
