/** What the program says of itself as a whole; `--help` and the man page are made of it. */
import { DEFAULT_COLLECTOR_CONFIG } from "../collector/config/collector-config.ts";
import { DEFAULT_CONFIG } from "./command.ts";

export const SUMMARY = "catches loss bursts in the act and keeps the evidence on the node";

/** Paragraphs of the man page. */
export const DESCRIPTION: readonly string[] = [
  "An agent on every node of a mesh pings its peers ten times a second and notices within half a second when packets start to die. While they are still dying it traces the path, asks the far end to trace back, and keeps what it saw in SQLite on the node itself, so the evidence survives when the uplink to the centre is down. Afterwards meshprobe report says what was lost, from when to when, in which direction, behind which hop, and how sure that is.",
  "One configuration file serves all nodes. Output meant for programs is JSON with a schema of its own name; times in it are UTC. meshprobe COMMAND --help tells of a command and its options.",
];

/** By exit code; a command may say more of its own. */
export const EXIT_CODES: Readonly<Record<0 | 1 | 2 | 3, string>> = { 0: "fine", 1: "findings", 2: "usage or configuration", 3: "runtime" };

export const FILES: readonly (readonly [path: string, text: string])[] = [
  [DEFAULT_CONFIG, "the configuration, see meshprobe-peers(5)"],
  [DEFAULT_COLLECTOR_CONFIG, "the configuration of meshprobe collector, see meshprobe-collector(5)"],
  ["/var/lib/meshprobe/evidence.db", "incidents, traces and verdicts; data_dir says where"],
  ["/var/lib/meshprobe/metrics.db", "loss and round-trip times of every peer"],
  ["/var/lib/meshprobe-collector", "database and tokens of a collector, where its configuration names no others"],
];
