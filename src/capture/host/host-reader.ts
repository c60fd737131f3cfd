/**
 * Takes host snapshots. Files only, and small ones: a snapshot is taken while packets are dying, and what it costs is bounded whatever the host has many of.
 *
 * /proc/net is that of our own network namespace; /sys/class/net is that of the namespace in which /sys was mounted, which may be another one (`nsenter --net`
 * leaves it as it is, `ip netns exec` mounts it anew). Both count bytes, so what /sys says of an interface is believed only when its byte counts lie between
 * those of /proc/net/dev read before and after.
 */
import { hostFiles, type ReadFile } from "./host-files.ts";
import { clockQuality, TIMESYNCD_FILE } from "./clock-quality.ts";
import type { HostChildren, HostSnapshot, OwnTcp } from "./host-snapshot.ts";
import { runTool, type RunTool } from "./host-tools.ts";
import { parseFigure, parsePressure, parseProcessorTicks, parseRawDrops, parseRunDelay, parseSoftnet } from "./kernel-counters.ts";
import { LINK_FILES, parseLinkState, type LinkFile, type LinkState } from "./link-state.ts";
import { parseArp, parseIpNeigh } from "./neighbours.ts";
import { parseNetDev, type LinkCounters } from "./net-dev.ts";
import { tableCounters } from "./protocol-counters.ts";
import { parseQueueDrops } from "./queues.ts";
import { parseRoutes, parseRoutes6, routedInterfaces, type Route } from "./routes.ts";
import { sum } from "./counter.ts";

/** Interfaces whose state is read; each costs seven small files, 0.1 ms together. A container host has hundreds that no peer is behind. */
const MAX_LINKS = 8;

export interface HostClock {
  /** Ms since the epoch. */
  wallMs(): number;
  monotonicMs(): number;
}

export interface HostReaderOptions {
  readonly readFile?: ReadFile;
  readonly runTool?: RunTool;
  readonly clock: HostClock;
  /** Where the agent speaks TCP itself. */
  readonly ownTcp?: () => OwnTcp;
}

const NO_TCP: OwnTcp = { suspect: 0, underWay: false };

export class HostReader {
  readonly #readFile: ReadFile;
  readonly #runTool: RunTool;
  readonly #clock: HostClock;
  readonly #ownTcp: () => OwnTcp;
  /** Interfaces that routes leave by, or left by: with the interface its routes go, and that is when it matters. */
  #interfaces: readonly string[] = [];
  #children: HostChildren | null = null;
  #running: Promise<HostChildren> | null = null;

  constructor({ readFile = hostFiles(), runTool: run = runTool, clock, ownTcp = () => NO_TCP }: HostReaderOptions) {
    this.#readFile = readFile;
    this.#runTool = run;
    this.#clock = clock;
    this.#ownTcp = ownTcp;
  }

  /** The routing table as it is now; null where it cannot be read. */
  routes(): readonly Route[] | null {
    return bothFamilies(parseRoutes(this.#readFile("/proc/net/route")), parseRoutes6(this.#readFile("/proc/net/ipv6_route")));
  }

  read(): HostSnapshot {
    const read = this.#readFile;
    const [atMs, monotonicMs] = [this.#clock.wallMs(), this.#clock.monotonicMs()];
    const routes = this.routes();
    if (routes !== null) this.#interfaces = [...new Set([...routedInterfaces(routes), ...this.#interfaces])].slice(0, MAX_LINKS);
    const { counters, links } = this.#readLinks();
    const [snmp, netstat] = [read("/proc/net/snmp"), read("/proc/net/netstat")];
    return {
      atMs,
      monotonicMs,
      routes,
      neighbours: parseArp(read("/proc/net/arp")),
      counters,
      links,
      ip: tableCounters(snmp, "Ip", ["OutDiscards", "OutNoRoutes"]),
      icmp: tableCounters(snmp, "Icmp", ["InDestUnreachs"]),
      own: this.#ownTcp(),
      tcp: tableCounters(snmp, "Tcp", ["RetransSegs"]),
      tcpExt: tableCounters(netstat, "TcpExt", ["TCPTimeouts", "TCPLostRetransmit"]),
      softnet: parseSoftnet(read("/proc/net/softnet_stat")),
      rawDrops: rawDrops(read("/proc/net/raw"), read("/proc/net/raw6")),
      conntrackCount: parseFigure(read("/proc/sys/net/netfilter/nf_conntrack_count")),
      conntrackMax: parseFigure(read("/proc/sys/net/netfilter/nf_conntrack_max")),
      pressureUs: parsePressure(read("/proc/pressure/cpu")),
      ticks: parseProcessorTicks(read("/proc/stat")),
      runDelayNs: parseRunDelay(read("/proc/self/schedstat")),
      children: this.#children,
    };
  }

  /** Asks tc and ip; what they said is part of later snapshots too. Those who ask while they run share the answer. Never rejects. */
  readChildren(signal: AbortSignal): Promise<HostChildren> {
    this.#running ??= this.#askChildren(signal).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #askChildren(signal: AbortSignal): Promise<HostChildren> {
    const [queues, neighbours, chrony] = await Promise.all([
      this.#runTool("tc", ["-s", "-j", "qdisc"], signal),
      this.#runTool("ip", ["-j", "neigh"], signal),
      this.#runTool("chronyc", ["-c", "-n", "tracking"], signal),
    ]);
    this.#children = {
      monotonicMs: this.#clock.monotonicMs(),
      queueDrops: parseQueueDrops(queues),
      neighbours: parseIpNeigh(neighbours),
      clock: clockQuality({ chrony, timesyncd: this.#readFile(TIMESYNCD_FILE) }),
    };
    return this.#children;
  }

  #readLinks(): Pick<HostSnapshot, "counters" | "links"> {
    const before = parseNetDev(this.#readFile("/proc/net/dev"));
    const read = this.#interfaces.map((name) => this.#readLink(name));
    const counters = parseNetDev(this.#readFile("/proc/net/dev"));
    const ours = read.filter((link) => isBetween(link, before?.get(link.name), counters?.get(link.name)));
    return { counters, links: new Map(ours.map(({ name, state }) => [name, state])) };
  }

  #readLink(name: string): SysLink {
    const directory = `/sys/class/net/${name}`;
    const texts = Object.fromEntries(LINK_FILES.map((file) => [file, this.#readFile(`${directory}/${file}`)])) as Record<LinkFile, string | null>;
    const [rxBytes, txBytes] = ["rx_bytes", "tx_bytes"].map((file) => parseFigure(this.#readFile(`${directory}/statistics/${file}`)));
    return { name, state: parseLinkState(texts), rxBytes: rxBytes ?? null, txBytes: txBytes ?? null };
  }
}

interface SysLink {
  readonly name: string;
  readonly state: LinkState;
  readonly rxBytes: number | null;
  readonly txBytes: number | null;
}

function isBetween({ rxBytes, txBytes }: SysLink, before: LinkCounters | undefined, after: LinkCounters | undefined): boolean {
  if (rxBytes === null || txBytes === null || before === undefined || after === undefined) return false;
  return before.rxBytes <= rxBytes && rxBytes <= after.rxBytes && before.txBytes <= txBytes && txBytes <= after.txBytes;
}

/** Without IPv6 its file is missing, and that is no reason not to know the IPv4 routes. */
function bothFamilies(ipv4: readonly Route[] | null, ipv6: readonly Route[] | null): readonly Route[] | null {
  return ipv4 === null && ipv6 === null ? null : [...(ipv4 ?? []), ...(ipv6 ?? [])];
}

function rawDrops(ipv4: string | null, ipv6: string | null): number | null {
  return sum([parseRawDrops(ipv4), ipv6 === null ? 0 : parseRawDrops(ipv6)]);
}
