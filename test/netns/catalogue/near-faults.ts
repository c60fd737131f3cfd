/** Faults of our own: the agent, its host, the gateway. */
import { agentStalled, cablePulled, commands, dead, drops, interfaceDown, together, wireKilled } from "./breaks.ts";
import type { Fault } from "./fault.ts";

const LASTS_MS = 4_000;
const city = { town: "city", agents: [], lastsMs: LASTS_MS } as const;
const GATEWAY = { after: null, before: "r1" } as const;

export const nearFaults: readonly Fault[] = [
  {
    ...city,
    name: "gateway dead",
    broken: dead("r1"),
    expected: { node: { kind: "verdict", scope: "gateway", direction: "unknown", hop: GATEWAY } },
  },
  {
    ...city,
    // It neither asks nor answers; what we knew of it has just grown too old.
    name: "gateway's ARP gone",
    broken: together(
      commands("r1", ["ip link set to-node arp off"], ["ip link set to-node arp on"]),
      commands("node", ["ip neigh flush dev to-r1"], []),
    ),
    expected: { node: { kind: "verdict", scope: "gateway", direction: "unknown", hop: GATEWAY } },
  },
  {
    ...city,
    name: "own NIC down",
    broken: interfaceDown("node", "to-r1"),
    expected: { node: { kind: "verdict", scope: "local", direction: "both" } },
  },
  {
    ...city,
    name: "cable pulled",
    broken: cablePulled("node", "r1"),
    expected: { node: { kind: "verdict", scope: "local", direction: "both" } },
  },
  {
    ...city,
    name: "local firewall drops output",
    broken: drops("node", { hook: "output", icmpType: "echo-request" }),
    expected: { node: { kind: "verdict", scope: "local", direction: "out" } },
  },
  {
    ...city,
    // Half of what sixty probes of 106 bytes and their gateway's need.
    name: "local queue full",
    broken: commands("node", ["tc qdisc add dev to-r1 root tbf rate 24kbit burst 1600 limit 3000"], ["tc qdisc del dev to-r1 root"]),
    expected: { node: { kind: "verdict", scope: "local", direction: "out" } },
  },
  {
    ...city,
    name: "agent stalled",
    broken: agentStalled("node"),
    expected: { node: { kind: "quiet", blind: "stall" } },
  },
  {
    ...city,
    name: "wire killed",
    broken: wireKilled,
    expected: { node: { kind: "quiet", blind: "wire-restart" } },
  },
];
