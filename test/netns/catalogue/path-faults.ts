/** Faults on the way: one direction, both, in the middle, behind a router that several peers share. */
import { cablePulled, commands, lossyLink, stuckIds, together } from "./breaks.ts";
import type { Fault } from "./fault.ts";

/**
 * Long enough for the thinnest of these losses: 20 % is noticed after 3.4 s on average, and a router answers once a second: it takes two dozen answers of each to
 * tell one link from the next.
 */
const THIN_MS = 20_000;
const TOTAL_MS = 4_000;
/** Some, as a bad link loses. */
const SOME = [200, 600] as const;
const MIDDLE = { near: "m2", far: "m3" } as const;
const BEHIND_M1 = { after: "m1", before: "m2" } as const;
const BEHIND_M2 = { after: "m2", before: "m3" } as const;
/** From the other end. */
const BEHIND_M3 = { after: "m3", before: "m2" } as const;
const ALONE = "no agent at the other end tells the direction";
const city = { town: "city", agents: ["p1"] } as const;

export const pathFaults: readonly Fault[] = [
  {
    ...city,
    name: "loss out only",
    lastsMs: THIN_MS,
    broken: lossyLink({ ...MIDDLE, way: "out", perMille: SOME }),
    expected: {
      node: { kind: "verdict", scope: "path", direction: "out", hop: BEHIND_M2 },
      p1: { kind: "verdict", scope: "path", direction: "in", hop: BEHIND_M3 },
    },
  },
  {
    ...city,
    name: "loss in only",
    lastsMs: THIN_MS,
    broken: lossyLink({ ...MIDDLE, way: "in", perMille: SOME }),
    expected: {
      node: { kind: "verdict", scope: "path", direction: "in", hop: BEHIND_M2 },
      p1: { kind: "verdict", scope: "path", direction: "out", hop: BEHIND_M3 },
    },
  },
  {
    ...city,
    name: "loss both ways",
    lastsMs: THIN_MS,
    broken: lossyLink({ ...MIDDLE, way: "both", perMille: SOME }),
    expected: {
      node: { kind: "verdict", scope: "path", direction: "both", hop: BEHIND_M2 },
      p1: { kind: "verdict", scope: "path", direction: "both", hop: BEHIND_M3 },
    },
  },
  {
    ...city,
    name: "everything lost out only",
    lastsMs: TOTAL_MS,
    broken: lossyLink({ ...MIDDLE, way: "out", perMille: 1000 }),
    expected: {
      node: { kind: "verdict", scope: "path", direction: "out", hop: BEHIND_M2 },
      p1: { kind: "verdict", scope: "path", direction: "in", hop: BEHIND_M3 },
    },
  },
  {
    ...city,
    name: "everything lost in only",
    lastsMs: TOTAL_MS,
    broken: lossyLink({ ...MIDDLE, way: "in", perMille: 1000 }),
    expected: {
      node: { kind: "verdict", scope: "path", direction: "in", hop: BEHIND_M2 },
      p1: { kind: "verdict", scope: "path", direction: "out", hop: BEHIND_M3 },
    },
  },
  ...[200, 500].map((perMille): Fault => ({
    ...city,
    name: `mid-path ${perMille / 10} %`,
    agents: [],
    lastsMs: THIN_MS,
    broken: lossyLink({ near: "m1", far: "m2", way: "both", perMille }),
    expected: { node: { kind: "verdict", scope: "path", direction: "unknown", hop: BEHIND_M1, unknowable: ALONE } },
  })),
  {
    ...city,
    name: "mid-path 100 %",
    agents: [],
    lastsMs: TOTAL_MS,
    broken: lossyLink({ near: "m1", far: "m2", way: "both", perMille: 1000 }),
    expected: { node: { kind: "verdict", scope: "path", direction: "unknown", hop: BEHIND_M1, unknowable: ALONE } },
  },
  {
    ...city,
    name: "a middle router silent also while healthy",
    lastsMs: TOTAL_MS,
    setting: commands(
      "m2",
      [
        "nft add table ip mute",
        "nft add chain ip mute output { type filter hook output priority 0 ; }",
        "nft add rule ip mute output meta l4proto icmp drop",
      ],
      [],
    ),
    broken: lossyLink({ ...MIDDLE, way: "both", perMille: 1000 }),
    expected: {
      node: { kind: "verdict", scope: "path", direction: "both", hop: { after: "m1", before: null }, unknowable: "m2 never answers" },
      p1: { kind: "verdict", scope: "path", direction: "both", hop: { after: "m3", before: null }, unknowable: "m2 never answers" },
    },
  },
  {
    ...city,
    name: "three peers behind one router",
    agents: [],
    lastsMs: TOTAL_MS,
    broken: lossyLink({ near: "r2", far: "s", way: "both", perMille: 1000 }),
    expected: { node: { kind: "verdict", scope: "shared", direction: "unknown", hop: { after: "r2", before: "s" }, unknowable: ALONE } },
  },
  {
    ...city,
    name: "uplink cut",
    agents: [],
    lastsMs: TOTAL_MS,
    broken: cablePulled("r1", "r2"),
    expected: { node: { kind: "verdict", scope: "uplink", direction: "unknown", hop: { after: "r1", before: "r2" }, unknowable: ALONE } },
  },
  {
    ...city,
    name: "route changed without loss",
    lastsMs: TOTAL_MS,
    broken: otherWay(),
    expected: { node: { kind: "quiet" }, p1: { kind: "quiet" } },
  },
  {
    ...city,
    name: "route changed with loss",
    lastsMs: THIN_MS,
    broken: together(otherWay(), lossyLink({ near: "n1", far: "n2", way: "out", perMille: [400, 600] })),
    expected: {
      node: {
        kind: "verdict",
        scope: "path",
        direction: "out",
        hop: { after: "n1", before: null },
        unknowable: "no baseline knows what comes behind n1",
        findings: [/^The path to p1 changed from /],
      },
    },
  },
  {
    ...city,
    name: "way back longer, with loss",
    lastsMs: THIN_MS,
    broken: together(longerWayBack(), lossyLink({ near: "x", far: "m3", way: "in", perMille: [400, 600] })),
    expected: {
      node: {
        kind: "verdict",
        scope: "path",
        direction: "in",
        hop: BEHIND_M2,
        findings: [/^Replies of p1 arrive with TTL 58 instead of 59: the way back changed its length$/],
      },
    },
  },
  {
    ...city,
    name: "firewall stuck on our ids",
    lastsMs: 16_000,
    broken: stuckIds("m1", "p1"),
    expected: { node: { kind: "verdict", scope: "path", direction: "out", hop: BEHIND_M1 }, p1: { kind: "quiet" } },
  },
];

/** What goes to p1 takes n1 and n2 instead of m1 and m2; what comes back does not. */
function otherWay(): Fault["broken"] {
  return async (stage) => {
    const { lab } = stage;
    const via = (neighbour: string): string => `ip route replace ${lab.address("p1")}/32 via ${lab.topology.end("r2", neighbour).gateway}`;
    return commands("r2", [via("n1")], [via("m1")])(stage);
  };
}

/** What comes back from p1 takes x between m3 and m2. */
function longerWayBack(): Fault["broken"] {
  return async (stage) => {
    const { lab } = stage;
    const via = (neighbour: string): string => `ip route replace ${lab.address("node")}/32 via ${lab.topology.end("m3", neighbour).gateway}`;
    return commands("m3", [via("x")], [via("m2")])(stage);
  };
}
