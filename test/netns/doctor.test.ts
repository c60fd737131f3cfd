/** The doctor in a network of its own: real echo requests to peers that answer, are cut off, or cannot be reached; and a host that answers nobody. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import process from "node:process";
import type { Finding } from "../../src/doctor/finding.ts";
import { CLI } from "./agent.ts";
import { createLab, type Lab } from "./lab.ts";
import { skipLab } from "./requirements.ts";

/** Documentation addresses (RFC 5737): the laboratory has no route there. */
const NOWHERE = "192.0.2.1";

describe("meshprobe doctor", { skip: skipLab }, () => {
  let lab: Lab;
  let dir: string;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "meshprobe-doctor-"));
    lab = await createLab({
      hosts: ["node", "up", "down"],
      routers: ["r1"],
      links: [
        ["node", "r1"],
        ["r1", "up"],
        ["r1", "down"],
      ],
    });
  });
  after(async () => {
    await lab.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function examine(
    peers: Readonly<Record<string, string>>,
  ): Promise<{ readonly code: number | null; readonly findings: ReadonlyMap<string, Finding> }> {
    const file = join(dir, "peers.yaml");
    const list = Object.entries(peers).map(([name, address]) => ({ name, address }));
    writeFileSync(file, JSON.stringify({ node: { name: "node" }, data_dir: join(dir, "data"), peers: list }), { mode: 0o600 });
    const { code, stdout, stderr } = await lab.exec("node", [process.execPath, CLI, "doctor", "--config", file, "--format", "json"]);
    assert.equal(stderr, "");
    const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
    return { code, findings: new Map(findings.map((finding) => [finding.check, finding])) };
  }

  test("peers behind a router answer over IPv4 and IPv6, mtr runs, and the private network is noticed", async () => {
    const { code, findings } = await examine({ up: lab.address("up"), up6: lab.address6("up"), down: lab.address("down") });
    assert.equal(code, 0);
    assert.match(findings.get("peers")?.text ?? "", /^3 of 3 answered/);
    assert.equal(findings.get("mtr")?.level, "ok");
    assert.deepEqual([findings.get("network")?.level, /private|unknown: a container/.test(findings.get("network")?.text ?? "")], ["warn", true]);
  });

  test("a peer that is cut off, and one that the router has no route to, are named with what became of the request", async () => {
    const cut = await lab.dropOn("r1", { to: lab.address("down"), perMille: 1_000 });
    const { code, findings } = await examine({ up: lab.address("up"), down: lab.address("down"), nowhere: NOWHERE });
    await cut.lift();
    assert.equal(code, 1);
    assert.match(findings.get("peers")?.text ?? "", /^1 of 3 answered/);
    assert.equal(findings.get("peer up"), undefined);
    assert.match(findings.get("peer down")?.text ?? "", /did not answer within 2 s/);
    assert.match(findings.get("peer nowhere")?.text ?? "", new RegExp(`cannot be reached, says ${lab.topology.end("r1", "node").address}`));
  });

  test("without its default route the kernel refuses to send, and that is told as a fact of this node", async () => {
    const before = await lab.exec("node", ["ip", "route", "show", "default"]);
    await lab.exec("node", ["ip", "route", "del", "default"]);
    const { findings } = await examine({ up: lab.address("up") });
    await lab.exec("node", ["ip", "route", "add", ...before.stdout.trim().split(/\s+/)]);
    assert.match(findings.get("peer up")?.text ?? "", /the kernel does not send to .*: ENETUNREACH/);
    assert.match((await examine({ up: lab.address("up") })).findings.get("peers")?.text ?? "", /^1 of 1/);
  });

  test("a host that answers no ping is a failure, for its peers will call it dead", async () => {
    const ignore = (value: 0 | 1): Promise<unknown> => lab.exec("node", ["sh", "-c", `echo ${value} > /proc/sys/net/ipv4/icmp_echo_ignore_all`]);
    await ignore(1);
    const { code, findings } = await examine({ up: lab.address("up") });
    await ignore(0);
    assert.deepEqual([code, findings.get("kernel")?.level, findings.get("peers")?.level], [1, "fail", "ok"]);
  });
});
