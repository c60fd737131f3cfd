/** Twenty-four peers behind one router: each has its baseline soon after the start, and while all is well hardly a packet is spent on it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Report, ReportCapture } from "../../src/report/report.ts";
import { EvidenceView } from "../accept/evidence-view.ts";
import { startAgent, type Agent } from "./agent.ts";
import { createLab, type Lab } from "./lab.ts";
import { skipLab } from "./requirements.ts";
import { starSpec } from "./topology.ts";

const PEERS = 24;
/** From the start of the agent. */
const BASELINES_WITHIN_MS = 15_000;
const BURST_MS = 2_000;
const AFTER_CYCLES = 5;
/** The trace afterwards is over before the incident is closed. */
const QUICK = { detect: { cooling: "1s", merge: "12s" }, capture: { after: "1s", after_cycles: AFTER_CYCLES } };
const LOOK_MS = 100;
const COUNTED_MS = 30_000;
const PER_SECOND = 10;
const MAX_EXTRA_PER_S = 20;
/** Every request that leaves, and of these the probes of peers: they leave with the TTL of the system, and the gateway has another address. */
const COUNTERS = `table inet count {
  counter total {}
  counter probes {}
  chain output {
    type filter hook output priority 0
    oifname "to-r1" icmp type echo-request counter name total
    oifname "to-r1" icmp type echo-request ip ttl >= 64 ip daddr 10.0.0.0/24 counter name probes
  }
}
`;

interface Counts {
  readonly all: number;
  readonly probes: number;
}

describe("baselines of many peers behind one router", { skip: skipLab }, () => {
  const directory = mkdtempSync(join(tmpdir(), "meshprobe-baselines-"));
  const names = Array.from({ length: PEERS }, (_, index) => `p${index + 1}`);
  let lab: Lab;
  let agent: Agent;
  let startedMs: number;

  before(async () => {
    lab = await createLab(starSpec(PEERS));
    const counters = await lab.exec("node", ["nft", "-f", "-"], { input: COUNTERS });
    assert.equal(counters.code, 0, counters.stderr);
    startedMs = Date.now();
    agent = await startAgent(lab, "node", { directory, config: { ...QUICK, peers: names.map((name) => ({ name, address: lab.address(name) })) } });
  });
  after(async () => {
    await lab.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function counts(): Promise<Counts> {
    const { stdout } = await lab.exec("node", ["nft", "list", "counters"]);
    const of = (name: string): number => Number(new RegExp(`counter ${name} \\{\\s*packets (\\d+)`).exec(stdout)?.[1]);
    return { all: of("total"), probes: of("probes") };
  }

  test("every one is there within 15 s of the start, and shows the path as it is", async () => {
    const view = new EvidenceView(agent.dataDir);
    while (view.peersWithBaseline().size < PEERS) {
      assert.ok(Date.now() - startedMs < BASELINES_WITHIN_MS, `${view.peersWithBaseline().size} of ${PEERS} after ${BASELINES_WITHIN_MS / 1000} s`);
      await pause(LOOK_MS);
    }
    console.log(`# ${PEERS} baselines ${Date.now() - startedMs} ms after the start`);
    const baselines = view.baselines();
    for (const name of names) {
      assert.deepEqual(
        baselines.get(name)?.hops.map((hop) => hop.address),
        lab.hopAddresses("node", name),
        name,
      );
    }
    view.close();
  });

  test("while all is well no more than 20 packets a second leave beside the probes", async () => {
    const [first, fromMs] = [await counts(), performance.now()];
    await pause(COUNTED_MS);
    const [last, toMs] = [await counts(), performance.now()];
    const seconds = (toMs - fromMs) / 1000;
    const probes = (last.probes - first.probes) / seconds;
    const extra = (last.all - last.probes - (first.all - first.probes)) / seconds;
    console.log(`# ${extra.toFixed(1)} packets a second beside ${probes.toFixed(1)} probes`);
    assert.ok(Math.abs(probes - PEERS * PER_SECOND) < PEERS, `${probes} probes a second`);
    assert.ok(extra > 0 && extra <= MAX_EXTRA_PER_S, `${extra} packets a second`);
  });

  test("a burst towards one of them has the learned figures before it and so many sweeps after it, and no change of path is made up", async () => {
    const rule = await lab.dropOn("a1", { to: lab.address("p1"), perMille: 1000 });
    await agent.waitFor("the incident", (record) => record.msg === "incident opened", 5_000);
    await pause(BURST_MS);
    await rule.lift();
    await agent.waitFor("the incident closed", (record) => record.msg === "incident closed", 30_000);
    assert.equal(await agent.stop(), 0);
    const report = JSON.parse(await agent.report("--since", "5m", "--format", "json", "--full")) as Report;
    assert.deepEqual(
      report.incidents.map(({ peer }) => peer),
      ["p1"],
    );
    const [incident] = report.incidents;
    const of = (phase: string): ReportCapture[] => (incident?.captures ?? []).filter((capture) => capture.phase === phase && capture.hops.length > 0);
    const [before] = of("before");
    assert.ok((before?.hops[0]?.sent ?? 0) >= 3, `${before?.hops[0]?.sent} packets to the first hop`);
    assert.deepEqual(
      before?.hops.map(({ address, loss_pct }) => [address, loss_pct]),
      lab.hopAddresses("node", "p1").map((address) => [address, 0]),
    );
    assert.equal((before?.facts["hops_asked_at"] as unknown[] | undefined)?.length, 4);
    assert.deepEqual(
      of("after").map((capture) => [capture.status, capture.hops.map(({ sent, received }) => [sent, received])]),
      [["complete", Array.from({ length: 4 }, () => [AFTER_CYCLES, AFTER_CYCLES])]],
    );
    assert.doesNotMatch(incident?.verdict?.findings.join(" ") ?? "", /path/i);
  });
});
