/** What happens to the package on two nodes, in order; each step stands on the ones before it. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { ReportIncident } from "../../src/report/report.ts";
import type { Lab } from "../netns/lab.ts";
import type { LossRule } from "../netns/loss.ts";
import type { BootedNode } from "./booted-node.ts";
import { collectorKeys, DELIVERS, OUTLIVES, SET_UP } from "./centre.ts";
import { NOT_INSIDE } from "./debian-root.ts";
import { incident, processes, property, report, until } from "./installed-agent.ts";
import { COLLECTOR_UNIT, collectorUrl, fleetReport } from "./installed-collector.ts";
import { NEXT_VERSION } from "./packages.ts";
import { calm, MISHAPS } from "./mishaps.ts";
import type { Stage, Step } from "./stage.ts";
import { requireSound } from "./unit-check.ts";

const OUTAGE_MS = 6_000;
const READY_MS = 30_000;
const EVIDENCE_MS = 60_000;
/** Default of probe.timeout. */
const PROBE_TIMEOUT_MS = 2_000;
/** Nobody has it in the laboratory (RFC 5737). */
const SILENT_ADDRESS = "192.0.2.1";
const KEY = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

const install = (node: BootedNode, deb: string): Promise<string> =>
  node.run(["apt-get", "-qq", "install", "-y", "-o", "Dpkg::Options::=--force-confold", deb]);

function peersYaml(lab: Lab, self: string, more: readonly string[] = []): string {
  const peers = [...["a", "b"].map((name) => `  - { name: ${name}, address: ${lab.address(name)} }`), ...more];
  return `# Written by the administrator.
node: { name: ${self}, address: ${lab.address(self)} }
data_dir: /var/lib/meshprobe
detect: { cooling: 5s, merge: 10s }
capture: { after_cycles: 10 }
mesh: { key_file: /etc/meshprobe/mesh.key }
${self === "a" ? collectorKeys(collectorUrl(lab)) : ""}peers:\n${peers.join("\n")}\n`;
}

/** The way from a to b, where r2 would send it on. */
const breakLink = (lab: Lab): Promise<LossRule> => lab.dropOn("r2", { to: lab.address("b"), perMille: 1000 });

/** From now until the collector knows of an incident of a, ms. */
async function headAtCentre(stage: Stage): Promise<number> {
  const startedMs = Date.now();
  await until(
    "the incident at the collector",
    async () => ((await fleetReport(stage)).incidents.some(({ node }) => node === "a") ? true : null),
    READY_MS,
  );
  return Date.now() - startedMs;
}

const traced = ({ captures }: ReportIncident): boolean =>
  captures.some(({ kind, hops }) => kind === "mtr" && hops.length > 0) && captures.some(({ kind }) => kind === "sweep");

async function leavesNothing(node: BootedNode): Promise<void> {
  const places = ["/etc", "/usr", "/var", "/run", "/home", "/root", "/tmp", "/opt"];
  const found = await node.run(["find", ...places, "-xdev", "-name", "*meshprobe*", "-not", "-path", "/var/log/*"]);
  assert.equal(found, "");
  for (const name of ["meshprobe", "meshprobe-collector"]) {
    for (const database of ["passwd", "group"])
      assert.equal((await node.exec(["getent", database, name])).code, 2, `${name}: the ${database} entry is left`);
    assert.equal((await node.exec(["systemctl", "status", name])).code, 4, `systemd still knows ${name}`);
  }
}

export const STEPS: readonly Step[] = [
  {
    title: "install on two nodes without Node, compiler or network",
    async run({ a, b, deb }) {
      for (const node of [a, b]) {
        for (const program of NOT_INSIDE) assert.notEqual((await node.exec(["which", program])).code, 0, `${program} is there`);
        await install(node, deb);
        assert.equal(await property(node, "ActiveState"), "active");
        assert.equal(await property(node, "UnitFileState"), "enabled");
        await until("the status", async () => ((await property(node, "StatusText")) === "probing 2 peers" ? true : null), READY_MS);
        assert.match(await node.run(["meshprobe", "report"]), /loopback-v4/);
        assert.doesNotMatch(await node.run(["meshprobe", "doctor"]), /FAIL/);
      }
    },
  },
  {
    title: "the unit is sound and tight",
    async run({ a }) {
      const exposure = await requireSound(a, "meshprobe.service");
      const { agent, wire } = await processes(a);
      for (const pid of [agent, wire]) {
        const status = await a.run(["cat", `/proc/${pid}/status`]);
        for (const set of ["Prm", "Eff", "Bnd", "Amb"])
          assert.match(status, new RegExp(`^Cap${set}:\\s+0000000000002000$`, "m"), "CAP_NET_RAW alone");
        assert.doesNotMatch(status, /^Uid:\s+0\s/m);
      }
      return `exposure ${exposure}`;
    },
  },
  ...SET_UP,
  {
    title: "edit peers.yaml, restart: both nodes probe each other",
    async run({ a, b, lab }) {
      for (const node of [a, b]) {
        await node.run(["sh", "-ec", "umask 027; cat > /etc/meshprobe/mesh.key; chgrp meshprobe /etc/meshprobe/mesh.key"], `${KEY}\n`);
        await node.run(["sh", "-c", "cat > /etc/meshprobe/peers.yaml"], peersYaml(lab, node.machine));
      }
      for (const node of [a, b]) await node.run(["systemctl", "restart", "meshprobe"]);
      for (const node of [a, b])
        await until("the status", async () => ((await property(node, "StatusText")) === "probing 1 peer" ? true : null), READY_MS);
    },
  },
  DELIVERS,
  {
    title: "reload applies a changed peers.yaml and refuses a wrong one; status and trace answer, also to a member of the group",
    async run({ a, lab }) {
      const write = (text: string): Promise<string> => a.run(["sh", "-c", "cat > /etc/meshprobe/peers.yaml"], text);
      const peers = async (): Promise<readonly string[]> => {
        const status = JSON.parse(await a.run(["runuser", "-u", "nobody", "-G", "meshprobe", "--", "meshprobe", "status", "--format", "json"])) as {
          readonly peers: readonly { readonly peer: string }[];
        };
        return status.peers.map(({ peer }) => peer).sort();
      };
      const { agent, wire } = await processes(a);
      await write(peersYaml(lab, "a", [`  - { name: silent, address: ${SILENT_ADDRESS} }`]));
      await a.run(["systemctl", "reload", "meshprobe"]);
      assert.deepEqual(await peers(), ["b", "silent"]);
      await write("peers: []\nnonsense: 1\n");
      assert.notEqual((await a.exec(["systemctl", "reload", "meshprobe"])).code, 0, "a wrong file was applied");
      await write(peersYaml(lab, "a"));
      await a.run(["systemctl", "reload", "meshprobe"]);
      assert.deepEqual(await peers(), ["b"]);
      assert.deepEqual(await processes(a), { agent, wire }, "something was restarted");
      assert.match(await a.run(["meshprobe", "trace", "b"]), new RegExp(lab.address("b").replaceAll(".", "\\.")));
    },
  },
  {
    title: "break the link: the report on the node has the incident, mtr and a verdict",
    async run(stage) {
      const { a, lab } = stage;
      // A path must have been seen healthy before it can be said where it broke.
      await pause(OUTAGE_MS);
      const sinceMs = Date.now();
      const rule = await breakLink(lab);
      await until(
        "losing packets in the status",
        async () => ((await property(a, "StatusText")) === "probing 1 peer, 1 losing packets now" ? true : null),
        READY_MS,
      );
      await pause(OUTAGE_MS);
      assert.ok(!(await fleetReport(stage)).incidents.some(({ node }) => node === "a"), "the collector knows of it already");
      await rule.lift();
      const headMs = await headAtCentre(stage);
      const wanted = { peer: "b", sinceMs: sinceMs - 1_000, timeoutMs: EVIDENCE_MS };
      const found = await incident(
        a,
        wanted,
        (seen) => seen.status !== "open" && (seen.verdict?.certainty ?? "possible") !== "possible" && traced(seen),
      );
      assert.ok(found.lost > 40, `${found.lost} lost`);
      const { scope, direction, hop } = found.verdict ?? assert.fail("no verdict");
      assert.notEqual(scope, "agent");
      assert.notEqual(scope, "local");
      const text = await a.run(["meshprobe", "report", "--since", "10m"]);
      assert.match(text, /INCIDENT 1 of 1: loss/);
      assert.match(text, /mtr run/);
      return `${found.lost} lost; ${scope}, ${direction}, after ${hop?.after ?? "an unknown hop"}, ${found.verdict?.certainty}; head at the collector ${(headMs / 1000).toFixed(1)} s after the link was back`;
    },
  },
  {
    title: "upgrade with an incident open: nothing is lost",
    async run(stage) {
      const { a, lab, nextDeb } = stage;
      await calm(a);
      const sinceMs = Date.now();
      const rule = await breakLink(lab);
      const open = await incident(a, { peer: "b", sinceMs: sinceMs - 1_000, timeoutMs: READY_MS }, (seen) => seen.status === "open" && traced(seen));
      const before = await report(a);
      const startedMs = Date.now();
      await install(a, nextDeb);
      const tookMs = Date.now() - startedMs;
      assert.equal(await property(a, "ActiveState"), "active");
      const next = await incident(a, { peer: "b", sinceMs: sinceMs - 1_000, timeoutMs: EVIDENCE_MS }, (seen) => seen.continues === open.id);
      await rule.lift();
      const after = await report(a);
      assert.equal(after.node.version, NEXT_VERSION);
      for (const was of before.incidents) {
        const is = after.incidents.find(({ id }) => id === was.id) ?? assert.fail(`incident ${was.id} is gone`);
        assert.ok(
          is.lost >= was.lost && is.bursts.length >= was.bursts.length && (is.strip?.length ?? 0) >= (was.strip?.length ?? 0),
          `incident ${was.id} shrank`,
        );
        for (const capture of was.captures)
          assert.ok(
            is.captures.some(({ id }) => id === capture.id),
            `capture ${capture.id} is gone`,
          );
      }
      const blind = after.blind.filter(({ started_at }) => Date.parse(started_at) >= startedMs - 1_000);
      assert.deepEqual(
        blind.map(({ cause }) => cause),
        ["agent-restart"],
      );
      assert.match(await a.run(["cat", "/etc/meshprobe/peers.yaml"]), /Written by the administrator/);
      const blindMs = blind.reduce((sum, { started_at, ended_at }) => sum + Date.parse(ended_at) - Date.parse(started_at), 0);
      const told = async (): Promise<true | null> =>
        (await fleetReport(stage)).nodes.find(({ node }) => node === "a")?.version === NEXT_VERSION ? true : null;
      await until("the collector to hear of the new version", told, EVIDENCE_MS);
      return `${(tookMs / 1000).toFixed(1)} s, blind for ${(blindMs / 1000).toFixed(1)} s; ${open.id} goes on as ${next.id}`;
    },
  },
  ...MISHAPS,
  ...OUTLIVES,
  {
    title: "a peer that never answers delays readiness by its deadline, and is told",
    async run({ b, lab }) {
      const write = (more: readonly string[]): Promise<string> =>
        b.run(["sh", "-c", "cat > /etc/meshprobe/peers.yaml"], peersYaml(lab, b.machine, more));
      await write([`  - { name: silent, address: ${SILENT_ADDRESS} }`]);
      const startedMs = Date.now();
      await b.run(["systemctl", "restart", "meshprobe"]);
      const tookMs = Date.now() - startedMs;
      assert.equal(await property(b, "StatusText"), "probing 2 peers, 1 never answered");
      assert.ok(tookMs > PROBE_TIMEOUT_MS && tookMs < READY_MS, `ready after ${tookMs} ms`);
      await write([]);
      await b.run(["systemctl", "restart", "meshprobe"]);
      return `ready after ${(tookMs / 1000).toFixed(1)} s`;
    },
  },
  {
    title: "removal keeps configuration and evidence, purge leaves nothing",
    async run({ a, b }) {
      const startedMs = Date.now();
      await a.run(["systemctl", "stop", "meshprobe"]);
      const stopMs = Date.now() - startedMs;
      assert.equal(await property(a, "Result"), "success");
      await b.run(["systemctl", "stop", COLLECTOR_UNIT]);
      assert.equal(await property(b, "Result", COLLECTOR_UNIT), "success");
      await b.run(["systemctl", "start", COLLECTOR_UNIT]);
      for (const node of [a, b]) {
        await node.run(["apt-get", "-qq", "remove", "-y", "meshprobe"]);
        await node.run(["test", "-s", "/var/lib/meshprobe/evidence.db", "-a", "-s", "/etc/meshprobe/peers.yaml"]);
        assert.equal((await node.exec(["pgrep", "-u", "meshprobe,meshprobe-collector"])).code, 1, "a process is left");
        if (node === b) await b.run(["test", "-s", "/var/lib/meshprobe-collector/collector.db", "-a", "-s", "/etc/meshprobe/collector.yaml"]);
        await node.run(["apt-get", "-qq", "purge", "-y", "meshprobe"]);
        await leavesNothing(node);
      }
      return `stopped in ${(stopMs / 1000).toFixed(1)} s`;
    },
  },
  {
    title: "the tar.xz installs, upgrades and goes as well",
    async run({ b, installer }) {
      await b.run([installer]);
      await until("the service active", async () => ((await property(b, "ActiveState")) === "active" ? true : null), READY_MS);
      await b.run(["sh", "-c", "echo '# Written by the administrator.' >> /etc/meshprobe/peers.yaml"]);
      await b.run([installer]);
      assert.match(await b.run(["cat", "/etc/meshprobe/peers.yaml"]), /Written by the administrator/);
      assert.equal((await b.run(["ls", "/etc/meshprobe"])).trim(), "collector.yaml\npeers.yaml\npeers.yaml.new");
      await b.run([installer, "--purge"]);
      await leavesNothing(b);
    },
  },
];
