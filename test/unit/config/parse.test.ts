import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { agentId } from "../../../src/config/agent-id.ts";
import type { Config } from "../../../src/config/config.ts";
import { parseConfig } from "../../../src/config/parse.ts";

const parse = (text: string): Config => parseConfig(text, { file: "/etc/meshprobe/peers.yaml", hostName: "this-node" });
const peers = (count: number): string =>
  `peers:\n${Array.from({ length: count }, (_, i) => `  - { name: p${i}, address: h${i}.example }`).join("\n")}\n`;

test("a file that sets nothing has the defaults of the design", () => {
  assert.deepEqual(parse("peers: []"), {
    file: "/etc/meshprobe/peers.yaml",
    node: { name: "this-node", address: null, labels: {} },
    dataDir: "/var/lib/meshprobe",
    probe: { intervalMs: 100, timeoutMs: 2000, maxRate: 2000, dscp: 0 },
    detect: { window: 20, lost: 5, clear: 20, coolingMs: 15_000, mergeMs: 60_000 },
    mesh: { keyFile: null },
    capture: { mtr: true, names: true, hourly: 12, daily: 60, baselineMs: 60_000, afterMs: 15_000, afterCycles: 100 },
    metrics: null,
    hooks: { incident: null },
    trace: { allow: "peers" },
    store: {
      maxBytes: 2e9,
      evidenceMs: 365 * 86_400_000,
      rollups: { tenSecondsMs: 7 * 86_400_000, minuteMs: 30 * 86_400_000, hourMs: 365 * 86_400_000 },
    },
    log: { level: "info" },
    peers: [],
    collector: null,
    notes: ["nothing is probed: /etc/meshprobe/peers.yaml lists no other node under peers"],
  });
});

test("every key that is set is read, with its unit", () => {
  const config = parse(`
node:  { name: sh-a1, address: 10.20.1.2, labels: { site: sh, rack: 007 } }
data_dir: data
probe:  { interval: 200ms, timeout: 1.5s, max_rate: 5000/s, dscp: 46 }
detect: { window: 50, lost: 10, clear: 30, cooling: 10s, merge: 2m }
mesh:   { key_file: ../mesh.key }
capture: { mtr: false, names: false, hourly: 6, daily: 30, after: 20s, after_cycles: 30, baseline: 5m }
store:  { max_bytes: 512MB, evidence: 30d, rollups: { 10s: 1d12h, 1m: 7d, 1h: 90d } }
log:    { level: debug }
metrics: { listen: "[::1]:9469" }
hooks:  { incident: [/usr/local/bin/notify, --to, noc] }
trace:  { allow: any }
peers:
  - { name: bj-b1, address: 10.20.3.2 }
  - { name: gz-c1, address: gz-c1.example, interval: 1s, labels: { site: gz } }
  - { name: ll, address: fe80::1%eth0 }
collector: { url: [https://a.example:8443, https://b.example], token_file: token, ca_file: /ca.pem, cert_file: node.pem, key_file: node.key, rate: 500kbit/s }
`);
  assert.deepEqual(config, {
    file: "/etc/meshprobe/peers.yaml",
    node: { name: "sh-a1", address: "10.20.1.2", labels: { site: "sh", rack: "007" } },
    dataDir: "/etc/meshprobe/data",
    probe: { intervalMs: 200, timeoutMs: 1500, maxRate: 5000, dscp: 46 },
    detect: { window: 50, lost: 10, clear: 30, coolingMs: 10_000, mergeMs: 120_000 },
    mesh: { keyFile: "/etc/mesh.key" },
    capture: { mtr: false, names: false, hourly: 6, daily: 30, baselineMs: 300_000, afterMs: 20_000, afterCycles: 30 },
    store: {
      maxBytes: 512e6,
      evidenceMs: 30 * 86_400_000,
      rollups: { tenSecondsMs: 1.5 * 86_400_000, minuteMs: 7 * 86_400_000, hourMs: 90 * 86_400_000 },
    },
    log: { level: "debug" },
    metrics: { address: "::1", port: 9469 },
    hooks: { incident: ["/usr/local/bin/notify", "--to", "noc"] },
    trace: { allow: "any" },
    peers: [
      { name: "bj-b1", host: "10.20.3.2", intervalMs: 200, labels: {} },
      { name: "gz-c1", host: "gz-c1.example", intervalMs: 1000, labels: { site: "gz" } },
      { name: "ll", host: "fe80::1%eth0", intervalMs: 200, labels: {} },
    ],
    collector: {
      urls: ["https://a.example:8443", "https://b.example"],
      tokenFile: "/etc/meshprobe/token",
      caFile: "/ca.pem",
      certFile: "/etc/meshprobe/node.pem",
      keyFile: "/etc/meshprobe/node.key",
      rate: 500_000,
    },
    notes: [],
  });
});

test("the configuration is frozen to the last label", () => {
  const config = parse("peers: [{ name: a, address: 10.0.0.1, labels: { site: sh } }]");
  for (const value of [config, config.probe, config.store.rollups, config.peers, config.peers[0], config.peers[0]?.labels, config.notes]) {
    assert.ok(Object.isFrozen(value));
  }
});

test("the trace after a burst waits as long as mtr goes on, unless it has its own time", () => {
  assert.equal(parse("detect: { cooling: 3s }").capture.afterMs, 3000);
  assert.equal(parse("detect: { cooling: 3s }\ncapture: { after: 5s }").capture.afterMs, 5000);
});

test("sections and lists that are there but empty are like absent ones", () => {
  assert.deepEqual(parse("probe:\npeers:\ncollector:\nnode: { labels: }\nstore:\n  rollups:\n"), parse("peers: []"));
});

test("this node's own entry is skipped by name or by address, and said", () => {
  const config = parse(`
node: { name: a, address: "2001:db8::1" }
peers:
  - { name: a, address: 10.0.0.1 }
  - { name: b, address: 2001:DB8:0::1 }
  - { name: c, address: 10.0.0.3 }
`);
  assert.deepEqual(
    config.peers.map((peer) => peer.name),
    ["c"],
  );
  assert.deepEqual(config.notes, [
    'peer "a" (line 4) is this node itself and is not probed',
    'peer "b" (line 5) is this node itself and is not probed',
  ]);
});

test("the host name stands in for node.name when the own entry is looked for", () => {
  assert.deepEqual(parse("peers: [{ name: this-node, address: 10.0.0.1 }]").peers, []);
});

test("above probe.max_rate every interval is stretched by one factor and one note says so", () => {
  const config = parse(`${peers(200)}  - { name: slow, address: slow.example, interval: 1s }\nprobe: { max_rate: 1000/s }\n`);
  const rate = config.peers.reduce((sum, peer) => sum + 1000 / peer.intervalMs, 0);
  assert.ok(rate <= 1000 && rate > 990, `${rate} a second`);
  assert.equal(config.peers[0]?.intervalMs, 201);
  assert.equal(config.peers.at(-1)?.intervalMs, 2001);
  assert.equal(config.probe.intervalMs, 100);
  assert.deepEqual(config.notes, [
    "interval of 201 peers stretched from 100ms to 201ms, 1s to 2s1ms: they would need 2001 probes a second and probe.max_rate allows 1000/s",
  ]);
});

test("exactly probe.max_rate is not stretched", () => {
  const config = parse(peers(200));
  assert.equal(config.peers[0]?.intervalMs, 100);
  assert.deepEqual(config.notes, []);
});

test("16000 peers are allowed, and one more is refused where it stands", () => {
  const entries = (count: number): string => `peers:\n${"- x\n".repeat(count)}`;
  assert.throws(() => parse(entries(16_000)), { message: /peers\[0\]: is not a map/ });
  assert.throws(() => parse(entries(16_001)), { code: "range", line: 16_002, message: /is more than 16000 entries; list fewer \(each peer needs 4/ });
});

test("a node without any name is refused", () => {
  assert.throws(() => parseConfig("peers: []", { file: "f", hostName: "" }), { code: "missing", message: /^f:1:1: node.name is not set/ });
});

test("the agent id is the first 4 bytes of SHA-256 of the name", () => {
  assert.equal(agentId("abc"), 0xba7816bf);
});

test("deep nesting, many aliases and many keys each end in one error", { timeout: 20_000 }, () => {
  assert.throws(() => parse("[".repeat(20_000)), { code: "syntax", message: /nested too deeply/ });
  const bomb = `a: &a [x]\n${Array.from({ length: 20 }, (_, i) => `b${i}: &b${i} [${i === 0 ? "*a" : `*b${i - 1}, *b${i - 1}`}]`).join("\n")}\n`;
  assert.throws(() => parse(`node:\n  labels:\n${bomb.replace(/^/gm, "    ")}`), { name: "ConfigError" });
  assert.throws(() => parse(`node:\n  labels:\n${Array.from({ length: 20_000 }, (_, i) => `    k${i}: v`).join("\n")}`), {
    message: /has more than 32 entries/,
  });
});

const shippedFile = new URL("../../../config/peers.yaml", import.meta.url);
const shipped = readFileSync(shippedFile, "utf8");

test("the shipped file holds the defaults and probes loopback only", () => {
  const { peers, dataDir, ...rest } = parse(shipped);
  const { peers: _none, dataDir: _default, ...defaults } = parse("peers: []");
  assert.deepEqual(rest, { ...defaults, notes: [] });
  assert.deepEqual(
    peers.map((peer) => [peer.name, peer.host]),
    [
      ["loopback-v4", "127.0.0.1"],
      ["loopback-v6", "::1"],
    ],
  );
  assert.equal(dataDir, "/etc/.meshprobe-data");
});

test("the shipped file is right as well with every key uncommented", () => {
  const all = shipped
    .replace(/^# (?=(?:node|mesh|collector|(?:  )(?:name|address|labels|key_file|url|token_file|ca_file|cert_file|key_file|rate)):)/gm, "")
    .replace(/^  # (?=- \{)/gm, "  ");
  const config = parse(all);
  assert.equal(config.node.name, "sh-a1");
  assert.equal(config.mesh.keyFile, "/etc/meshprobe/mesh.key");
  assert.equal(config.collector?.rate, 1e6);
  assert.equal(config.peers.length, 5);
});

test("the shipped file has a comment on every key", () => {
  const keys = Array.from(shipped.matchAll(/^#?\s*([a-z_]+):(?= |$)/gm), (match) => match[1]);
  for (const key of [
    "node",
    "data_dir",
    "interval",
    "timeout",
    "max_rate",
    "dscp",
    "window",
    "lost",
    "clear",
    "cooling",
    "merge",
    "key_file",
    "mtr",
  ]) {
    assert.ok(keys.includes(key), key);
  }
  for (const key of [
    "hourly",
    "daily",
    "after",
    "after_cycles",
    "baseline",
    "max_bytes",
    "evidence",
    "rollups",
    "level",
    "url",
    "token_file",
    "ca_file",
    "rate",
  ]) {
    assert.ok(keys.includes(key), key);
  }
});
