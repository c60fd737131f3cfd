/**
 * config/peers.yaml, commented from the documentation of the keys: the file that `npm start` and the package begin with. It is checked in, for people read it on
 * the web and copy from it; a test holds it against what is made here.
 */
import { DATA_DIR, PEER_KEYS, PEERS_INTRO, SECTIONS } from "../../src/config/documentation.ts";
import { keyParagraph } from "../../src/config/key-text.ts";
import { comment, sectionLines } from "./yaml-comments.ts";

/** Paragraphs; they open the man page too. */
export const INTRO: readonly string[] = [
  "Which peers this node probes, how often, and what it keeps. A key that is left out has its default. Unknown keys are errors, so that a misspelt one cannot go unnoticed. Durations carry units (ms, s, m, h, d: 100ms, 1d12h), so do sizes (MB, GB) and rates (2000/s, 1Mbit/s). Relative paths start at the directory of this file. Run as root, meshprobe refuses a file that other users may write.",
  "One file can serve every node of a mesh: the entry with a node's own name or address is skipped there.",
];

/** The checkout is tried without touching the system. */
const SHIPPED_DATA_DIR = "../.meshprobe-data";

export function peersYaml(): string {
  return [
    ...comment(INTRO.join("\n"), 0),
    "# The values below are the defaults; commented lines are examples. `npm run docs` makes this file from src/config/documentation.ts.",
    "",
    ...comment(`${keyParagraph(DATA_DIR)} Here: next to the checkout's files, for a first try.`, 0),
    `${DATA_DIR.key}: ${SHIPPED_DATA_DIR}`,
    "",
    ...SECTIONS.flatMap((section) => [...sectionLines(section), ""]),
    ...comment(PEERS_INTRO, 0),
    ...PEER_KEYS.flatMap((key) => comment(`${key.key.padEnd(KEY_COLUMNS)}${keyParagraph(key)}`, 0, KEY_COLUMNS)),
    "peers:",
    "  # As shipped, only this machine's loopback is probed: no packet leaves it.",
    "  - { name: loopback-v4, address: 127.0.0.1 }",
    '  - { name: loopback-v6, address: "::1" }',
    "  # The first router is worth probing on every node: it tells trouble here from trouble out there.",
    "  # - { name: gateway, address: 192.168.1.1 }",
    "  # - { name: bj-b1, address: 10.20.3.2, labels: { site: bj } }",
    "  # - { name: gz-c1, address: gz-c1.example, interval: 200ms, labels: { site: gz } }",
    "",
  ].join("\n");
}

const KEY_COLUMNS = 10;
