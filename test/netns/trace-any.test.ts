/** Two traces that were asked for at once, to a peer and to a host that is none, behind the same routers: neither makes the other's table lie. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test, { after, before } from "node:test";
import type { TraceResult } from "../../src/control/trace.ts";
import type { Report, ReportCapture } from "../../src/report/report.ts";
import { CLI, startAgent, type Agent } from "./agent.ts";
import { createLab, labObstacle, type Lab } from "./lab.ts";
import { demoSpec } from "./topology.ts";

const obstacle = labObstacle();
const TIMEOUT_MS = 90_000;

function meshprobe(...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [CLI, ...args], { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${error.message}\n${stderr}`));
    });
  });
}

/** Addresses of the hops that it sent to. */
function asked({ hops }: ReportCapture): (string | null)[] {
  return hops.filter(({ sent }) => sent > 0).map(({ address }) => address);
}

function mtrOf({ captures }: TraceResult): ReportCapture {
  return captures.find(({ kind }) => kind === "mtr") ?? assert.fail("no mtr");
}

test("a host that is no peer is traced within the hop budget", { skip: obstacle ?? false }, async (t) => {
  let lab: Lab;
  let agent: Agent;
  const directory = mkdtempSync(join(tmpdir(), "meshprobe-any-"));
  const trace = async (target: string): Promise<TraceResult> =>
    JSON.parse(await meshprobe("trace", target, "--data-dir", agent.dataDir, "--format", "json")) as TraceResult;

  before(async () => {
    lab = await createLab(demoSpec);
    const config = { trace: { allow: "any" }, peers: [{ name: "b", address: lab.address("peer-b") }] };
    agent = await startAgent(lab, "node", { directory, config });
  });

  after(async () => {
    await agent.stop();
    await lab.close();
    rmSync(directory, { recursive: true, force: true });
  });

  await t.test("at once with one to a peer: no hop is asked by both mtr at a time, and no table shows a loss", async () => {
    const guest = lab.address("peer-c");
    const traces = await Promise.all([trace("b"), trace(guest)]);
    const [first, second] = traces.map(mtrOf).sort((a, b) => a.started_at.localeCompare(b.started_at));
    assert.ok(first !== undefined && second !== undefined);
    // They ran side by side, so that there was something to get wrong.
    assert.ok(second.started_at < (first.finished_at ?? ""), `${second.started_at} and ${first.finished_at}`);
    const shared = asked(first).filter((address) => asked(second).includes(address));
    assert.deepEqual(shared, []);
    assert.deepEqual([first.facts["first_ttl"], second.facts["first_ttl"]], [undefined, 3]);
    for (const { peer, captures, notes } of traces) {
      assert.deepEqual(notes, []);
      const [sweep, mtr] = captures;
      assert.deepEqual([sweep?.kind, sweep?.status, mtr?.status], ["sweep", "complete", "complete"], peer);
      assert.deepEqual(
        sweep?.hops.map(({ address }) => address),
        lab.hopAddresses("node", peer === guest ? "peer-c" : "peer-b"),
      );
      for (const { hops } of captures) for (const hop of hops) if (hop.sent > 0) assert.equal(hop.loss_pct, 0, `${peer}: ${JSON.stringify(hop)}`);
    }
  });

  await t.test("both are in the report, a table each", async () => {
    const json = JSON.parse(await meshprobe("report", "--data-dir", agent.dataDir, "--format", "json")) as Report;
    assert.deepEqual(json.requested_captures.map(({ kind }) => kind).sort(), ["mtr", "mtr", "sweep", "sweep"]);
    assert.deepEqual([json.incidents, json.remote_captures], [[], []]);
    const text = await meshprobe("report", "--data-dir", agent.dataDir);
    const section = text.slice(text.indexOf("TRACED ON REQUEST"));
    assert.equal(section.split("HOST:").length - 1, 2, text);
  });
});
