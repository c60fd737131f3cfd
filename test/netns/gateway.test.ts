/** Which gateway a real agent asks whether it is well: that of its peers, in their family, and none where they have none. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import Sqlite from "better-sqlite3";
import type { CanaryFacts, EventFacts } from "../../src/verdict/facts.ts";
import { startAgent } from "./agent.ts";
import { createLab, type Lab } from "./lab.ts";
import { skipLab } from "./requirements.ts";

const SWEEPS_ALONE = { capture: { mtr: false } };
/** The canary has answered by then, so that its silence would mean something. */
const HEALTHY_MS = 1_500;
const VERDICT_WITHIN_MS = 5_000;

/** On a busy machine an answer may be late. */
function assertAnswers({ answers, sent, lost }: CanaryFacts): void {
  assert.ok(answers && sent >= 10 && lost * 10 < sent, `${answers ? "answers" : "silent"}, ${lost} of ${sent} lost`);
}

interface Seen {
  readonly facts: EventFacts;
  readonly sentence: string;
}

describe("the gateway that is asked", { skip: skipLab }, () => {
  const directory = mkdtempSync(join(tmpdir(), "meshprobe-gateway-"));
  let lab: Lab;
  before(async () => {
    lab = await createLab({
      hosts: ["node", "p1", "p2"],
      routers: ["r1", "r2"],
      links: [
        ["node", "r1"],
        ["node", "r2"],
        ["r1", "p1"],
        ["r1", "p2"],
      ],
    });
    // The peers are behind r1; everything else would go to r2.
    const { gateway, gateway6 } = lab.topology.end("node", "r2");
    await ip("node", ["route", "add", "default", "via", gateway]);
    await ip("node", ["-6", "route", "add", "default", "via", gateway6]);
  });
  after(async () => {
    await lab.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function ip(machine: string, args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await lab.exec(machine, ["ip", ...args]);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  /** What an event of one peer, whose answers are dropped on it for a while, rests on. */
  async function event(name: string, peers: readonly { readonly name: string; readonly address: string; readonly on: string }[]): Promise<Seen> {
    const where = mkdtempSync(join(directory, name));
    const [bad] = peers;
    assert.ok(bad);
    const agent = await startAgent(lab, "node", {
      directory: where,
      config: { ...SWEEPS_ALONE, peers: peers.map((peer) => ({ name: peer.name, address: peer.address })) },
    });
    await pause(HEALTHY_MS);
    const rule = await lab.dropOn(bad.on, { from: bad.address, perMille: 1000, hook: "output" });
    await agent.waitFor("the verdict", (record) => typeof record["rule"] === "string", VERDICT_WITHIN_MS);
    await rule.lift();
    assert.equal(await agent.stop(), 0);
    const db = new Sqlite(join(agent.dataDir, "evidence.db"), { readonly: true });
    const row = db.prepare("SELECT facts, sentence FROM verdicts ORDER BY version DESC LIMIT 1").get() as { facts: string; sentence: string };
    db.close();
    return { facts: JSON.parse(row.facts) as EventFacts, sentence: row.sentence };
  }

  const behind = (name: string, family: 4 | 6 = 4) => ({ name, address: lab.topology.address(name, family), on: name });

  test("is that of the routes to the peers, not that of the default route", async () => {
    const { facts } = await event("routes", [behind("p1"), behind("p2")]);
    assert.equal(facts.gateway?.address, lab.topology.end("node", "r1").gateway);
    assertAnswers(facts.gateway);
    assert.equal(facts.host?.gateway, facts.gateway.address);
  });

  test("of a mesh of IPv6 is one of IPv6, link-local as it usually is, though there is a gateway of IPv4", async () => {
    const local = "fe80::1";
    await ip("r1", ["addr", "add", `${local}/64`, "dev", "to-node", "nodad"]);
    await ip("node", ["addr", "add", "fe80::2/64", "dev", "to-r1", "nodad"]);
    for (const peer of ["p1", "p2"]) {
      const address = lab.topology.address(peer, 6);
      await ip("node", ["-6", "route", "replace", `${address}/128`, "via", local, "dev", "to-r1", "src", lab.topology.address("node", 6)]);
    }
    const { facts } = await event("six", [behind("p1", 6), behind("p2", 6)]);
    assert.equal(facts.gateway?.address, `${local}%to-r1`);
    assertAnswers(facts.gateway);
  });

  test("is none for peers on our own link: nothing is said of one, and r2 is not asked", async () => {
    const counter =
      "table inet count {\n counter asked {}\n chain in {\n type filter hook input priority 0\n icmp type echo-request counter name asked\n }\n}\n";
    assert.equal((await lab.exec("r2", ["nft", "-f", "-"], { input: counter })).code, 0);
    const { facts, sentence } = await event("link", [{ name: "r1", address: lab.topology.end("node", "r1").gateway, on: "r1" }]);
    assert.equal(facts.gateway, null);
    assert.equal(facts.host?.gateway, null);
    assert.doesNotMatch(sentence, /gateway/);
    assert.match((await lab.exec("r2", ["nft", "list", "counters"])).stdout, /packets 0 /);
  });
});
