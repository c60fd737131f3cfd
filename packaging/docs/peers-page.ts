/** meshprobe-peers(5), from the documentation of the keys. */
import { DEFAULT_CONFIG } from "../../src/commands/command.ts";
import { DATA_DIR, PEER_KEYS, PEERS_INTRO, SECTIONS } from "../../src/config/documentation.ts";
import { VERSION } from "../../src/version.ts";
import { keyEntry, sectionEntries } from "./key-entries.ts";
import { example, italic, pageHead, paragraphs } from "./roff.ts";
import { INTRO } from "./peers-yaml.ts";

const EXAMPLE: readonly string[] = [
  "data_dir: /var/lib/meshprobe",
  "mesh: { key_file: /etc/meshprobe/mesh.key }",
  "peers:",
  "  - { name: sh-a1, address: 10.20.1.2, labels: { site: sh } }",
  "  - { name: bj-b1, address: 10.20.3.2, labels: { site: bj } }",
  "  - { name: gz-c1, address: gz-c1.example, interval: 200ms }",
];

export function peersPage(date: string): string {
  return [
    pageHead({ title: "meshprobe-peers", section: 5, date, source: `meshprobe ${VERSION}`, manual: "File Formats" }),
    ".SH NAME",
    "meshprobe\\-peers \\- configuration of the meshprobe agent",
    ".SH SYNOPSIS",
    italic(DEFAULT_CONFIG),
    ".SH DESCRIPTION",
    ...paragraphs(INTRO).slice(1),
    ".SH KEYS",
    ...keyEntry(DATA_DIR, ""),
    ...SECTIONS.flatMap(sectionEntries),
    ".SS peers",
    ...paragraphs([PEERS_INTRO]).slice(1),
    ...PEER_KEYS.flatMap((key) => keyEntry(key, "")),
    ".SH EXAMPLES",
    "One file for the three nodes of a mesh; each leaves itself out:",
    ...example(EXAMPLE),
    ".SH SEE ALSO",
    ".BR meshprobe (1),",
    ".BR meshprobe\\-collector (5)",
    "",
  ].join("\n");
}
