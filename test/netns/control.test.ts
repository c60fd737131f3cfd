/** What people and programs get from a running agent, on real packets: trace, hooks, metrics. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test, { after, before } from "node:test";
import type { Status } from "../../src/control/status.ts";
import type { TraceResult } from "../../src/control/trace.ts";
import type { ReportIncident } from "../../src/report/report.ts";
import { parseExposition } from "../unit/control/exposition-grammar.ts";
import { CLI, startAgent, type Agent } from "./agent.ts";
import { createLab, labObstacle, type Lab } from "./lab.ts";
import { demoSpec } from "./topology.ts";

const obstacle = labObstacle();
const TIMEOUT_MS = 60_000;
const PORT = 9469;

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function meshprobe(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { timeout: TIMEOUT_MS, env: { ...process.env, LC_ALL: "C" } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}

test("asked while it runs", { skip: obstacle ?? false }, async (t) => {
  let lab: Lab;
  let agent: Agent;
  const directory = mkdtempSync(join(tmpdir(), "meshprobe-control-"));
  const told = join(directory, "told");

  before(async () => {
    const hook = join(directory, "hook.sh");
    writeFileSync(hook, `#!/bin/sh\ncat >> ${told}\n`, { mode: 0o755 });
    lab = await createLab(demoSpec);
    const config = {
      detect: { cooling: "1s", merge: "2s" },
      capture: { after: "1s", after_cycles: 1 },
      metrics: { listen: `127.0.0.1:${PORT}` },
      hooks: { incident: [hook] },
      peers: [
        { name: "b", address: lab.address("peer-b") },
        { name: "c", address: lab.address("peer-c"), labels: { site: 'a "site"' } },
      ],
    };
    agent = await startAgent(lab, "node", { directory, config });
  });

  after(async () => {
    await agent.stop();
    await lab.close();
    rmSync(directory, { recursive: true, force: true });
  });

  await t.test("trace sweeps and runs mtr, prints both, and keeps them; in a pipe it shows no progress", async () => {
    const { code, stdout, stderr } = await meshprobe("trace", "b", "--data-dir", agent.dataDir, "--format", "json");
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    const trace = JSON.parse(stdout) as TraceResult;
    assert.deepEqual(
      trace.captures.map(({ kind, trigger, status }) => [kind, trigger, status]),
      [
        ["sweep", "request", "complete"],
        ["mtr", "request", "complete"],
      ],
    );
    const expected = lab.hopAddresses("node", "peer-b");
    for (const { hops } of trace.captures)
      assert.deepEqual(
        hops.map(({ address }) => address),
        expected,
      );
    for (const hop of trace.captures[1]?.hops ?? []) assert.deepEqual([hop.sent, hop.loss_pct], [10, 0], JSON.stringify(hop));
  });

  await t.test("who is no peer is not traced, and the reason is one line", async () => {
    const { code, stdout, stderr } = await meshprobe("trace", lab.address("r3"), "--data-dir", agent.dataDir);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^meshprobe trace: 10\.\S+ is no peer of this node; trace\.allow: any [^\n]*\n$/);
  });

  await t.test("a burst is in the status while it lasts; the hook is told when it opened, was judged and closed", async () => {
    const rule = await lab.dropOn("r3", { perMille: 1000 });
    await agent.waitFor("the incident", (record) => record.msg === "incident opened", 10_000);
    const status = JSON.parse((await meshprobe("status", "--data-dir", agent.dataDir, "--format", "json")).stdout) as Status;
    assert.equal(status.peers[0]?.peer, "b");
    assert.equal(status.peers[0]?.state, "burst");
    assert.equal(status.incidents[0]?.status, "open");
    await agent.waitFor("the verdict", (record) => record.msg.startsWith("judged: "), 10_000);
    const chinese = JSON.parse((await meshprobe("status", "--data-dir", agent.dataDir, "--format", "json", "--lang", "zh")).stdout) as Status;
    assert.match(chinese.incidents[0]?.sentence ?? "", /^自 .*node 到 b 的.*丢/);
    assert.deepEqual([chinese.peers[0]?.state, chinese.incidents[0]?.status], ["burst", "open"]);
    await rule.lift();
    const closed = await agent.waitFor("the end", (record) => record.msg === "incident closed", 30_000);
    const heard = (): { event: string; node: { name: string }; incident: ReportIncident }[] =>
      existsSync(told)
        ? readFileSync(told, "utf8")
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line))
        : [];
    while (heard().at(-1)?.event !== "closed") await new Promise((resolve) => setTimeout(resolve, 50));
    const news = heard();
    assert.equal(news[0]?.event, "opened");
    assert.ok(news.some(({ event, incident }) => event === "judged" && incident.verdict?.scope !== undefined));
    const last = news.at(-1) ?? assert.fail();
    assert.equal(last.node.name, "node");
    assert.deepEqual([last.incident.id, last.incident.peer, last.incident.status, last.incident.kind], [closed["incident"], "b", "closed", "loss"]);
    assert.ok(last.incident.captures.length > 0);
  });

  await t.test("metrics are to be had on loopback, and count what was lost", async () => {
    const scrape = async (): Promise<string> =>
      (
        await lab.exec("node", [
          process.execPath,
          "-e",
          `fetch("http://127.0.0.1:${PORT}/metrics").then((r) => r.text()).then((text) => process.stdout.write(text))`,
        ])
      ).stdout;
    let families = parseExposition(await scrape());
    const of = (name: string, peer: string): number => families.get(name)?.find(({ labels }) => labels["peer"] === peer)?.value ?? 0;
    while (of("meshprobe_probe_lost_total", "b") === 0) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      families = parseExposition(await scrape());
    }
    assert.ok(of("meshprobe_probe_sent_total", "c") > 0);
    assert.equal(of("meshprobe_probe_lost_total", "c"), 0);
    assert.equal(families.get("meshprobe_incidents_opened_total")?.[0]?.value, 1);
    assert.equal(families.get("meshprobe_peer_info")?.find(({ labels }) => labels["peer"] === "c")?.labels["label_site"], 'a "site"');
  });
});
