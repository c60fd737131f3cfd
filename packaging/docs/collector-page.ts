/** meshprobe-collector(5), from the documentation of the keys. */
import { DEFAULT_COLLECTOR_CONFIG } from "../../src/collector/config/collector-config.ts";
import { COLLECTOR_ENTRIES } from "../../src/collector/config/documentation.ts";
import { VERSION } from "../../src/version.ts";
import { COLLECTOR_INTRO } from "./collector-yaml.ts";
import { keyEntry, sectionEntries } from "./key-entries.ts";
import { example, italic, pageHead, paragraphs } from "./roff.ts";

const EXAMPLE: readonly string[] = [
  "listen: 0.0.0.0:8443",
  "tls: { cert_file: collector.crt, key_file: collector.key }",
  "store: postgres://meshprobe:secret@db.example/meshprobe",
  "tokens_file: /srv/meshprobe/tokens.json",
  "retention: { evidence: 730d, rollups: 14d }",
];

export function collectorPage(date: string): string {
  return [
    pageHead({ title: "meshprobe-collector", section: 5, date, source: `meshprobe ${VERSION}`, manual: "File Formats" }),
    ".SH NAME",
    "meshprobe\\-collector \\- configuration of the meshprobe collector",
    ".SH SYNOPSIS",
    italic(DEFAULT_COLLECTOR_CONFIG),
    ".SH DESCRIPTION",
    ...paragraphs([COLLECTOR_INTRO]).slice(1),
    ".SH KEYS",
    ...COLLECTOR_ENTRIES.flatMap((one) => ("section" in one ? sectionEntries(one) : keyEntry(one, ""))),
    ".SH EXAMPLES",
    "One of several collectors on one database:",
    ...example(EXAMPLE),
    ".SH SEE ALSO",
    ".BR meshprobe (1),",
    ".BR meshprobe\\-peers (5)",
    "",
  ].join("\n");
}
