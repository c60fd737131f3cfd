/** Faults on the way: one direction, both, in the middle, behind a router that several peers share. */
import { cablePulled, commands, lossyLink, stuckIds, together } from "./breaks.ts";
import type { Fault } from "./fault.ts";

/** Long enough for the thinnest of these losses: 20 % is noticed after 3.4 s on average, and 92 in 100 within ten. */
const THIN_MS = 10_000;
const TOTAL_MS = 4_000;
/** Some, as a bad link loses. */
const SOME = [200, 600] as const;
const MIDDLE = { near: "m2", far: "m3" } as const;
const BEHIND_M2 = { after: "m2", before: "m3" } as const;
/** From the other end. */
const BEHIND_M3 = { after: "m3", before: "m2" } as const;
const city = { town: "city", agents: ["p1"] } as const;

export const pathFaults: readonly Fault[] = [
  {
    ...city,
    name: "loss out only",
    lastsMs: THIN_MS,
    broken: lossyLink({ ...MIDDLE, way: "out", perMille: SOME }),
    expected: {
      node: { kind: "verdict", scope: ["path"], direction: ["out"], hop: BEHIND_M2 },
      p1: { kind: "verdict", scope: ["path"], direction: ["in"], hop: BEHIND_M3 },
    },
  },
  {
    ...city,
    name: "loss in only",
    lastsMs: THIN_MS,
    broken: lossyLink({ ...MIDDLE, way: "in", perMille: SOME }),
    expected: {
      node: { kind: "verdict", scope: ["path"], direction: ["in"], hop: BEHIND_M2 },
      p1: { kind: "verdict", scope: ["path"], direction: ["out"], hop: BEHIND_M3 },
    },
  },
  {
    ...city,
    name: "loss both ways",
    lastsMs: THIN_MS,
    broken: lossyLink({ ...MIDDLE, way: "both", perMille: SOME }),
    expected: {
      node: { kind: "verdict", scope: ["path"], direction: ["both"], hop: BEHIND_M2 },
      p1: { kind: "verdict", scope: ["path"], direction: ["both"], hop: BEHIND_M3 },
    },
  },
  {
    ...city,
    name: "everything lost out only",
    lastsMs: TOTAL_MS,
    broken: lossyLink({ ...MIDDLE, way: "out", perMille: 1000 }),
    expected: {
      node: { kind: "verdict", scope: ["path"], direction: ["out"], hop: BEHIND_M2, located: true },
      // Nothing reaches it: which of its own probes arrived nobody can tell it.
      p1: { kind: "verdict", scope: ["path"], direction: ["in", "unknown"], hop: BEHIND_M3, located: true },
    },
  },
  {
    ...city,
    name: "everything lost in only",
    lastsMs: TOTAL_MS,
    broken: lossyLink({ ...MIDDLE, way: "in", perMille: 1000 }),
    expected: {
      node: { kind: "verdict", scope: ["path"], direction: ["in", "unknown"], hop: BEHIND_M2, located: true },
      p1: { kind: "verdict", scope: ["path"], direction: ["out"], hop: BEHIND_M3, located: true },
    },
  },
  ...[200, 500].map((perMille): Fault => ({
    ...city,
    name: `mid-path ${perMille / 10} %`,
    agents: [],
    lastsMs: THIN_MS,
    broken: lossyLink({ near: "m1", far: "m2", way: "both", perMille }),
    // Nobody at the other end: at partial loss a trace may tell that it is the path, and no direction.
    expected: { node: { kind: "verdict", scope: ["path", "uncertain"], direction: ["unknown"], hop: { after: "m1", before: "m2" } } },
  })),
  {
    ...city,
    name: "mid-path 100 %",
    agents: [],
    lastsMs: TOTAL_MS,
    broken: lossyLink({ near: "m1", far: "m2", way: "both", perMille: 1000 }),
    expected: {
      node: { kind: "verdict", scope: ["path"], direction: ["unknown"], hop: { after: "m1", before: "m2" }, located: true },
    },
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
      node: { kind: "verdict", scope: ["path"], direction: ["unknown", "both"], hop: { after: "m1", before: null }, located: true },
    },
  },
  {
    ...city,
    name: "three peers behind one router",
    agents: [],
    lastsMs: TOTAL_MS,
    broken: lossyLink({ near: "r2", far: "s", way: "both", perMille: 1000 }),
    expected: { node: { kind: "verdict", scope: ["shared"], hop: { after: "r2", before: "s" }, located: true } },
  },
  {
    ...city,
    name: "uplink cut",
    agents: [],
    lastsMs: TOTAL_MS,
    broken: cablePulled("r1", "r2"),
    expected: { node: { kind: "verdict", scope: ["uplink"], hop: { after: "r1", before: "r2" }, located: true } },
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
    expected: { node: { kind: "verdict", scope: ["path"], direction: ["out"], hop: { after: "n1", before: null } } },
  },
  {
    ...city,
    name: "firewall stuck on our ids",
    lastsMs: 16_000,
    broken: stuckIds("m1", "p1"),
    expected: { node: { kind: "verdict", scope: ["path"], direction: ["unknown"] } },
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
