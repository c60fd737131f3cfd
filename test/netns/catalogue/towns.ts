/**
 * The laboratories of the catalogue.
 *
 * city: r1 is the gateway of node and r2 the provider's router. p1 is far away, with a second way of the same length that nobody takes, and one by x that is
 * longer; p2, p3 and p4 share the router s; p5 has one of its own. p6 is p1's neighbour, whom only p1 probes: what p1 loses to node alone is not its uplink.
 *
 *                               ┌ x ┐
 *                    ┌── m1 ── m2 ──┐
 *   node ── r1 ── r2 ┼── n1 ── n2 ──┴ m3 ── p1, p6
 *                    ├── s ── p2, p3, p4
 *                    └── t ── p5
 *
 * crowd: node – r1 – r2 – r3 – r4 – far, where forty addresses of far are peers, and three hosts behind r2 that have nothing to do with them.
 */
import type { Lab } from "../lab.ts";
import type { LabSpec } from "../topology.ts";
import type { TownName } from "./fault.ts";

export interface Peer {
  readonly name: string;
  readonly address: string;
}

export interface Town {
  readonly spec: LabSpec;
  /** Whom the agent on a machine probes. */
  peers(lab: Lab, machine: string): readonly Peer[];
  /** After the machines are up. */
  furnish(lab: Lab): Promise<void>;
  /** Peers of node whose path must be known before anything is broken. */
  readonly baselines: number;
}

const CROWD = 40;
const CROWD_PREFIX = "10.200.0";
const CHAIN = ["node", "r1", "r2", "r3", "r4", "far"] as const;

const city: Town = {
  spec: {
    hosts: ["node", "p1", "p2", "p3", "p4", "p5", "p6"],
    routers: ["r1", "r2", "m1", "m2", "m3", "n1", "n2", "s", "t", "x"],
    links: [
      ["node", "r1"],
      ["r1", "r2"],
      ["r2", "m1"],
      ["m1", "m2"],
      ["m2", "m3"],
      ["m3", "p1"],
      ["m3", "p6"],
      ["r2", "n1"],
      ["n1", "n2"],
      ["n2", "m3"],
      ["m2", "x"],
      ["x", "m3"],
      ["r2", "s"],
      ["s", "p2"],
      ["s", "p3"],
      ["s", "p4"],
      ["r2", "t"],
      ["t", "p5"],
    ],
  },
  peers: (lab, machine) => {
    const names = machine === "node" ? ["p1", "p2", "p3", "p4", "p5"] : ["node", "p6"];
    return names.map((name) => ({ name, address: lab.address(name) }));
  },
  furnish: async () => {},
  baselines: 5,
};

const crowd: Town = {
  spec: {
    hosts: ["node", "far", "h1", "h2", "h3"],
    routers: ["r1", "r2", "r3", "r4"],
    links: [...CHAIN.slice(1).map((to, index): [string, string] => [CHAIN[index] as string, to]), ["r2", "h1"], ["r2", "h2"], ["r2", "h3"]],
  },
  peers: (lab) => [
    ...["h1", "h2", "h3"].map((name) => ({ name, address: lab.address(name) })),
    ...Array.from({ length: CROWD }, (_, index) => ({ name: `c${index + 1}`, address: `${CROWD_PREFIX}.${index + 1}` })),
  ],
  async furnish(lab) {
    await run(lab, "far", ["ip", "route", "add", "local", `${CROWD_PREFIX}.0/24`, "dev", "lo"]);
    for (const [index, machine] of CHAIN.slice(0, -1).entries()) {
      const next = lab.topology.end(CHAIN[index + 1] as string, machine);
      await run(lab, machine, ["ip", "route", "add", `${CROWD_PREFIX}.0/24`, "via", next.address]);
    }
  },
  // The rest take a baseline every five seconds.
  baselines: 4,
};

export const towns: Readonly<Record<TownName, Town>> = { city, crowd };

/** Runs a command on a machine; its failure is ours. */
export async function run(lab: Lab, machine: string, argv: readonly string[], input?: string): Promise<void> {
  const { code, stderr } = await lab.exec(machine, argv, input === undefined ? {} : { input });
  if (code !== 0) throw new Error(`Cannot run ${argv.join(" ")} on ${machine}: ${stderr.trim()}`);
}
