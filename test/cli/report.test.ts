import assert from "node:assert/strict";
import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { World } from "../../src/commands/command.ts";
import { reportCommand } from "../../src/commands/report.ts";
import type { Hop } from "../../src/path/hop.ts";
import type { Report } from "../../src/report/report.ts";
import { EvidenceStore } from "../../src/store/evidence.ts";
import { MetricsStore } from "../../src/store/metrics.ts";
import { fillDataDir } from "../bench/report-fixture.ts";
import { burst, capture, incident, rollup, sampleBlock, T0 } from "../unit/store/sample-rows.ts";
import { tempDir } from "../unit/store/temp-dir.ts";

const NOW = T0 + 57_000;

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], nowMs = NOW): Promise<Outcome> {
  let stdout = "";
  let stderr = "";
  const world: World = {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    now: () => nowMs,
    isTty: false,
    columns: 100,
    rows: 50,
    onHangup: () => {},
    env: {},
    hostName: "sh-a1",
    signal: new AbortController().signal,
  };
  return { code: await reportCommand.run(args, world), stdout, stderr };
}

async function json(args: readonly string[], nowMs?: number): Promise<Report> {
  const { code, stdout, stderr } = await run([...args, "--format", "json"], nowMs);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Report;
}

function fill(dir: string): void {
  const evidence = new EvidenceStore(dir);
  evidence.putNode({ name: "sh-a1", id: "5f1d1c55", address: "10.20.1.2", version: "0.1.0", intervalMs: 100, timeoutMs: 2000, notes: [] });
  evidence.putPeers([
    { name: "bj-b1", address: "10.20.3.2", intervalMs: 100, firstReplyMs: T0 - 1000, agentEpoch: 0, agentSilentMs: null, active: true },
  ]);
  const baseline = capture({
    id: "c0",
    incidentId: null,
    phase: "before",
    trigger: "baseline",
    startedMs: T0 - 9000,
    firstHopMs: T0 - 8999,
    finishedMs: T0 - 8000,
  });
  evidence.openIncident(incident({ baselineCaptureId: "c0", bursts: [burst({ late: 2 })] }), [baseline, capture()]);
  evidence.putSamples([sampleBlock("..x.xx..", { startedMs: T0 - 200 })]);
  evidence.putBlind({ startedMs: T0 + 20_000, endedMs: T0 + 21_200, cause: "stall", detail: null });
  evidence.close();
  const metrics = new MetricsStore(dir);
  metrics.addRollups([rollup({ sent: 100, received: 90, lost: 5, late: 2, blind: 3 })]);
  metrics.close();
}

test("json keeps the contract: every key, known figures, null for what is not known", async (t) => {
  const dir = tempDir(t);
  fill(dir);
  const report = await json(["--since", "2h", "--data-dir", dir]);
  assert.equal(report.schema, "meshprobe.report/1");
  assert.deepEqual([report.since, report.until], ["2026-11-19T18:13:00.120Z", "2026-11-19T20:13:00.120Z"]);
  assert.deepEqual(report.node.clock, { source: null, offset_ms: null, max_error_ms: null });
  const [peer] = report.peers;
  assert.deepEqual(
    { ...peer, rtt_ms: null },
    {
      peer: "bj-b1",
      address: "10.20.3.2",
      sent: 100,
      received: 90,
      lost: 5,
      late: 2,
      duplicate: 0,
      foreign: 0,
      send_failed: 0,
      skipped: 0,
      blind: 3,
      loss_pct: 5.15,
      rtt_ms: null,
      first_reply_at: "2026-11-19T20:12:02.120Z",
      policed_at: null,
      heard: { expected: null, received: null },
      agent_silent_since: null,
      incidents: 1,
    },
  );
  assert.deepEqual([peer?.rtt_ms.min, peer?.rtt_ms.max, peer?.rtt_ms.error_max], [0.4, 0.42, 0.03]);
  assert.deepEqual(report.blind, [{ started_at: "2026-11-19T20:12:23.120Z", ended_at: "2026-11-19T20:12:24.320Z", cause: "stall", detail: null }]);
  assert.deepEqual(report.events, [
    { id: "e1", started_at: "2026-11-19T20:12:03.120Z", ended_at: "2026-11-19T20:12:12.320Z", incidents: ["i1"], verdict: null },
  ]);
  const [found] = report.incidents;
  assert.deepEqual([found?.kind, found?.sent, found?.lost, found?.late, found?.loss_pct, found?.verdict], ["loss", 123, 45, 2, 36.6, null]);
  assert.deepEqual([found?.strip, found?.strip_started_at], ["..x.xx..", "2026-11-19T20:12:02.920Z"]);
  assert.deepEqual(
    found?.captures.map((row) => [row.id, row.phase, row.hops.length]),
    [
      ["c0", "before", 2],
      ["c1", "during", 2],
    ],
  );
});

test("text shows the incident, its strip and its hops", async (t) => {
  const dir = tempDir(t);
  fill(dir);
  const { code, stdout, stderr } = await run(["--data-dir", dir]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /1 incident, 1 peer, loss 5\.15 % \(5 of 97 probes\)/);
  assert.match(stdout, /\.\.x\.xx\.\./);
  assert.match(stdout, /BEFORE {2}1 sweep[^]*DURING {2}1 sweep[^]*AFTER {2}no trace/);
});

test("--peer narrows to one peer by name or address; an unknown one is a usage error that names the known", async (t) => {
  const dir = tempDir(t);
  fill(dir);
  assert.equal((await json(["--data-dir", dir, "--peer", "bj-b1"])).incidents.length, 1);
  assert.equal((await json(["--data-dir", dir, "--peer", "10.20.3.2"])).peers[0]?.sent, 100);
  await assert.rejects(run(["--data-dir", dir, "--peer", "nobody"]), { name: "UsageError", message: `no peer "nobody" in ${dir}; known: "bj-b1"` });
});

test("a range holds the incidents that overlap it", async (t) => {
  const dir = tempDir(t);
  fill(dir);
  const inside = ["--since", "2026-11-19T20:12:05Z", "--until", "2026-11-19T20:12:06Z"];
  assert.equal((await json(["--data-dir", dir, ...inside])).incidents.length, 1);
  assert.equal((await json(["--data-dir", dir, "--since", "2026-11-19T20:12:20Z"])).incidents.length, 0);
});

test("--until may lie in the future and shows what a wall clock ahead of time labelled; --since may not", async (t) => {
  const dir = tempDir(t);
  fill(dir);
  const aheadMs = 3_600_000;
  const evidence = new EvidenceStore(dir);
  const labels = { startedMs: NOW + aheadMs, detectedMs: NOW + aheadMs + 480, endedMs: null };
  evidence.openIncident(incident({ ...labels, id: "i2", kind: null, status: "open", bursts: [burst({ ...labels })] }), []);
  evidence.putSamples([sampleBlock("..x.xx..", { incidentId: "i2", startedMs: NOW + aheadMs - 200 })]);
  evidence.putBlind({ startedMs: NOW + aheadMs, endedMs: NOW + aheadMs + 1000, cause: "stall", detail: null });
  evidence.close();
  const metrics = new MetricsStore(dir);
  metrics.addRollups([rollup({ atMs: NOW + aheadMs, sent: 7, received: 7, lost: 0 })]);
  metrics.close();
  const ids = (report: Report): string[] => report.incidents.map((row) => row.id);
  const now = await json(["--data-dir", dir]);
  assert.deepEqual([now.until, ids(now), now.blind.length, now.peers[0]?.sent], ["2026-11-19T20:13:00.120Z", ["i1"], 1, 100]);
  const later = await json(["--data-dir", dir, "--until", "2026-11-19T22:00:00Z"]);
  assert.deepEqual(
    [later.until, later.generated_at, ids(later), later.blind.length, later.peers[0]?.sent],
    ["2026-11-19T22:00:00.000Z", "2026-11-19T20:13:00.120Z", ["i1", "i2"], 2, 107],
  );
  assert.equal(later.incidents[1]?.strip, "..x.xx..");
  const between = await json(["--data-dir", dir, "--until", "2026-11-19T20:30:00Z"]);
  assert.deepEqual([between.until, ids(between)], ["2026-11-19T20:30:00.000Z", ["i1"]]);
  await assert.rejects(run(["--data-dir", dir, "--since", "2026-11-19T20:30:00Z", "--until", "2026-11-19T22:00:00Z"]), {
    name: "UsageError",
    message: /^--since: Cannot read the time "2026-11-19T20:30:00Z": it has not come yet; /,
  });
});

test("json says of a hop what the text says of it", async (t) => {
  const dir = tempDir(t);
  const evidence = new EvidenceStore(dir);
  const hop = (ttl: number, received: number, note: string | null = null): Hop => {
    const address = `10.20.${ttl}.1`;
    const lossPct = (1 - received / 10) * 100;
    return { ttl, address, addresses: [address], sent: 10, received, lossPct, rttMs: { best: 1, avg: 1, worst: 1 }, mpls: [], note };
  };
  evidence.openIncident(incident({ bursts: [burst({ lost: 0, late: 45 })], kind: "brownout" }), [
    capture({ hops: [hop(1, 10), hop(2, 4, "stored"), hop(3, 10)] }),
  ]);
  evidence.close();
  new MetricsStore(dir).close();
  const said = "stored; answers limited by the router (loss does not reach the destination)";
  const [found] = (await json(["--data-dir", dir])).incidents;
  assert.deepEqual(
    found?.captures[0]?.hops.map((line) => line.note),
    [null, said, null],
  );
  const { stdout } = await run(["--data-dir", dir]);
  assert.ok(
    stdout.split("\n").some((line) => line.includes("2.|-- 10.20.2.1") && line.endsWith(`   ${said}`)),
    stdout,
  );
});

test("a file of 0 bytes beside data is a damaged one, not an empty one", async (t) => {
  const dir = tempDir(t);
  fill(dir);
  truncateSync(join(dir, "evidence.db"));
  const { code, stdout, stderr } = await run(["--data-dir", dir]);
  assert.equal(code, 3);
  assert.match(stdout, /incidents not known, 1 peer, loss 5\.15 %/);
  assert.match(
    stderr,
    /^meshprobe report: Cannot read .*evidence\.db: the database is damaged \(it is empty, but metrics\.db .*; the report goes on without it\n$/,
  );
});

test("an empty store and an empty directory", async (t) => {
  const dir = tempDir(t);
  const nothing = await run(["--data-dir", dir]);
  assert.equal(nothing.code, 3);
  assert.match(nothing.stderr, /^meshprobe report: Cannot read .*: no meshprobe data there; .*\n$/);
  new EvidenceStore(dir).close();
  new MetricsStore(dir).close();
  const empty = await run(["--data-dir", dir]);
  assert.equal(empty.code, 0);
  assert.match(empty.stdout, /Nothing is stored yet/);
});

test("a damaged file: the other is reported, stderr says which, exit code 3", async (t) => {
  const dir = tempDir(t);
  fill(dir);
  writeFileSync(join(dir, "evidence.db"), "x".repeat(20_000));
  const { code, stdout, stderr } = await run(["--data-dir", dir]);
  assert.equal(code, 3);
  assert.match(stdout, /incidents not known, 1 peer, loss 5\.15 %/);
  assert.match(stderr, /^meshprobe report: Cannot read .*evidence\.db: the database is damaged .*; the report goes on without it\n$/);
  rmSync(join(dir, "metrics.db"));
  assert.deepEqual((await run(["--data-dir", dir])).stdout, "");
});

test("wrong usage is refused with one line", async () => {
  const wrong = async (args: readonly string[], message: RegExp): Promise<void> => {
    await assert.rejects(
      run(args),
      (error) => error instanceof Error && error.name === "UsageError" && !error.message.includes("\n") && message.test(error.message),
    );
  };
  await wrong(["--sinse", "2h"], /Unknown option '--sinse'; see meshprobe report --help/);
  await wrong(["20261120", "extra"], /too many arguments: at most 1 \(INCIDENT\)/);
  await wrong(["--format", "html"], /--format html is for one INCIDENT/);
  await wrong(["--with", "x.tar.gz"], /--with goes with an INCIDENT/);
  await wrong(["20261120", "--since", "2h"], /--since is for the list/);
  await wrong(["20261120", "--format", "pdf"], /unknown --format "pdf": it is text, markdown, html or json/);
  await wrong(["--since"], /--since/);
  await wrong(["--since", "soon", "--data-dir", "/nonexistent"], /--since: Cannot read the time "soon"/);
  await wrong(["--since", "1h", "--until", "2h", "--data-dir", "/nonexistent"], /--until must be later than --since/);
  await wrong(["--format", "xml"], /unknown --format "xml": it is text, markdown, html or json/);
});

test("--config finds the data directory", async (t) => {
  const dir = tempDir(t);
  mkdirSync(join(dir, "data"));
  fill(join(dir, "data"));
  writeFileSync(join(dir, "peers.yaml"), `data_dir: ${join(dir, "data")}\npeers:\n  - { name: bj-b1, address: 10.20.3.2 }\n`);
  assert.equal((await json(["--config", join(dir, "peers.yaml")])).incidents.length, 1);
  await assert.rejects(run(["--config", join(dir, "missing.yaml")]), { name: "ConfigError" });
});

test("hops come from the lines of an mtr run, cut at the end of the loss; above fifty incidents only with --full", async (t) => {
  const dir = tempDir(t);
  fillDataDir(dir, { nowMs: NOW, peers: 2, incidents: 51, days: 1, tenSecondDays: 0 });
  const brief = await json(["--data-dir", dir, "--since", "1d"]);
  assert.equal(brief.incidents.length, 51);
  assert.deepEqual([brief.incidents[0]?.strip, brief.incidents[0]?.captures[2]?.hops], [null, []]);
  const full = await json(["--data-dir", dir, "--since", "1d", "--full"]);
  const mtr = full.incidents[0]?.captures.find((row) => row.kind === "mtr");
  // To the last bad probe: the first good one came an interval later.
  assert.equal(mtr?.hops_until, new Date(Date.parse(full.incidents[0]?.ended_at ?? "") - 100).toISOString());
  assert.equal(mtr?.hops[0]?.address, "10.20.10.1");
  assert.equal(mtr?.hops[0]?.received, mtr?.hops[0]?.sent);
  assert.ok((mtr?.hops[0]?.sent ?? 0) >= 9 && (mtr?.hops[0]?.sent ?? 0) <= 10, `${mtr?.hops[0]?.sent} cycles in nine seconds`);
  assert.match(full.incidents[0]?.strip ?? "", /^\.{20}x\.\.x/);
});
