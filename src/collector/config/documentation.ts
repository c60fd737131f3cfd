/**
 * What each key of collector.yaml means: the one source of meshprobe-collector(5) and of the comments in config/collector.yaml (`npm run docs` writes both). A test
 * walks the keys that the parser knows, and holds every range and default against it.
 */
import type { KeyText, SectionText } from "../../config/key-text.ts";

const KEPT: readonly [min: string, max: string] = ["1h", "3650d"];

export const LISTEN: KeyText = {
  key: "listen",
  what: "Address and port to listen on, or a list of up to 8",
  value: "address and port, or list",
  default: "127.0.0.1:8443",
  more: "Anything but loopback wants tls: without it tokens and evidence can be read and changed on the way. The log and `meshprobe doctor` of the nodes say so.",
};

export const TLS: SectionText = {
  section: "tls",
  intro:
    "https. Without it plain http is spoken. The three files are read again within a minute when they change, so that a renewed certificate needs no restart.",
  isExample: true,
  keys: [
    {
      key: "cert_file",
      what: "Certificate of the collector, PEM, with those in between up to the authority that the nodes know as collector.ca_file",
      value: "path",
      default: null,
      defaultWords: "required",
      more: "The name or address in the nodes' collector.url must stand in it as subjectAltName.",
      example: "/etc/meshprobe/collector.crt",
    },
    {
      key: "key_file",
      what: "Private key of cert_file, PEM, without a passphrase",
      value: "path",
      default: null,
      defaultWords: "required",
      more: "The collector's user must be able to read it, and nobody else: chgrp meshprobe-collector, chmod 0640.",
      example: "/etc/meshprobe/collector.key",
    },
    {
      key: "client_ca_file",
      what: "Authority whose certificates nodes and readers must show, beside their token",
      value: "path",
      default: null,
      defaultWords: "none, and no certificate is asked for",
      more: "A load balancer that ends TLS cannot pass them on.",
      example: "/etc/meshprobe/nodes-ca.crt",
    },
  ],
};

export const STORE: KeyText = {
  key: "store",
  what: "sqlite:PATH for one collector, or postgres://USER:PASSWORD@HOST/DATABASE for several collectors on one database (PostgreSQL 14 or newer)",
  value: "path or URL",
  default: "sqlite:/var/lib/meshprobe-collector/collector.db",
  more: "Tables are made at the first start. With a password in it this file must not be readable by everybody: chgrp meshprobe-collector, chmod 0640.",
};

export const TOKENS_FILE: KeyText = {
  key: "tokens_file",
  what: "The tokens of nodes and readers, as SHA-256",
  value: "path",
  default: "/var/lib/meshprobe-collector/tokens.json",
  more: "Written by `meshprobe collector token`, taken by a running collector within a second. Several collectors may share it.",
};

export const RETENTION: SectionText = {
  section: "retention",
  intro: "How long what has come is kept; one duration in place of the map is for all three.",
  isExample: false,
  keys: [
    {
      key: "evidence",
      what: "Incidents, verdicts and traces",
      value: "duration",
      range: KEPT,
      default: "365d",
      more: "Counted from their end or their coming, whichever is later.",
    },
    {
      key: "samples",
      what: "Every single probe around an incident",
      value: "duration",
      range: KEPT,
      default: "90d",
      more: "Not longer than evidence, to which they belong. Once they are gone a page has no strip of single probes, and the sum over its evidence cannot be worked out again.",
    },
    {
      key: "rollups",
      what: "Loss and round-trip times per minute and pair",
      value: "duration",
      range: KEPT,
      default: "30d",
      more: "They take most of the space.",
    },
  ],
};

export const LOG: SectionText = {
  section: "log",
  intro: null,
  isExample: false,
  keys: [
    {
      key: "level",
      what: "How much is logged",
      value: "word",
      words: ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
      default: "info",
      more: "",
    },
  ],
};

/** In the order of the file. */
export const COLLECTOR_ENTRIES: readonly (KeyText | SectionText)[] = [LISTEN, TLS, STORE, TOKENS_FILE, RETENTION, LOG];
