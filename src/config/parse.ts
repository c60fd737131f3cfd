/**
 * peers.yaml → frozen Config. The schema is the block of `map({…})` calls below: key, kind, range and the reason of the range in one line each.
 * The first mistake in the order of the file is reported; what must hold between keys, and the peers, are looked at afterwards.
 */
import { agentId } from "./agent-id.ts";
import { addressProblem, isIpLiteral } from "./address.ts";
import type { CollectorConfig, Config, LogLevel } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { readDocument } from "./document.ts";
import { type Range, bitRate, boolean, command, duration, integer, labels, listenAddress, nodeName, path, rate, size, word } from "./fields.ts";
import { INTERVAL_RANGE, readPeers } from "./peers.ts";
import { quote } from "./quote.ts";
import { stretchIntervals } from "./stretch.ts";
import { formatDuration } from "./units.ts";
import type { Value } from "./value.ts";
import { say } from "../phrases/evidence.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
export const LOG_LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];
const MAX_COLLECTORS = 8;
const KEPT: Range = { min: HOUR, max: 3650 * DAY, because: "a report needs an hour at least and nobody asks after ten years" };

export interface ParseOptions {
  /** For messages, and its directory for relative paths. */
  readonly file: string;
  /** `node.name` where none is set. */
  readonly hostName: string;
}

/** Throws ConfigError, and nothing else whatever the text. */
export function parseConfig(text: string, options: ParseOptions): Config {
  const file = path(options.file);
  const root = readDocument(text, options.file).map({
    node: (at) => at.map({ name: nodeName, address: ownAddress, labels }),
    data_dir: file,
    probe: (at) =>
      at.map({
        interval: duration(INTERVAL_RANGE),
        timeout: duration({ min: 100, max: MINUTE, because: "a shorter one calls slow replies lost and a longer one keeps every probe in memory" }),
        max_rate: rate({ min: 1, max: 100_000, because: "less is not probing and more is beyond one core" }),
        dscp: integer({ min: 0, max: 63, because: "the field has 6 bits" }),
      }),
    detect: (at) =>
      at.map({
        window: integer({ min: 5, max: 1000, because: "fewer probes say little and more react late" }),
        lost: integer({ min: 1, max: 1000, because: "it counts probes of detect.window" }),
        clear: integer({ min: 1, max: 10_000, because: "it is how many good probes in a row end a burst" }),
        cooling: duration({ min: 100, max: HOUR, because: "mtr goes on for that long after a burst" }),
        merge: duration({ min: SECOND, max: HOUR, because: "an incident stays open for that long after its last burst" }),
      }),
    mesh: (at) => at.map({ key_file: file }),
    capture: (at) =>
      at.map({
        mtr: boolean,
        names: boolean,
        hourly: integer({ min: 0, max: 60, because: "a full capture takes about a minute" }),
        daily: integer({ min: 0, max: 1440, because: "a full capture takes about a minute" }),
        after: duration({ min: 100, max: HOUR, because: "the trace after a burst belongs to its incident" }),
        after_cycles: integer({ min: 1, max: 1000, because: "it is one sweep a second, and an incident needs one" }),
        baseline: duration({ min: SECOND, max: DAY, because: "routers answer few traces a second, and paths change within a day" }),
      }),
    store: (at) =>
      at.map({
        max_bytes: size({ min: 16e6, max: 16e12, because: "one incident with its evidence must fit" }),
        evidence: duration(KEPT),
        rollups: (rollups) => rollups.map({ "10s": duration(KEPT), "1m": duration(KEPT), "1h": duration(KEPT) }),
      }),
    log: (at) => at.map({ level: word(LOG_LEVELS) }),
    metrics: (at) => at.map({ listen: (place) => listenAddress(place, { example: 9469 }) }),
    hooks: (at) => at.map({ incident: command }),
    trace: (at) => at.map({ allow: word<"peers" | "any">(["peers", "any"]) }),
    peers: (at) => at,
    collector: (at) => (at.isNull ? null : readCollector(at, file)),
  });

  const probe = root.probe?.value;
  const detect = root.detect?.value;
  const capture = root.capture?.value;
  const store = root.store?.value;
  const rollups = store?.rollups?.value;
  const node = {
    name: root.node?.value.name?.value ?? options.hostName,
    address: root.node?.value.address?.value ?? null,
    labels: root.node?.value.labels?.value ?? {},
  };
  if (node.name === "")
    throw new ConfigError("missing", "node.name is not set and the machine has no host name; set node.name", {
      file: options.file,
      line: 1,
      column: 1,
    });
  const intervalMs = probe?.interval?.value ?? 100;
  const maxRate = probe?.max_rate?.value ?? 2000;
  const coolingMs = detect?.cooling?.value ?? 15 * SECOND;
  const mergeMs = detect?.merge?.value ?? MINUTE;
  const window = detect?.window?.value ?? 20;
  const lost = detect?.lost?.value ?? 5;
  const afterMs = capture?.after?.value ?? coolingMs;

  if (lost > window)
    detect?.lost?.at.fail("conflict", `${lost} exceeds detect.window (${window}), so no burst could open; lower it or raise detect.window`);
  requireWithinMerge(detect?.cooling?.at ?? detect?.merge?.at, { key: "detect.cooling", ms: coolingMs, mergeMs });
  requireWithinMerge(capture?.after?.at ?? detect?.merge?.at, { key: "capture.after", ms: afterMs, mergeMs });

  const { peers, own } = readPeers(root.peers?.value ?? null, { node, agentId });
  const wanted = peers.map(({ name, host, intervalMs: own, labels }) => ({ name, host, intervalMs: own ?? intervalMs, labels }));
  const stretched = stretchIntervals(wanted, maxRate);
  const notes: string[] = own.map((peer) => say("ownEntry", { peer: quote(peer.name), n: peer.line }));
  if (peers.length === 0) notes.push(say("noPeers", { file: options.file }));
  if (stretched.note !== null) notes.push(stretched.note);

  return freeze({
    file: options.file,
    node,
    dataDir: root.data_dir?.value ?? "/var/lib/meshprobe",
    probe: { intervalMs, timeoutMs: probe?.timeout?.value ?? 2 * SECOND, maxRate, dscp: probe?.dscp?.value ?? 0 },
    detect: { window, lost, clear: detect?.clear?.value ?? 20, coolingMs, mergeMs },
    mesh: { keyFile: root.mesh?.value.key_file?.value ?? null },
    capture: {
      mtr: capture?.mtr?.value ?? true,
      names: capture?.names?.value ?? true,
      hourly: capture?.hourly?.value ?? 12,
      daily: capture?.daily?.value ?? 60,
      baselineMs: capture?.baseline?.value ?? MINUTE,
      afterMs,
      afterCycles: capture?.after_cycles?.value ?? 100,
    },
    store: {
      maxBytes: store?.max_bytes?.value ?? 2e9,
      evidenceMs: store?.evidence?.value ?? 365 * DAY,
      rollups: {
        tenSecondsMs: rollups?.["10s"]?.value ?? 7 * DAY,
        minuteMs: rollups?.["1m"]?.value ?? 30 * DAY,
        hourMs: rollups?.["1h"]?.value ?? 365 * DAY,
      },
    },
    log: { level: root.log?.value.level?.value ?? "info" },
    metrics: root.metrics?.value.listen?.value ?? null,
    hooks: { incident: root.hooks?.value.incident?.value ?? null },
    trace: { allow: root.trace?.value.allow?.value ?? "peers" },
    peers: stretched.peers,
    collector: root.collector?.value ?? null,
    notes,
  });
}

/** It is compared with the addresses of peers and printed in reports; what a name stands for may change. */
function ownAddress(value: Value): string {
  const text = value.text();
  const problem = isIpLiteral(text) ? addressProblem(text) : "is not an IP address; write one of this node's own addresses or remove the line";
  return problem === null ? text : value.fail("address", `${quote(text)} ${problem}`);
}

/** An incident must not close before its own last evidence. `at` is the key, or detect.merge where the key has its default. */
function requireWithinMerge(at: Value | undefined, options: { readonly key: string; readonly ms: number; readonly mergeMs: number }): void {
  const { key, ms, mergeMs } = options;
  if (ms <= mergeMs || at === undefined) return;
  const subject = at.path === key ? formatDuration(ms) : `${key} (${formatDuration(ms)})`;
  at.fail("conflict", `${subject} exceeds detect.merge (${formatDuration(mergeMs)}), which closes the incident; lower ${key} or raise detect.merge`);
}

function readCollector(at: Value, file: (value: Value) => string): CollectorConfig {
  const fields = at.map({
    url: (url) => (url.isList ? url.list({ max: MAX_COLLECTORS, because: "each keeps a queue of its own" }) : [url]).map(collectorUrl),
    token_file: file,
    ca_file: file,
    cert_file: file,
    key_file: file,
    rate: bitRate({ min: 8e3, max: 100e9, because: "slower never catches up with one incident" }),
  });
  if (fields.url === undefined || fields.url.value.length === 0)
    at.fail("missing", "has no url; add one like https://collector.example:8443, or remove collector");
  if ((fields.cert_file === undefined) !== (fields.key_file === undefined)) {
    const [here, other] = fields.cert_file === undefined ? ["key_file", "cert_file"] : ["cert_file", "key_file"];
    at.fail("missing", `has ${here} without ${other}; a client certificate takes both`);
  }
  return {
    urls: fields.url.value,
    tokenFile: fields.token_file?.value ?? null,
    caFile: fields.ca_file?.value ?? null,
    certFile: fields.cert_file?.value ?? null,
    keyFile: fields.key_file?.value ?? null,
    rate: fields.rate?.value ?? 1e6,
  };
}

function collectorUrl(value: Value): string {
  const text = value.text();
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    value.fail("type", `${quote(text)} is not a web address; write it like https://collector.example:8443`);
  if (url.username !== "" || url.password !== "") value.fail("type", "a password does not belong in the address; use collector.token_file");
  return text;
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}
