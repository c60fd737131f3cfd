import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  parseFigure,
  parsePressure,
  parseProcessorTicks,
  parseRawDrops,
  parseRunDelay,
  parseSoftnet,
} from "../../../../src/capture/host/kernel-counters.ts";
import { parseLinkState, type LinkFile } from "../../../../src/capture/host/link-state.ts";
import { parseArp, parseIpNeigh } from "../../../../src/capture/host/neighbours.ts";
import { parseNetDev } from "../../../../src/capture/host/net-dev.ts";
import { tableCounters } from "../../../../src/capture/host/protocol-counters.ts";
import { parseQueueDrops } from "../../../../src/capture/host/queues.ts";
import { parseRoutes, parseRoutes6, routedInterfaces, routeTo } from "../../../../src/capture/host/routes.ts";
import { fixture } from "./host-fixture.ts";

const proc = (name: string): string => fixture(`healthy/proc/${name}`);

test("/proc/net/dev: an interface's bytes, errors and drops, both ways", () => {
  const links = parseNetDev(proc("net/dev"));
  assert.deepEqual([...(links?.keys() ?? [])], ["lo", "ifb0", "eth0"]);
  assert.deepEqual(links?.get("eth0"), { rxBytes: 808992450, rxErrors: 0, rxDrops: 2, txBytes: 1234376, txErrors: 0, txDrops: 0 });
  assert.equal(parseNetDev(" eth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16")?.get("eth0")?.txBytes, 9);
});

describe("/sys/class/net", () => {
  const state = (texts: Partial<Record<LinkFile, string>>) =>
    parseLinkState({ carrier: null, carrier_changes: null, operstate: null, speed: null, mtu: null, ...texts });

  test("a link that is up", () => {
    assert.deepEqual(state({ carrier: "1\n", carrier_changes: "2\n", operstate: "up\n", speed: "1000\n", mtu: "1500\n" }), {
      carrier: true,
      carrierChanges: 2,
      operstate: "up",
      speedMbit: 1000,
      mtu: 1500,
    });
  });

  test("a speed that the driver does not know is null", () => {
    assert.deepEqual(
      ["-1", "0", "4294967295", ""].map((speed) => state({ speed }).speedMbit),
      [null, null, null, null],
    );
  });
});

describe("routes", () => {
  const routes = [...(parseRoutes(proc("net/route")) ?? []), ...(parseRoutes6(proc("net/ipv6_route")) ?? [])];

  test("the default route is that of IPv4, and that of IPv6 where there is no other", () => {
    assert.deepEqual([routeTo(routes, null)?.gateway, routeTo(routes, null)?.interface], ["192.0.2.1", "eth0"]);
    assert.equal(routeTo(parseRoutes6(proc("net/ipv6_route")), null)?.gateway, "2001:db8::1");
  });

  test("what is on the link has no gateway, what is beyond has one, in both families", () => {
    const gateways = ["192.0.2.9", "198.51.100.1", "2001:db8::9", "2001:db8:1::9"].map((target) => routeTo(routes, target)?.gateway);
    assert.deepEqual(gateways, [null, "192.0.2.1", null, "2001:db8::1"]);
  });

  test("the longest prefix wins, then the lowest metric; routes that are down or refuse do not count", () => {
    const table = parseRoutes(
      [
        "eth0 00000000 010200C0 0003 0 0 100 00000000 0 0 0",
        "eth1 00000000 020200C0 0003 0 0 50 00000000 0 0 0",
        "eth2 006433C6 030200C0 0003 0 0 900 00FEFFFF 0 0 0", // 198.51.100.0/23
        "* 007100CB 00000000 0200 0 0 0 00FFFFFF 0 0 0", // unreachable 203.0.113.0/24
        "eth3 00000000 040200C0 0002 0 0 0 00000000 0 0 0",
      ].join("\n"),
    );
    assert.deepEqual(
      [null, "198.51.100.1", "198.51.101.1", "198.51.102.1", "2001:db8::1"].map((target) => routeTo(table, target)?.interface),
      ["eth1", "eth2", "eth2", "eth1", undefined],
    );
  });

  test("interfaces come in the order of their importance", () => {
    const table = parseRoutes(
      [
        "docker0 000011AC 00000000 0001 0 0 0 0000FFFF 0 0 0",
        "eth1 006433C6 030200C0 0003 0 0 0 00FFFFFF 0 0 0",
        "eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0",
        "eth0 000200C0 00000000 0001 0 0 0 00FFFFFF 0 0 0",
      ].join("\n"),
    );
    assert.deepEqual(routedInterfaces(table ?? []), ["eth0", "eth1", "docker0"]);
  });
});

test("a neighbour is reachable with an address, failed without, and says nothing when entered by hand", () => {
  const states = (list: ReturnType<typeof parseArp>) => list?.map((neighbour) => [neighbour.address, neighbour.state]);
  assert.deepEqual(states(parseArp(proc("net/arp"))), [
    ["192.0.2.1", "reachable"],
    ["192.0.2.7", null],
  ]);
  assert.deepEqual(states(parseArp(fixture("cable-pulled/proc/net/arp")))?.[0], ["192.0.2.1", "failed"]);
  assert.deepEqual(states(parseIpNeigh(fixture("tools/ip-neigh.json"))), [
    ["192.0.2.1", "reachable"],
    ["192.0.2.7", null],
    ["2001:db8::1", "failed"],
  ]);
});

test("/proc/net/snmp and netstat: by table and column, wherever it stands", () => {
  assert.deepEqual(tableCounters(proc("net/snmp"), "Icmp", ["InDestUnreachs", "OutEchos"]), { InDestUnreachs: 2, OutEchos: 995340 });
  assert.deepEqual(tableCounters(proc("net/snmp"), "Tcp", ["RetransSegs", "MaxConn"]), { RetransSegs: 0, MaxConn: null });
  assert.deepEqual(tableCounters(proc("net/netstat"), "TcpExt", ["TCPTimeouts", "NoSuchColumn"]), { TCPTimeouts: 4, NoSuchColumn: null });
});

test("counters of the kernel", () => {
  assert.deepEqual(parseSoftnet(fixture("cable-pulled/proc/net/softnet_stat")), { dropped: 12, squeezed: 0x4a + 0x57 });
  assert.deepEqual([parseRawDrops(proc("net/raw")), parseRawDrops(proc("net/raw6"))], [3, 0]);
  assert.equal(parseFigure(proc("sys/net/netfilter/nf_conntrack_max")), 262144);
  assert.equal(parsePressure(proc("pressure/cpu")), 2925617322);
  assert.deepEqual(parseProcessorTicks(proc("stat")), { total: 622373 + 14508 + 244356 + 1413139 + 4677 + 53809 + 13758, steal: 13758 });
  assert.equal(parseRunDelay(proc("self/schedstat")), 105167);
});

test("drops of a queue are those of its root, which has those below it in its count", () => {
  assert.deepEqual(
    [...(parseQueueDrops(fixture("tools/tc-qdisc.json")) ?? [])],
    [
      ["lo", 0],
      ["eth0", 17],
      ["eth1", 2],
    ],
  );
});

const PARSERS: readonly (readonly [string, (text: string | null) => unknown])[] = [
  ["net/dev", parseNetDev],
  ["net/route", parseRoutes],
  ["net/ipv6_route", parseRoutes6],
  ["net/arp", parseArp],
  ["net/softnet_stat", parseSoftnet],
  ["net/raw", parseRawDrops],
  ["pressure/cpu", parsePressure],
  ["stat", parseProcessorTicks],
  ["self/schedstat", parseRunDelay],
  ["sys/net/netfilter/nf_conntrack_max", parseFigure],
];
const TOOLS: typeof PARSERS = [
  ["tools/ip-neigh.json", parseIpNeigh],
  ["tools/tc-qdisc.json", parseQueueDrops],
];

for (const [name, text, parse] of [
  ...PARSERS.map(([name, parse]) => [name, proc(name), parse] as const),
  ...TOOLS.map(([name, parse]) => [name, fixture(name), parse] as const),
]) {
  test(`${name}: missing is null, and no cut or garbage throws`, () => {
    assert.equal(parse(null), null);
    for (let length = 0; length < text.length; length += 7) parse(text.slice(0, length));
    for (const garbage of [
      "",
      "\n\n",
      "\0\xff",
      "eth0:",
      "[1,null,{}]",
      '{"a":1}',
      "x ".repeat(100),
      text.replaceAll(/\d/g, "z"),
      text.replaceAll(" ", ""),
    ])
      assert.doesNotThrow(() => parse(garbage));
  });
}
