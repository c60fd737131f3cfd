import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../../src/config/parse.ts";
import { type DoctorPorts, examine, examineHost } from "../../../src/doctor/doctor.ts";
import { type Finding, ok } from "../../../src/doctor/finding.ts";
import type { StoredPeer } from "../../../src/doctor/peers-check.ts";
import { verbatim } from "../../../src/phrases/phrase.ts";
import { fakeSystem } from "./fake-system.ts";

const CONFIG = parseConfig(
  "data_dir: /var/data\nmesh: { key_file: /etc/mesh.key }\ncollector: { url: 'https://c.example', token_file: /etc/token }\npeers:\n  - { name: a, address: 10.0.0.2 }\n  - { name: b, address: 10.0.0.3 }\n",
  { file: "/etc/peers.yaml", hostName: "this-node" },
);
const STORED: StoredPeer = { name: "a", address: "10.0.0.2", firstReplyAt: "2026-11-21T00:00:00.000Z", sent: 10, received: 10 };

interface Ports extends DoctorPorts {
  readonly questions: string[][];
}

function ports(agentPid: number | null, peers: readonly StoredPeer[] | null = [STORED]): Ports {
  const questions: string[][] = [];
  return {
    questions,
    system: fakeSystem({ files: { "/proc/4711/status": "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t\nCapEff:\t0000000000002000\n" } }),
    stored: { agentPid: () => agentPid, database: () => ok(verbatim("whole")), peers: () => peers },
    nowMs: () => 0,
    askCollector: ({ collector }) => Promise.resolve((collector?.urls ?? []).map((url) => ({ url, problem: null }))),
    ask: (asked) => {
      questions.push(asked.map(({ host }) => host));
      return Promise.resolve(asked.map(({ name, host }) => ({ name, host, answer: { kind: "answered", rttMs: 1 } as const })));
    },
  };
}

async function all(findings: AsyncGenerator<Finding>): Promise<Finding[]> {
  const list: Finding[] = [];
  for await (const finding of findings) list.push(finding);
  return list;
}

const WHAT = [
  "configuration",
  "mesh key",
  "token",
  "data_dir",
  "capability",
  "network",
  "kernel",
  "buffer",
  "mtr",
  "clock",
  "disk",
  "peers",
  "collector",
  "database",
];

test("without an agent each peer is asked once, and every check says one thing in its order", async () => {
  const without = ports(null);
  const findings = await all(examine(CONFIG, without));
  assert.deepEqual(
    findings.map(({ check }) => check),
    WHAT,
  );
  assert.deepEqual(without.questions, [["10.0.0.2", "10.0.0.3"]]);
});

test("while an agent runs no packet is sent: what it has stored of the configured peers is told", async () => {
  const running = ports(4711, [STORED, { ...STORED, name: "no-longer-configured", received: 0 }]);
  const findings = await all(examine(CONFIG, running));
  assert.deepEqual(running.questions, []);
  assert.deepEqual(
    findings.filter(({ check }) => check.startsWith("peer")).map(({ text }) => text),
    ["1 of 1 answer the running agent"],
  );
  assert.match(findings.find(({ check }) => check === "capability")?.text ?? "", /the running agent \(pid 4711\) has CAP_NET_RAW/);
  const unreadable = await all(examine(CONFIG, ports(4711, null)));
  assert.equal(unreadable.find(({ check }) => check === "peers")?.level, "warn");
});

test("without the capability the peers are not known, and that is no failure of theirs", async () => {
  const findings = await all(examine(CONFIG, { ...ports(null), ask: () => Promise.resolve({ errno: "EPERM" }) }));
  const peers = findings.filter(({ check }) => check.startsWith("peer"));
  assert.deepEqual(
    peers.map(({ level, text }) => [level, text]),
    [["warn", "not asked: no running agent is seen, and no raw socket can be opened here (EPERM)"]],
  );
});

test("without a configuration the host is looked at", async () => {
  const findings = await all(examineHost(fakeSystem({})));
  assert.deepEqual(
    findings.map(({ check }) => check),
    ["capability", "network", "kernel", "buffer", "mtr", "clock"],
  );
});

test("each address of the collector has its finding: what is wrong with it, or that its token can be read on the way", async () => {
  const config = parseConfig(
    "collector: { url: ['https://a.example', 'http://10.0.0.9', 'http://127.0.0.1:1'], ca_file: /etc/ca.pem }\npeers: []\n",
    {
      file: "/etc/peers.yaml",
      hostName: "this-node",
    },
  );
  const askCollector: DoctorPorts["askCollector"] = () =>
    Promise.resolve([
      { url: "https://a.example", problem: "its certificate has expired" },
      { url: "http://10.0.0.9", problem: null },
      { url: "http://127.0.0.1:1", problem: null },
    ]);
  const findings = await all(examine(config, { ...ports(null), askCollector }));
  assert.deepEqual(
    findings.filter(({ check }) => check === "collector").map(({ level, text }) => [level, text]),
    [
      ["fail", "https://a.example: its certificate has expired"],
      ["warn", "http://10.0.0.9 takes deliveries of this node, but over plain http: whoever is on the way can read the token"],
      ["ok", "http://127.0.0.1:1 answers and takes deliveries of this node"],
    ],
  );
  assert.equal(findings.find(({ check }) => check === "CA file")?.level, "fail");
  const without = parseConfig("peers: []", { file: "/etc/peers.yaml", hostName: "this-node" });
  assert.equal(
    (await all(examine(without, ports(null)))).some(({ check }) => check === "collector"),
    false,
  );
});
