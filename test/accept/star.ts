/** What the laboratories have in common in which something is broken: an agent, and peers on links of their own behind two routers. */
import { startAgent, type Agent } from "../netns/agent.ts";
import type { Lab } from "../netns/lab.ts";

export const INTERVAL_MS = 100;

export interface StarAgentOptions {
  /** For the agent; see startAgent. */
  readonly directory: string;
  readonly cli: string | undefined;
  /** Shortened, so that one burst can follow the other. */
  readonly detect: Readonly<Record<string, string>>;
  readonly capture?: Readonly<Record<string, string | number>>;
}

export function startStarAgent(lab: Lab, { directory, cli, detect, capture = {} }: StarAgentOptions): Promise<Agent> {
  const config = {
    probe: { interval: `${INTERVAL_MS}ms` },
    detect,
    // More in an hour than there are minutes: what is broken here in an hour is traced each time.
    capture: { ...capture, hourly: 60, daily: 1440 },
    peers: peersOf(lab).map((name) => ({ name, address: lab.address(name) })),
  };
  return startAgent(lab, "node", { directory, config, ...(cli === undefined ? {} : { cli }) });
}

export function peersOf(lab: Lab): string[] {
  return lab.topology.spec.hosts.filter((host) => host !== "node");
}

/** The router in front of a peer. */
export function accessRouter(peer: string): string {
  return `a${peer.slice(1)}`;
}
