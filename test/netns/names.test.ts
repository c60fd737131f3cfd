/** Names of hops on a real node, asked of a name server on its own loopback: there before the burst, shown by the report, and not one DNS packet on the wire. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Report } from "../../src/report/report.ts";
import { startAgent, type Agent } from "./agent.ts";
import { createLab, type Lab } from "./lab.ts";
import { skipLab } from "./requirements.ts";
import { demoSpec } from "./topology.ts";

const SERVER = `${import.meta.dirname}/../fixtures/dns-server.ts`;
const QUICK = { capture: { names: true, mtr: false, baseline: "2s" } };
const ASKED_WITHIN_MS = 20_000;
/** Long enough for sweeps, which come once a second, and for questions about what they met. */
const BURST_MS = 4_000;
const COUNTER = `table inet count {
  counter dns {}
  chain out {
    type filter hook output priority 0
    oifname != "lo" meta l4proto { tcp, udp } th dport 53 counter name dns
  }
}
`;

describe("names of hops", { skip: skipLab }, () => {
  const directory = mkdtempSync(join(tmpdir(), "meshprobe-names-"));
  /** Addresses that the server was asked for. */
  const asked: string[] = [];
  let lab: Lab;
  let agent: Agent;
  let hops: readonly string[];

  before(async () => {
    lab = await createLab(demoSpec);
    hops = lab.hopAddresses("node", "peer-b");
    assert.equal((await lab.exec("node", ["nft", "-f", "-"], { input: COUNTER })).code, 0);
    const zone = Object.fromEntries([
      ...hops.slice(0, 2).map((address, index) => [address, `r${index + 1}.lab.example`]),
      [hops[2], ["\u001b[2J", "example"]],
    ]);
    const server = lab.spawn("node", [process.execPath, SERVER, "53", JSON.stringify(zone)]);
    const lines = createInterface({ input: server.stdout });
    await once(lines, "line");
    lines.on("line", (line) => asked.push(line));
    const resolv = join(directory, "resolv.conf");
    writeFileSync(resolv, "nameserver 127.0.0.1\n");
    agent = await startAgent(lab, "node", {
      directory,
      config: { ...QUICK, peers: [{ name: "peer-b", address: lab.address("peer-b") }] },
      // Each command of the laboratory has a view of the file system of its own.
      prefix: ["sh", "-ec", 'mount --bind "$0" /etc/resolv.conf; exec "$@"', resolv],
    });
  });
  after(async () => {
    await lab.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function askedFor(address: string): Promise<boolean> {
    for (const untilMs = performance.now() + ASKED_WITHIN_MS; performance.now() < untilMs; await pause(100)) if (asked.includes(address)) return true;
    return false;
  }

  test("each is asked for once while all is well; one that is met in a burst waits for its end", async () => {
    for (const hop of hops) assert.ok(await askedFor(hop), `${hop} is not among ${asked.join(", ")}`);
    const rule = await lab.dropOn("r3", { to: lab.address("peer-b"), perMille: 1000 });
    await agent.waitFor("the incident", (record) => record.msg === "incident opened", 5_000);
    // r3 answers from another address now.
    const { gateway, device } = lab.topology.end("r3", "r2");
    const route = ["ip", "route", "replace", `${lab.address("node")}/32`, "via", gateway, "dev", device, "src", lab.address("r3")];
    assert.equal((await lab.exec("r3", route)).code, 0);
    await pause(BURST_MS);
    assert.deepEqual(asked.toSorted(), [...hops].toSorted());
    await rule.lift();
    assert.ok(await askedFor(lab.address("r3")));
  });

  test("the report shows them, also of the time before the burst, in every format; what is none is not shown", async () => {
    assert.equal(await agent.stop(), 0);
    const report = JSON.parse(await agent.report("--since", "5m", "--format", "json")) as Report;
    const before = report.incidents[0]?.captures.find((capture) => capture.phase === "before");
    assert.deepEqual(
      before?.hops.map(({ address, name }) => [address, name]),
      hops.map((address, index) => [address, index < 2 ? `r${index + 1}.lab.example` : null]),
    );
    const text = await agent.report("--since", "5m");
    for (const line of [`1.|-- r1.lab.example (${hops[0]})`, `2.|-- r2.lab.example (${hops[1]})`, `3.|-- ${hops[2]} `])
      assert.ok(text.includes(line), text);
  });

  test("not one question left the node", async () => {
    assert.match((await lab.exec("node", ["nft", "list", "counters"])).stdout, /packets 0 /);
  });
});
