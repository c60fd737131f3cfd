/** Node b is also the centre: the collector is set up, is given what happened while its own link was cut, and outlives an upgrade, kill -9 and a hang. */
import assert from "node:assert/strict";
import { incident, property, until } from "./installed-agent.ts";
import {
  COLLECTOR_UNIT,
  collectorAgain,
  collectorPid,
  collectorStatus,
  collectorUrl,
  delivered,
  fleetReport,
  hasItsEvidence,
  newToken,
  nothingIsMissing,
  PORT,
  put,
  putCertificates,
} from "./installed-collector.ts";
import { calm } from "./mishaps.ts";
import type { Stage, Step } from "./stage.ts";
import { requireSound } from "./unit-check.ts";

const READY_MS = 30_000;
const BACK_MS = 5_000;
/** Of the unit, by a drop-in: its own 30 s would be waited for, and say no more. */
const WATCHDOG_S = 4;
const DROP_IN = "/run/systemd/system/meshprobe-collector.service.d/watchdog.conf";
/** Nobody listens there. */
const NO_DATABASE = "postgres://mesh@127.0.0.1:1/mesh";

const config = (stage: Stage, store: string): string => `# Written by the administrator.
listen: ${stage.lab.address("b")}:${PORT}
tls: { cert_file: collector.crt, key_file: collector.key }
store: ${store}
`;

/** What a needs in its peers.yaml. */
export const collectorKeys = (url: string): string =>
  `collector: { url: "${url}", ca_file: /etc/meshprobe/collector-ca.pem, token_file: /etc/meshprobe/token }\n`;

/** What is sent to the collector's process, and how soon another one is ready. */
async function replaced({ b }: Stage, signal: "KILL" | "STOP"): Promise<number> {
  const pid = await collectorPid(b);
  const startedMs = Date.now();
  await b.run(["kill", `-${signal}`, String(pid)]);
  await collectorAgain(b, pid);
  return Date.now() - startedMs;
}

export const SET_UP: readonly Step[] = [
  {
    title: "b becomes the collector: tokens before its first start, a database that is not there yet, then TLS and SQLite",
    async run(stage) {
      const { a, b, lab } = stage;
      await putCertificates(stage, lab.address("b"));
      await put(a, "/etc/meshprobe/token", `${await newToken(b, "a", "node")}\n`, "meshprobe");
      assert.equal(await b.run(["stat", "-c", "%U %a", "/var/lib/meshprobe-collector/tokens.json"]), "meshprobe-collector 600\n");
      await put(b, "/etc/meshprobe/collector.yaml", config(stage, NO_DATABASE));
      await b.run(["systemctl", "enable", COLLECTOR_UNIT]);
      const startedMs = Date.now();
      assert.equal((await b.exec(["systemctl", "start", COLLECTOR_UNIT])).code, 1, "it started without a database");
      const refusedMs = Date.now() - startedMs;
      const journal = await b.run(["journalctl", "-q", "-o", "cat", "-u", COLLECTOR_UNIT]);
      assert.match(journal, /Cannot use PostgreSQL at 127.0.0.1:1\/mesh: nobody listens there/);
      await put(b, "/etc/meshprobe/collector.yaml", config(stage, "sqlite:/var/lib/meshprobe-collector/collector.db"));
      // Nobody starts it: it comes by itself.
      await collectorAgain(b, 0);
      assert.equal(await property(b, "StatusText", COLLECTOR_UNIT), "0 nodes heard in the last 10 min");
      await put(b, "/root/reader.token", `${await newToken(b, "desk", "reader")}\n`);
      return `refused after ${(refusedMs / 1000).toFixed(1)} s, there ${((Date.now() - startedMs) / 1000).toFixed(1)} s after the first start`;
    },
  },
  {
    title: "the collector's unit is sound and tight, and its process has no capability",
    async run({ b }) {
      const exposure = await requireSound(b, COLLECTOR_UNIT);
      const status = await b.run(["cat", `/proc/${await collectorPid(b)}/status`]);
      for (const set of ["Prm", "Eff", "Bnd", "Amb"]) assert.match(status, new RegExp(`^Cap${set}:\\s+0{16}$`, "m"));
      assert.doesNotMatch(status, /^Uid:\s+0\s/m);
      return `exposure ${exposure}`;
    },
  },
];

export const DELIVERS: Step = {
  title: "a delivers to b: status, doctor and the collector's status line say so",
  async run({ a, b, lab }) {
    await delivered(a);
    const url = collectorUrl(lab);
    const { reachable, last_error: error, refused } = await collectorStatus(a);
    assert.deepEqual([reachable, error?.over ?? true, refused.count], [true, true, 0]);
    assert.ok((await a.run(["meshprobe", "status"])).includes(`collector ${url}: answers, last at `));
    const { findings } = JSON.parse((await a.exec(["meshprobe", "doctor", "--format", "json"])).stdout) as {
      readonly findings: readonly { readonly check: string; readonly level: string; readonly text: string }[];
    };
    const found = findings.filter(({ check }) => check === "collector").map(({ level, text }) => `${level}: ${text}`);
    assert.deepEqual(found, [`ok: ${url} answers and takes deliveries of this node`]);
    await until(
      "the collector's status",
      async () => ((await property(b, "StatusText", COLLECTOR_UNIT)).startsWith("1 node heard") ? true : null),
      READY_MS,
    );
  },
};

export const OUTLIVES: readonly Step[] = [
  {
    title: "what happened while the link to the collector was cut is there, with all of its evidence",
    async run(stage) {
      await calm(stage.a);
      const ids = await nothingIsMissing(stage);
      for (const id of ids) await hasItsEvidence(stage, id);
      return `${ids.length} incidents`;
    },
  },
  {
    title: "an upgrade restarts the collector and loses nothing",
    async run(stage) {
      const { a, b, nextDeb } = stage;
      const before = (await fleetReport(stage)).incidents.map(({ id }) => id);
      const pid = await collectorPid(b);
      const startedMs = Date.now();
      await b.run(["apt-get", "-qq", "install", "-y", "-o", "Dpkg::Options::=--force-confold", nextDeb]);
      await collectorAgain(b, pid);
      const tookMs = Date.now() - startedMs;
      assert.match(await b.run(["cat", "/etc/meshprobe/collector.yaml"]), /Written by the administrator/);
      await calm(a);
      await nothingIsMissing(stage);
      const after = new Set((await fleetReport(stage)).incidents.map(({ id }) => id));
      assert.deepEqual(
        before.filter((id) => !after.has(id)),
        [],
      );
      return `${(tookMs / 1000).toFixed(1)} s`;
    },
  },
  {
    title: "kill -9 of the collector in the midst of an incident: it is back, and everything is delivered",
    async run(stage) {
      const { a, b, lab } = stage;
      const sinceMs = Date.now() - 1_000;
      // The probes only: what a has to tell must have a way.
      const rule = await lab.dropOn("r2", { to: lab.address("b"), icmpType: "echo-request", perMille: 1000 });
      const open = await incident(a, { peer: "b", sinceMs, timeoutMs: READY_MS }, ({ status }) => status === "open");
      const tookMs = await replaced(stage, "KILL");
      await rule.lift();
      await calm(a);
      const ids = await nothingIsMissing(stage);
      assert.ok(ids.includes(open.id), `${open.id} is not there`);
      assert.ok(tookMs <= BACK_MS, `back after ${tookMs} ms`);
      assert.equal(await property(b, "NRestarts", COLLECTOR_UNIT), "1", "its watchdog was fed all the time");
      return `back after ${(tookMs / 1000).toFixed(1)} s; ${ids.length} incidents`;
    },
  },
  {
    title: "a collector that hangs is replaced by its watchdog",
    async run(stage) {
      const { b } = stage;
      await b.run(["sh", "-ec", `mkdir -p ${DROP_IN.replace(/\/[^/]*$/, "")}; cat > ${DROP_IN}`], `[Service]\nWatchdogSec=${WATCHDOG_S}\n`);
      await b.run(["systemctl", "daemon-reload"]);
      await b.run(["systemctl", "restart", COLLECTOR_UNIT]);
      const tookMs = await replaced(stage, "STOP");
      assert.ok(tookMs <= WATCHDOG_S * 1000 + BACK_MS, `back after ${tookMs} ms`);
      await b.run(["rm", "-r", DROP_IN.replace(/\/[^/]*$/, "")]);
      await b.run(["systemctl", "daemon-reload"]);
      assert.ok((await fleetReport(stage)).nodes.some(({ node }) => node === "a"));
      return `back after ${(tookMs / 1000).toFixed(1)} s with a watchdog of ${WATCHDOG_S} s`;
    },
  },
];
