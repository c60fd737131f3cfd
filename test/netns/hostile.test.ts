/** What the world does to an agent: forged and doubled replies, noise, a dead mtr, a full disk. It goes on, accuses nobody wrongly and loses nothing. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import type { Report, ReportIncident } from "../../src/report/report.ts";
import { CLI, startAgent, type Agent } from "./agent.ts";
import { createLab, type Lab } from "./lab.ts";
import { skipLab } from "./requirements.ts";
import { demoSpec } from "./topology.ts";

const run = promisify(execFile);
const QUICK = { detect: { cooling: "1s", merge: "3s" }, capture: { after: "1s", after_cycles: 1 } };
const CLOSED_MS = 40_000;
const FORGED = 20_000;
const TMPFS_BYTES = 20 * 1024 * 1024;

async function closed(agent: Agent, peer: string): Promise<void> {
  await agent.waitFor(`the incident of ${peer} closed`, (record) => record.msg === "incident closed" && record["peer"] === peer, CLOSED_MS);
}

describe("a hostile world", { skip: skipLab }, () => {
  let lab: Lab;
  const directories: string[] = [];
  const directory = (): string => {
    const made = mkdtempSync(join(tmpdir(), "meshprobe-hostile-"));
    directories.push(made);
    return made;
  };
  const peers = (...names: readonly string[]): { name: string; address: string }[] => names.map((name) => ({ name, address: lab.address(name) }));

  before(async () => void (lab = await createLab(demoSpec)));
  after(async () => {
    await lab.close();
    for (const made of directories) rmSync(made, { recursive: true, force: true });
  });

  /** Changes what passes a router, as an attacker on the path would; returns how to end it. */
  async function tamper(router: string, rule: string): Promise<() => Promise<void>> {
    const { code, stderr } = await lab.exec(router, ["nft", "-f", "-"], {
      input: `table ip tamper {\n chain forward {\n type filter hook forward priority 0;\n ${rule}\n }\n}\n`,
    });
    assert.equal(code, 0, stderr);
    return async () => void (await lab.exec(router, ["nft", "delete", "table", "ip", "tamper"]));
  }

  test("replies that are doubled, come from a stranger, or carry another tag, and a flood of noise and forgeries", async () => {
    const agent = await startAgent(lab, "node", { directory: directory(), config: { ...QUICK, peers: peers("peer-b", "peer-c") } });
    const [b, c] = [lab.address("peer-b"), lab.address("peer-c")];
    const undouble = await tamper("r1", `ip saddr ${b} icmp type echo-reply dup to ${lab.topology.end("node", "r1").address} device "to-node"`);
    await pause(2_000);
    await undouble();

    for (const what of ["noise", "replies"]) {
      const forger = await lab.exec("peer-c", [process.execPath, join(import.meta.dirname, "forger.ts"), lab.address("node"), what, String(FORGED)]);
      assert.match(forger.stdout, new RegExp(`^sent ${FORGED}$`, "m"), forger.stderr);
    }
    await pause(1_000);
    assert.deepEqual(
      agent.log.filter((record) => record.msg === "incident opened"),
      [],
      "an incident out of doubled replies or noise",
    );

    const unmask = await tamper("r1", `ip saddr ${b} icmp type echo-reply ip saddr set 10.66.6.6`);
    await agent.waitFor("the incident of peer-b", (record) => record.msg === "incident opened" && record["peer"] === "peer-b", 5_000);
    await pause(1_000);
    await unmask();
    // The tag begins 62 bytes into the ICMP message.
    const restore = await tamper("r1", `ip saddr ${c} icmp type echo-reply @th,496,64 set 0x1122334455667788`);
    await agent.waitFor("the incident of peer-c", (record) => record.msg === "incident opened" && record["peer"] === "peer-c", 5_000);
    await pause(1_000);
    await restore();
    await Promise.all([closed(agent, "peer-b"), closed(agent, "peer-c")]);
    assert.equal(await agent.stop(), 0);

    const report = JSON.parse(await agent.report("--since", "5m", "--format", "json", "--full")) as Report;
    assert.deepEqual(report.incidents.map((incident) => [incident.peer, incident.kind]).sort(), [
      ["peer-b", "loss"],
      ["peer-c", "loss"],
    ]);
    const figures = new Map(report.peers.map((peer) => [peer.peer, peer]));
    assert.ok((figures.get("peer-b")?.duplicate ?? 0) >= 15, `${figures.get("peer-b")?.duplicate} duplicates`);
    for (const peer of ["peer-b", "peer-c"]) assert.ok((figures.get(peer)?.foreign ?? 0) >= 10, `${figures.get(peer)?.foreign} foreign of ${peer}`);
    assert.deepEqual(
      report.blind.filter((blind) => blind.cause !== "overflow" && blind.cause !== "stall"),
      [],
    );
  });

  test("whatever mtr does instead of tracing, it is told as what it is, sweeps are there, and nothing is left running", async () => {
    const script = (body: string): string => {
      const place = directory();
      writeFileSync(join(place, "mtr"), `#!/bin/sh\n${body}\n`);
      chmodSync(join(place, "mtr"), 0o755);
      return place;
    };
    const hangDirectory = script(`echo $$ > "$(dirname "$0")/pid"; exec sleep 1000`);
    const cases: readonly { readonly what: string; readonly path: string; readonly status: string; readonly reason: RegExp }[] = [
      { what: "missing", path: "/nowhere", status: "failed", reason: /^mtr is not installed$/ },
      { what: "exits 1", path: `${script("echo kaputt >&2; exit 1")}:/bin`, status: "failed", reason: /exit code 1: kaputt/ },
      { what: "garbage", path: `${script("echo '\u001b[31mhello'; exit 0")}:/bin`, status: "failed", reason: /nothing readable in 1 lines/ },
      { what: "hangs", path: `${hangDirectory}:/usr/bin:/bin`, status: "partial", reason: /stopped before its first probe/ },
    ];
    const agents = await Promise.all(
      cases.map(({ path }) =>
        startAgent(lab, "node", { directory: directory(), config: { ...QUICK, peers: peers("peer-b") }, prefix: ["/usr/bin/env", `PATH=${path}`] }),
      ),
    );
    const rule = await lab.dropOn("r3", { perMille: 1000, icmpType: "echo-request" });
    await pause(2_500);
    await rule.lift();
    await Promise.all(agents.map((agent) => closed(agent, "peer-b")));
    for (const [index, { what, status, reason }] of cases.entries()) {
      const agent = agents[index] as Agent;
      const report = JSON.parse(await agent.report("--since", "5m", "--format", "json", "--full")) as Report;
      assert.equal(report.incidents.length, 1, what);
      const captures = (report.incidents[0] as ReportIncident).captures;
      const mtr = captures.filter((capture) => capture.kind === "mtr");
      assert.deepEqual(
        mtr.map((capture) => capture.status),
        [status],
        what,
      );
      assert.match(mtr[0]?.reason ?? "", reason, what);
      const sweeps = captures.filter((capture) => capture.kind === "sweep" && capture.phase === "during" && capture.hops.length > 0);
      assert.ok(sweeps.length > 0, `${what}: no sweep`);
      assert.doesNotMatch(await agent.report("--since", "5m", "--full"), /\u001b/);
      assert.equal(await agent.stop(), 0, what);
    }
    const hung = Number(readFileSync(join(hangDirectory, "pid"), "utf8"));
    assert.ok(!existsSync(`/proc/${hung}`), "the hanging mtr still runs");
  });

  test("on a full disk probing goes on, it is said once, what is stored stays, and what waited is written when there is room again", async () => {
    const place = directory();
    mkdirSync(join(place, "data"));
    const data = join(place, "data");
    const agent = await startAgent(lab, "node", {
      directory: place,
      config: { ...QUICK, peers: peers("peer-b", "peer-c"), capture: { mtr: false, after: "1s", after_cycles: 1 } },
      prefix: ["unshare", "-m", "sh", "-c", `mount -t tmpfs -o size=${TMPFS_BYTES} tmpfs ${data} && exec "$@"`, "-"],
    });
    const inside = (...argv: readonly string[]): Promise<{ stdout: string; stderr: string }> =>
      run("nsenter", ["-t", String(agent.pid), "-m", ...argv], { maxBuffer: 64 * 1024 * 1024 });
    /** Only ever the small file system of this test, and never more than its size: a mistake here would fill the machine's disk. */
    const fillUp = async (): Promise<void> => {
      const { stdout } = await inside("stat", "-f", "-c", "%T %b %S", data);
      const [kind, blocks, size] = stdout.trim().split(" ");
      assert.deepEqual([kind, Number(blocks) * Number(size)], ["tmpfs", TMPFS_BYTES], "not the file system of this test");
      await inside("sh", "-c", `dd if=/dev/zero of=${data}/filler bs=4k count=${TMPFS_BYTES / 4096} 2>/dev/null || true`);
    };
    const report = async (): Promise<Report> =>
      JSON.parse((await inside(process.execPath, CLI, "report", "--data-dir", data, "--since", "5m", "--format", "json", "--full")).stdout) as Report;
    const fault = async (router: string, peer: string): Promise<void> => {
      const opened = agent.waitFor(`the incident of ${peer}`, (record) => record.msg === "incident opened" && record["peer"] === peer, 5_000);
      const rule = await lab.dropOn(router, { perMille: 1000, icmpType: "echo-request" });
      await opened;
      await pause(1_000);
      await rule.lift();
      await closed(agent, peer);
    };

    await fault("r3", "peer-b");
    assert.equal((await report()).incidents.length, 1);
    await fillUp();
    await fault("r4", "peer-c");
    const complaints = agent.log.filter((record) => record.msg === "cannot write to the store; probing goes on");
    assert.equal(complaints.length, 1, JSON.stringify(complaints));
    assert.match(String(complaints[0]?.["error"]), /disk is full; free some space/);

    await inside("rm", `${data}/filler`);
    await agent.waitFor("the store written again", (record) => record.msg.startsWith("the store can be written again"), 10_000);
    const after = await report();
    assert.deepEqual(after.incidents.map((incident) => [incident.peer, incident.status, incident.kind]).sort(), [
      ["peer-b", "closed", "loss"],
      ["peer-c", "closed", "loss"],
    ]);
    const late = after.incidents.find((incident) => incident.peer === "peer-c");
    assert.match(late?.strip ?? "", /x{8,}/);
    assert.ok((late?.captures.filter((capture) => capture.phase === "during").length ?? 0) > 0, "its sweeps");

    await fillUp();
    assert.equal(await agent.stop(), 0, "a clean stop on a full disk");
    assert.deepEqual(readdirSync(data), [], "the data was on the tmpfs");
  });
});
