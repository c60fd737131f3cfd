/** collector.yaml → frozen CollectorSettings, with the readers and the errors of peers.yaml: the first mistake in the order of the file, with its line and column. */
import { readDocument } from "../../config/document.ts";
import { duration, listenAddress, path, word, type Range } from "../../config/fields.ts";
import { LOG_LEVELS } from "../../config/parse.ts";
import { quote } from "../../config/quote.ts";
import type { Value } from "../../config/value.ts";
import type { CollectorSettings, ListenConfig, RetentionConfig, TlsConfig } from "./collector-config.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** One for each network that nodes come from is more than anybody has. */
const MAX_LISTEN = 8;
const MAX_URL_CHARACTERS = 1024;
const KEPT: Range = { min: HOUR_MS, max: 3650 * DAY_MS, because: "a report needs an hour at least and nobody asks after ten years" };

const EMPTY = "nothing is configured; write at least `listen: 127.0.0.1:8443`, or start from the collector.yaml that ships with meshprobe";

export const DEFAULTS: Pick<CollectorSettings, "listen" | "store" | "tokensFile" | "retention"> = {
  listen: [{ address: "127.0.0.1", port: 8443 }],
  store: "sqlite:/var/lib/meshprobe-collector/collector.db",
  tokensFile: "/var/lib/meshprobe-collector/tokens.json",
  retention: { evidenceMs: 365 * DAY_MS, samplesMs: 90 * DAY_MS, rollupsMs: 30 * DAY_MS },
};

/** Throws ConfigError, and nothing else whatever the text. `file` is for messages, and its directory for relative paths. */
export function parseCollectorConfig(text: string, file: string): CollectorSettings {
  const readPath = path(file);
  const root = readDocument(text, file, EMPTY).map({
    listen: readListen,
    tls: (at) => (at.isNull ? null : readTls(at, readPath)),
    store: (at) => readStore(at, readPath),
    tokens_file: readPath,
    retention: readRetention,
    log: (at) => at.map({ level: word(LOG_LEVELS) }),
  });
  const settings: CollectorSettings = {
    file,
    listen: root.listen?.value ?? DEFAULTS.listen,
    tls: root.tls?.value ?? null,
    store: root.store?.value ?? DEFAULTS.store,
    tokensFile: root.tokens_file?.value ?? DEFAULTS.tokensFile,
    retention: root.retention?.value ?? DEFAULTS.retention,
    log: { level: root.log?.value.level?.value ?? "info" },
  };
  for (const part of [settings, settings.listen, settings.tls, settings.retention, settings.log]) if (part !== null) Object.freeze(part);
  return settings;
}

function readListen(at: Value): readonly ListenConfig[] {
  const places = at.isList ? at.list({ max: MAX_LISTEN, because: "each is a socket of its own" }) : [at];
  if (places.length === 0) at.fail("missing", "is empty; write an address and port, like 0.0.0.0:8443");
  const seen = new Set<string>();
  return places.map((place) => {
    const text = place.text();
    if (seen.has(text)) place.fail("conflict", `${quote(text)} stands here twice; remove one`);
    seen.add(text);
    return listenAddress(place, { example: 8443 });
  });
}

function readTls(at: Value, readPath: (value: Value) => string): TlsConfig {
  const fields = at.map({ cert_file: readPath, key_file: readPath, client_ca_file: readPath });
  if (fields.cert_file === undefined || fields.key_file === undefined)
    return at.fail("missing", `has no ${fields.cert_file === undefined ? "cert_file" : "key_file"}; add it, or remove tls to serve plain http`);
  return { certFile: fields.cert_file.value, keyFile: fields.key_file.value, clientCaFile: fields.client_ca_file?.value ?? null };
}

function readStore(at: Value, readPath: (value: Value) => string): string {
  const text = at.text();
  if (text.length > MAX_URL_CHARACTERS) at.fail("type", `is longer than ${MAX_URL_CHARACTERS} characters; shorten it`);
  if (text.startsWith("sqlite:")) {
    if (text.startsWith("sqlite://")) at.fail("type", `${quote(text)} has slashes of a web address; write sqlite:/path/to/collector.db`);
    return `sqlite:${readPath(at.behind("sqlite:"))}`;
  }
  const url = URL.parse(text);
  if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol) || url.pathname.length < 2)
    at.fail("type", `is no store (${quote(text.replace(/\/\/.*@/, "//…@"))}); write sqlite:/path/to/collector.db or postgres://user@host/database`);
  return text;
}

/** One duration for all of it, or a map. What is left out of a map has its default. */
function readRetention(at: Value): RetentionConfig {
  const kept = duration(KEPT);
  if (at.isNull) return DEFAULTS.retention;
  if (!at.isMap) {
    const ms = kept(at);
    return { evidenceMs: ms, samplesMs: ms, rollupsMs: ms };
  }
  const fields = at.map({ evidence: kept, samples: kept, rollups: kept });
  const evidenceMs = fields.evidence?.value ?? DEFAULTS.retention.evidenceMs;
  if (fields.samples !== undefined && fields.samples.value > evidenceMs)
    fields.samples.at.fail("conflict", "is longer than retention.evidence, whose incidents they belong to; lower it or raise retention.evidence");
  return {
    evidenceMs,
    samplesMs: fields.samples?.value ?? Math.min(DEFAULTS.retention.samplesMs, evidenceMs),
    rollupsMs: fields.rollups?.value ?? DEFAULTS.retention.rollupsMs,
  };
}
