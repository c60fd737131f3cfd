/** Forty peers behind one link are lost at once: one event, a few representatives traced, and no router made to look lossy by our own tracing. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Report } from "../../src/report/report.ts";
import { startAgent, type Agent } from "./agent.ts";
import { createLab, type Lab } from "./lab.ts";
import { skipLab } from "./requirements.ts";

const PEERS = 40;
const PREFIX = "10.200.0";
const CHAIN = ["node", "r1", "r2", "r3", "far"];
/** The routers; behind them each peer is a hop of its own. */
const SHARED_HOPS = 3;

/** Every address of a prefix is a peer behind `far`. */
async function addPrefix(lab: Lab): Promise<void> {
  await lab.exec("far", ["ip", "route", "add", "local", `${PREFIX}.0/24`, "dev", "lo"]);
  for (const [index, machine] of CHAIN.slice(0, -1).entries()) {
    const next = lab.topology.end(CHAIN[index + 1] as string, machine);
    await lab.exec(machine, ["ip", "route", "add", `${PREFIX}.0/24`, "via", next.address]);
  }
}

describe("storm", { skip: skipLab }, () => {
  const directory = mkdtempSync(join(tmpdir(), "meshprobe-storm-"));
  let lab: Lab;
  let agent: Agent;
  let report: Report;

  before(async () => {
    lab = await createLab({
      hosts: ["node", "far"],
      routers: ["r1", "r2", "r3"],
      links: CHAIN.slice(1).map((to, index) => [CHAIN[index] as string, to]),
    });
    await addPrefix(lab);
    const peers = Array.from({ length: PEERS }, (_, index) => ({ name: `p${index}`, address: `${PREFIX}.${index + 1}` }));
    agent = await startAgent(lab, "node", {
      directory,
      config: { detect: { cooling: "2s", merge: "5s" }, capture: { after: "2s", after_cycles: 3 }, peers },
    });
    await pause(3000);
    const rule = await lab.dropOn("r2", { perMille: 1000, icmpType: "echo-request" });
    await pause(2000);
    await rule.lift();
    let closed = 0;
    await agent.waitFor("forty incidents closed", (record) => record.msg === "incident closed" && ++closed === PEERS, 40_000);
    await agent.stop();
    report = JSON.parse(await agent.report("--since", "5m", "--format", "json", "--full")) as Report;
  });
  after(async () => {
    await lab.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const during = (): Report["incidents"][number]["captures"] =>
    report.incidents.flatMap((incident) => incident.captures.filter((capture) => capture.phase === "during"));

  test("forty peers lost at once are one event with forty incidents of loss", () => {
    assert.deepEqual(
      report.events.map((event) => event.incidents.length),
      [PEERS],
    );
    assert.deepEqual(new Set(report.incidents.map((incident) => incident.kind)), new Set(["loss"]));
  });

  test("representatives are traced, and every other capture says why it was not made", () => {
    const traced = during().filter((capture) => capture.kind === "sweep" && capture.hops.length > 0);
    assert.ok(traced.length >= 1 && traced.length <= 6, `${traced.length} sweeps`);
    const skipped = during().filter((capture) => capture.status === "skipped");
    assert.ok(skipped.length >= PEERS, `${skipped.length} skipped`);
    assert.deepEqual(
      skipped.filter((capture) => (capture.reason ?? "") === ""),
      [],
    );
    const runs = during()
      .filter((capture) => capture.kind === "mtr" && capture.status !== "skipped")
      .map(({ target, started_at: from, finished_at: to, facts }) => ({ target, from, to, facts }))
      .sort((a, b) => a.from.localeCompare(b.from));
    // Through the hops that they share there is one at a time; one that begins behind them, where a sweep knew the way, goes beside it.
    const shared = runs.filter(({ facts }) => Number(facts["first_ttl"] ?? 1) <= SHARED_HOPS);
    assert.ok(shared.length >= 1, "no mtr ran");
    assert.ok(
      shared.every((run, index) => index === 0 || (shared[index - 1]?.to ?? "9999") <= run.from),
      JSON.stringify(runs),
    );
  });

  test("no router before the fault shows a loss", () => {
    const before = [lab.hopAddresses("node", "far", 4)[0], lab.hopAddresses("node", "far", 4)[1]];
    const lossy = during()
      .flatMap((capture) => capture.hops)
      .filter((hop) => before.includes(hop.address ?? "") && (hop.loss_pct ?? 0) > 10);
    assert.deepEqual(lossy, []);
  });
});
