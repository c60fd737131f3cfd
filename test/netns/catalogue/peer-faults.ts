/** Faults of the other end, and of what it says. */
import { agentStalled, agentStopped, cablePulled, dead, drops, floods, lossyLink, together } from "./breaks.ts";
import type { Fault } from "./fault.ts";

const LASTS_MS = 4_000;
/** Two dozen answers of each router, which gives one a second, tell one link from the next. */
const PARTIAL_MS = 20_000;
/** An agent that has not been heard for five seconds has stopped. */
const SILENCE_MS = 8_000;
const HALF = [400, 600] as const;
const FORGED_REPLIES = 100_000;
const city = { town: "city", agents: ["p1"] } as const;
const MIDDLE = { near: "m2", far: "m3" } as const;
const DISBELIEVED = "whose word counts for nothing tells no direction";
const BEHIND_M2 = { after: "m2", before: "m3" } as const;
const BEHIND_M3 = { after: "m3", before: "m2" } as const;

export const peerFaults: readonly Fault[] = [
  {
    ...city,
    name: "peer host down",
    lastsMs: LASTS_MS,
    broken: together(dead("p1"), agentStalled("p1")),
    expected: { node: { kind: "verdict", scope: "peer", direction: "unknown", hop: { after: "m3", before: "p1" } } },
  },
  {
    ...city,
    name: "peer's cable pulled",
    lastsMs: LASTS_MS,
    broken: cablePulled("m3", "p1"),
    expected: { node: { kind: "verdict", scope: "peer", direction: "unknown", hop: { after: "m3", before: "p1" } } },
  },
  {
    ...city,
    name: "peer's agent stopped",
    lastsMs: SILENCE_MS,
    broken: agentStopped("p1"),
    expected: { node: { kind: "quiet", silent: "p1" } },
  },
  {
    ...city,
    name: "peer's firewall drops echo requests",
    lastsMs: LASTS_MS,
    broken: drops("p1", { hook: "input", icmpType: "echo-request" }),
    expected: { node: { kind: "verdict", scope: "peer", direction: "unknown" }, p1: { kind: "quiet" } },
  },
  {
    ...city,
    name: "peer's firewall drops its echo replies",
    lastsMs: LASTS_MS,
    broken: drops("p1", { hook: "output", icmpType: "echo-reply" }),
    expected: { node: { kind: "verdict", scope: "peer", direction: "unknown" }, p1: { kind: "quiet" } },
  },
  {
    ...city,
    name: "two agents in each other's incident",
    lastsMs: PARTIAL_MS,
    broken: lossyLink({ near: "m1", far: "m2", way: "both", perMille: HALF }),
    expected: {
      node: { kind: "verdict", scope: "path", direction: "both", hop: { after: "m1", before: "m2" } },
      p1: { kind: "verdict", scope: "path", direction: "both", hop: { after: "m2", before: "m1" } },
    },
  },
  {
    ...city,
    name: "no mesh key",
    keys: "none",
    lastsMs: PARTIAL_MS,
    broken: lossyLink({ ...MIDDLE, way: "out", perMille: HALF }),
    expected: {
      node: { kind: "verdict", scope: "path", direction: "out", hop: BEHIND_M2 },
      p1: { kind: "verdict", scope: "path", direction: "in", hop: BEHIND_M3 },
    },
  },
  {
    ...city,
    // What it says counts for nothing: as if it had no agent.
    name: "mesh key wrong on one side",
    keys: "other-at-peers",
    lastsMs: PARTIAL_MS,
    broken: lossyLink({ ...MIDDLE, way: "out", perMille: HALF }),
    expected: {
      node: { kind: "verdict", scope: "path", direction: "unknown", hop: BEHIND_M2, unknowable: DISBELIEVED },
      p1: { kind: "verdict", scope: "path", direction: "unknown", hop: BEHIND_M3, unknowable: DISBELIEVED },
    },
  },
  {
    ...city,
    // Believed, they would make up for the requests that are lost, and the direction would be "out".
    name: "requests replayed while p1's own are lost",
    lastsMs: PARTIAL_MS,
    setting: floods("node", "liar.ts", ({ lab }) => [lab.address("node"), "replay", lab.address("p1")]),
    broken: lossyLink({ ...MIDDLE, way: "in", perMille: HALF }),
    expected: {
      node: { kind: "verdict", scope: "path", direction: "in", hop: BEHIND_M2 },
      p1: { kind: "verdict", scope: "path", direction: "out", hop: BEHIND_M3 },
    },
  },
  {
    ...city,
    name: "requests forged while p1's own are lost",
    lastsMs: PARTIAL_MS,
    broken: together(
      floods("p5", "liar.ts", ({ lab }) => [lab.address("node"), "forge", "p1"]),
      lossyLink({ ...MIDDLE, way: "in", perMille: HALF }),
    ),
    expected: {
      node: { kind: "verdict", scope: "path", direction: "in", hop: BEHIND_M2 },
      p1: { kind: "verdict", scope: "path", direction: "out", hop: BEHIND_M3 },
    },
  },
  {
    ...city,
    name: "replies forged while everything is lost",
    lastsMs: LASTS_MS,
    broken: together(
      floods("p5", "../forger.ts", ({ lab }) => [lab.address("node"), "replies", String(FORGED_REPLIES)]),
      lossyLink({ ...MIDDLE, way: "out", perMille: 1000 }),
    ),
    expected: {
      node: { kind: "verdict", scope: "path", direction: "out", hop: BEHIND_M2 },
      p1: { kind: "verdict", scope: "path", direction: "in", hop: BEHIND_M3 },
    },
  },
  {
    name: "forty peers behind one dead router",
    town: "crowd",
    agents: [],
    lastsMs: LASTS_MS,
    broken: dead("r4"),
    expected: { node: { kind: "verdict", scope: "shared", direction: "unknown", hop: { after: "r3", before: "r4" } } },
  },
];
