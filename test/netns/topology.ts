/**
 * The plan of a laboratory, computed and never measured: addresses, routes, and the hops that a trace must show. No process is started here.
 *
 * Every machine has one address of its own on its loopback (10.0.x.y and fd00::n), independent of any link: that is the address others reach it by. Every link
 * has a /30 and a /64. Routes follow shortest paths, in both directions by the same rule, so that the address a router answers from is known beforehand:
 * Linux sends Time Exceeded from the address of the interface towards the sender.
 * A machine with one link gets a default route; one with several gets a route to every machine and every link, so that hop addresses can be pinged too.
 */

export type Family = 4 | 6;

/** Machines and the links between them; names are lower case and at most eight characters, and make the interface names: `to-r1`. */
export interface LabSpec {
  readonly hosts: readonly string[];
  readonly routers: readonly string[];
  readonly links: readonly (readonly [string, string])[];
}

/** One end of a link, as seen from the machine that has it. */
export interface LinkEnd {
  readonly neighbour: string;
  readonly device: string;
  readonly address: string;
  readonly address6: string;
  /** The other end's addresses: the gateway of routes over this link. */
  readonly gateway: string;
  readonly gateway6: string;
}

export interface Route {
  readonly destination: string;
  readonly family: Family;
  readonly via: LinkEnd;
}

export interface Topology {
  readonly spec: LabSpec;
  readonly machines: readonly string[];
  address(machine: string, family?: Family): string;
  /** The links of a machine, in the order of the specification. */
  ends(machine: string): readonly LinkEnd[];
  end(machine: string, neighbour: string): LinkEnd;
  routes(machine: string): readonly Route[];
  /** What a trace from one machine to another shows, the target included. */
  hopAddresses(from: string, to: string, family?: Family): readonly string[];
}

/** Limits of the address plan: 10.0.0.0/16 holds the loopbacks, 10.1.0.0/16 the /30 of the links. */
const MAX_MACHINES = 250;
const MAX_LINKS = 16_384;
const NAME = /^[a-z][a-z0-9-]{0,7}$/;

/** Two peers behind four routers: `r1` and `r2` carry both, `r3` and `r4` are each peer's own. */
export const demoSpec: LabSpec = {
  hosts: ["node", "peer-b", "peer-c"],
  routers: ["r1", "r2", "r3", "r4"],
  links: [
    ["node", "r1"],
    ["r1", "r2"],
    ["r2", "r3"],
    ["r3", "peer-b"],
    ["r2", "r4"],
    ["r4", "peer-c"],
  ],
};

/** node – r1 – r2 – a1…an – p1…pn: n peers, each on a link of its own behind an access router of its own. */
export function starSpec(peers: number): LabSpec {
  const numbers = Array.from({ length: peers }, (_, index) => index + 1);
  return {
    hosts: ["node", ...numbers.map((number) => `p${number}`)],
    routers: ["r1", "r2", ...numbers.map((number) => `a${number}`)],
    links: [
      ["node", "r1"],
      ["r1", "r2"],
      ...numbers.flatMap((number): [string, string][] => [
        ["r2", `a${number}`],
        [`a${number}`, `p${number}`],
      ]),
    ],
  };
}

export function planTopology(spec: LabSpec): Topology {
  const machines = [...spec.hosts, ...spec.routers];
  check(spec, machines);
  const index = new Map(machines.map((machine, position) => [machine, position + 1]));
  const ends = new Map<string, LinkEnd[]>(machines.map((machine) => [machine, []]));
  spec.links.forEach(([left, right], link) => {
    const [v4, v6] = [`10.1.${link >> 6}.`, `fd00:1:${(link + 1).toString(16)}::`];
    const [low, high] = [v4 + ((link & 63) * 4 + 1), v4 + ((link & 63) * 4 + 2)];
    ends.get(left)?.push({ neighbour: right, device: `to-${right}`, address: low, address6: `${v6}1`, gateway: high, gateway6: `${v6}2` });
    ends.get(right)?.push({ neighbour: left, device: `to-${left}`, address: high, address6: `${v6}2`, gateway: low, gateway6: `${v6}1` });
  });
  const known = (machine: string): number => {
    const position = index.get(machine);
    if (position === undefined) throw new Error(`Cannot find machine ${machine}: the laboratory has ${machines.join(", ")}`);
    return position;
  };
  const endsOf = (machine: string): readonly LinkEnd[] => (known(machine), ends.get(machine) ?? []);
  const firstSteps = new Map(machines.map((machine) => [machine, shortestPaths(machine, endsOf)]));

  const topology: Topology = {
    spec,
    machines,
    address: (machine, family = 4) => (family === 4 ? `10.0.0.${known(machine)}` : `fd00::${known(machine).toString(16)}`),
    ends: endsOf,
    end(machine, neighbour) {
      const end = endsOf(machine).find((candidate) => candidate.neighbour === neighbour);
      if (end === undefined) throw new Error(`Cannot find the link ${machine} – ${neighbour}: there is none`);
      return end;
    },
    routes(machine) {
      const [only, ...others] = endsOf(machine);
      if (only === undefined) return [];
      if (others.length === 0) return [route("0.0.0.0/0", 4, only), route("::/0", 6, only)];
      const steps = firstSteps.get(machine);
      return machines.flatMap((other): Route[] => {
        const via = steps?.get(other);
        if (via === undefined) return [];
        const links = endsOf(other).filter((end) => end.neighbour !== machine);
        return [
          route(`${topology.address(other)}/32`, 4, via),
          route(`${topology.address(other, 6)}/128`, 6, via),
          ...links.flatMap((end) => [route(`${end.address}/32`, 4, via), route(`${end.address6}/128`, 6, via)]),
        ];
      });
    },
    hopAddresses(from, to, family = 4) {
      const hops: string[] = [];
      for (let at = step(from, to); at !== to; at = step(at, to)) {
        const back = topology.end(at, step(at, from));
        hops.push(family === 4 ? back.address : back.address6);
      }
      return [...hops, topology.address(to, family)];
    },
  };
  const step = (from: string, to: string): string => {
    const end = firstSteps.get(from)?.get(to);
    if (end === undefined) throw new Error(`Cannot trace from ${from} to ${to}: no path`);
    return end.neighbour;
  };
  return topology;
}

function route(destination: string, family: Family, via: LinkEnd): Route {
  return { destination, family, via };
}

/** Breadth first: for every other machine the link end by which the shortest path leaves. */
function shortestPaths(from: string, ends: (machine: string) => readonly LinkEnd[]): ReadonlyMap<string, LinkEnd> {
  const first = new Map<string, LinkEnd>();
  const queue = [from];
  for (let machine = queue.shift(); machine !== undefined; machine = queue.shift()) {
    for (const end of ends(machine)) {
      if (end.neighbour === from || first.has(end.neighbour)) continue;
      first.set(end.neighbour, machine === from ? end : (first.get(machine) ?? end));
      queue.push(end.neighbour);
    }
  }
  return first;
}

function check(spec: LabSpec, machines: readonly string[]): void {
  const wrong = machines.find((machine) => !NAME.test(machine)) ?? machines.find((machine, position) => machines.indexOf(machine) !== position);
  if (wrong !== undefined) throw new Error(`Cannot plan the laboratory: machine name ${wrong} is too long, odd or used twice`);
  if (machines.length > MAX_MACHINES || spec.links.length > MAX_LINKS) {
    throw new Error(`Cannot plan the laboratory: at most ${MAX_MACHINES} machines and ${MAX_LINKS} links`);
  }
}
