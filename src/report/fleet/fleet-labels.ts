/** Words of the report over all nodes that the report of one node does not have; one table a language. Texts hold {places}. */
import type { Counted } from "../page/labels.ts";

export interface FleetLabels {
  readonly nodes: Counted;
  readonly events: Counted;
  readonly none: string;
  readonly peersOmitted: string;
  readonly clockNote: string;
  readonly section: Readonly<Record<"events" | "verdicts" | "nodes" | "peers", string>>;
  readonly column: Readonly<Record<"node" | "clock" | "address" | "version" | "heard" | "waiting" | "blind", string>>;
  readonly waiting: string;
  readonly waitingSince: string;
  readonly since: string;
  readonly offset: string;
  readonly unknownClock: string;
  readonly quiet: Counted;
  readonly pair: string;
  readonly whose: string;
  readonly page: string;
}

export const FLEET_ENGLISH: FleetLabels = {
  nodes: { one: "{n} node at the collector", many: "{n} nodes at the collector" },
  events: { one: "{n} event", many: "{n} events" },
  none: "No node has told of an incident in this time.",
  peersOmitted: "sums of the peers are given for one node or one peer: --node, --peer",
  clockNote: "further sides of an event are on the clock of its first line where {column} tells how far theirs is ahead of it",
  section: {
    events: "EVENTS (newest last, all sides of a fault together)",
    verdicts: "VERDICTS",
    nodes: "NODES",
    peers: "PEERS (worst first, in whole minutes)",
  },
  column: {
    node: "node",
    clock: "clock",
    address: "address",
    version: "meshprobe",
    heard: "last heard",
    waiting: "not sent yet",
    blind: "blind",
  },
  waiting: "{n}",
  waitingSince: "{n} since {at}",
  since: "since {at}",
  offset: "{offset} ± {error} ms",
  unknownClock: "not measured",
  quiet: {
    one: "and {n} node that is heard, has sent everything and can judge (--full shows it)",
    many: "and {n} nodes that are heard, have sent everything and can judge (--full shows them)",
  },
  pair: "{node} to {peer}",
  whose: "{node}  ",
  page: "meshprobe report --collector {url} ID shows one of them with its evidence.",
};
