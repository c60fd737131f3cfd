/** Whatever is wrong: one line that says what to do, the right exit code, and nothing that is stored is touched. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test, type TestContext } from "node:test";
import { EvidenceStore } from "../../src/store/evidence.ts";
import { MetricsStore } from "../../src/store/metrics.ts";
import { capture, incident, rollup } from "../unit/store/sample-rows.ts";
import { CLI, installForNobody, NOBODY, run, start, type Install, type Outcome } from "./run-cli.ts";

const skip = process.geteuid?.() === 0 ? false : "needs root to open raw sockets and to become another user";

/** A directory that everybody may enter, removed after the test. */
function place(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "meshprobe-bad-"));
  chmodSync(dir, 0o755);
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Probes loopback only. */
function configure(dir: string, more = ""): string {
  const file = join(dir, "peers.yaml");
  writeFileSync(file, `data_dir: ${join(dir, "data")}\ncapture: { mtr: false }\n${more}peers:\n  - { name: lo, address: 127.0.0.1 }\n`, {
    mode: 0o644,
  });
  return file;
}

function fill(dir: string): void {
  mkdirSync(dir, { recursive: true });
  const evidence = new EvidenceStore(dir);
  evidence.putPeers([{ name: "bj-b1", address: "10.20.3.2", intervalMs: 100, firstReplyMs: 1, agentEpoch: 0, agentSilentMs: null, active: true }]);
  evidence.openIncident(incident(), [capture()]);
  evidence.close();
  const metrics = new MetricsStore(dir);
  metrics.addRollups([rollup()]);
  metrics.close();
}

function oneLine(outcome: Outcome, expected: { readonly code: number; readonly line: RegExp }): void {
  assert.equal(outcome.signal, null, outcome.stderr);
  assert.match(outcome.stderr, /^meshprobe[^\n]*\n$/, "not one line");
  assert.match(outcome.stderr, expected.line);
  assert.equal(outcome.code, expected.code, outcome.stderr);
}

const digest = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

describe("a command line that cannot be understood", () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["nonsense"], /unknown command 'nonsense'; there are: agent, status, report, export, verify, trace, reload, doctor/],
    [["help", "nonsense"], /unknown command 'nonsense'/],
    [["__proto__"], /unknown command '__proto__'/],
    [["agent", "--nonsense"], /Unknown option '--nonsense'.*meshprobe agent --help/],
    [["agent", "peers.yaml"], /Unexpected argument 'peers\.yaml'.*meshprobe agent --help/],
    [["doctor", "--format", "xml"], /unknown --format "xml": it is text or json/],
    [["agent", "--config"], /'--config <value>' argument missing.*meshprobe agent --help/],
    [["report", "--nonsense"], /Unknown option '--nonsense'; see meshprobe report --help/],
    [["report", "--since", "nonsense"], /--since: Cannot read the time "nonsense".*accepted: 2h, 1d12h, today/],
    [["report", "--since", "2h", "--until", "3h", "--data-dir", "/nowhere"], /--until must be later than --since/],
    [["report", "--since"], /'--since <value>' argument missing/],
    [["report", "--format", "xml"], /unknown --format "xml": it is text, markdown, html or json/],
  ];
  for (const [args, line] of cases) test(`meshprobe ${args.join(" ")}`, async () => oneLine(await run(args), { code: 2, line }));

  test("no command prints the usage and exits 2; --help and --version exit 0", async () => {
    const bare = await run([]);
    assert.deepEqual([bare.code, bare.stderr.includes("Usage: meshprobe COMMAND")], [2, true]);
    for (const args of [["--help"], ["--version"], ["agent", "--help"], ["report", "--help"], ["doctor", "-h"], ["help", "report"]]) {
      const { code, stdout, stderr } = await run(args);
      assert.deepEqual([code, stderr, stdout.length > 10], [0, "", true], args.join(" "));
    }
  });
});

describe("a configuration that cannot be used", { skip }, () => {
  let install: Install;
  before(() => void (install = installForNobody()));
  after(() => install.remove());

  test("a missing file, a directory, and one that this user may not read", async (t) => {
    const dir = place(t);
    oneLine(await run(["agent", "--config", join(dir, "no.yaml")]), {
      code: 2,
      line: /no\.yaml: does not exist; create it .* or name another with --config/,
    });
    oneLine(await run(["agent", "--config", dir]), { code: 2, line: /is a directory; name the configuration file in it/ });
    const file = configure(dir);
    chmodSync(file, 0o600);
    oneLine(await run(["agent", "--config", file], { asNobody: install }), { code: 2, line: /peers\.yaml: may not be read by this user; .*chmod/ });
    chmodSync(file, 0o666);
    oneLine(await run(["agent", "--config", file]), { code: 2, line: /peers\.yaml: may be changed by other users \(mode 0666\).*chmod go-w/ });
    chmodSync(file, 0o644);
    chownSync(file, NOBODY, NOBODY);
    oneLine(await run(["agent", "--config", file]), { code: 2, line: /belongs to user 65534.*chown root/ });
  });

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ["an unknown key", "prob: { interval: 100ms }\n", /peers\.yaml:1:1: unknown key/],
    ["a bad duration", "probe:\n  interval: 100\n", /peers\.yaml:2:13: /],
    [
      "two peers with one name",
      "peers:\n  - { name: a, address: 10.0.0.1 }\n  - { name: a, address: 10.0.0.2 }\n",
      /peers\.yaml:3:13: .*already the peer on line 2; remove one or rename it/,
    ],
    ["two peers with one agent id", "", /peers\.yaml:\d+:\d+: .*agent id/],
    ["IPv6 zone nonsense", "peers:\n  - { name: a, address: 'fe80::1%' }\n", /peers\.yaml:2:25: .*empty zone; name the interface/],
    ["no YAML at all", "peers: [\n", /peers\.yaml:\d+:\d+: /],
  ];
  for (const [what, text, line] of wrong) {
    test(`${what}: agent and report say file, line and column`, async (t) => {
      const file = join(place(t), "peers.yaml");
      const content = text === "" ? readFileSync(new URL("../fixtures/config/invalid-same-agent-id.yaml", import.meta.url), "utf8") : text;
      writeFileSync(file, content, { mode: 0o644 });
      for (const command of ["agent", "report"]) oneLine(await run([command, "--config", file]), { code: 2, line });
    });
  }

  test("without CAP_NET_RAW the agent says what is missing, and what it needs", async (t) => {
    const dir = place(t);
    const file = configure(dir);
    mkdirSync(join(dir, "data"));
    chownSync(join(dir, "data"), NOBODY, NOBODY);
    oneLine(await run(["agent", "--config", file], { asNobody: install }), {
      code: 3,
      line: /CAP_NET_RAW is missing; run as root, or .*AmbientCapabilities=CAP_NET_RAW/,
    });
  });

  test("a data directory that may not be written, cannot be made, or is a file", async (t) => {
    const dir = place(t);
    const file = configure(dir);
    oneLine(await run(["agent", "--config", file], { asNobody: install }), { code: 3, line: /data directory \S+\/data.*(permission denied|EACCES)/ });
    mkdirSync(join(dir, "data"));
    oneLine(await run(["agent", "--config", file], { asNobody: install }), { code: 3, line: /data directory \S+\/data.*(permission denied|EACCES)/ });
    assert.deepEqual(readdirSync(join(dir, "data")), []);
    rmSync(join(dir, "data"), { recursive: true });
    writeFileSync(join(dir, "data"), "precious");
    oneLine(await run(["agent", "--config", file]), { code: 3, line: /data directory \S+\/data.*not a directory/ });
    assert.equal(readFileSync(join(dir, "data"), "utf8"), "precious");
    writeFileSync(file, readFileSync(file, "utf8").replace(/data_dir: .*/, "data_dir: /proc/meshprobe"));
    oneLine(await run(["agent", "--config", file]), { code: 3, line: /data directory \/proc\/meshprobe/ });
  });

  test("a report of a missing or an empty directory, of a file, and of one without permission", async (t) => {
    const dir = place(t);
    const report = (path: string, asNobody?: Install): Promise<Outcome> =>
      run(["report", "--data-dir", path], asNobody === undefined ? {} : { asNobody });
    const missing = { code: 3, line: /no meshprobe data there; is --data-dir .* right, and has the agent run\?/ };
    oneLine(await report(join(dir, "nowhere")), missing);
    mkdirSync(join(dir, "empty"));
    oneLine(await report(join(dir, "empty")), missing);
    assert.deepEqual(readdirSync(join(dir, "empty")), []);
    writeFileSync(join(dir, "file"), "");
    oneLine(await report(join(dir, "file")), { code: 3, line: /it is not a directory/ });
    fill(join(dir, "closed"));
    chmodSync(join(dir, "closed"), 0o700);
    oneLine(await report(join(dir, "closed"), install), { code: 3, line: /permission denied; run the report as the user of the agent or as root/ });
  });
});

describe("a data directory in a bad state", { skip }, () => {
  const damages: readonly (readonly [string, (file: string) => void, RegExp])[] = [
    ["garbage", (file) => writeFileSync(file, "garbage\n".repeat(2_000)), /is damaged .*; move it and its -wal away/],
    ["truncated", (file) => truncateSync(file, 6_000), /is damaged .*; move it and its -wal away/],
    [
      "emptied",
      (file) => truncateSync(file),
      /is damaged \(it is empty, but (evidence|metrics)\.db beside it holds data\); move it and its -wal away/,
    ],
    ["a directory", (file) => (rmSync(file), mkdirSync(file)), /it is a directory; move it away/],
    ["of a newer version", newer, /written by a newer meshprobe \(schema 99, this one knows \d+\); update meshprobe/],
  ];
  for (const name of ["evidence.db", "metrics.db"]) {
    for (const [what, damage, line] of damages) {
      test(`${name} is ${what}: the agent refuses, the report shows the other file and exits 3, and both leave it as it is`, async (t) => {
        const dir = place(t);
        const data = join(dir, "data");
        fill(data);
        damage(join(data, name));
        const damaged = join(data, name);
        const before = statSync(damaged).isFile() ? digest(damaged) : null;
        const sibling = join(data, name === "evidence.db" ? "metrics.db" : "evidence.db");
        const siblingBefore = digest(sibling);
        oneLine(await run(["agent", "--config", configure(dir)]), { code: 3, line });
        const report = await run(["report", "--data-dir", data, "--since", "2026-11-01"]);
        assert.equal(report.code, 3);
        assert.match(report.stderr, line);
        assert.match(report.stdout, /NOT COMPLETE/);
        assert.match(report.stdout, name === "metrics.db" ? /1 incident,/ : /1 peer, loss 1\.00 % \(1 of 100 probes\)/);
        if (before !== null) assert.equal(digest(damaged), before);
        // Where SQLite itself finds the damage, the sibling may have been opened before.
        if (what === "emptied") assert.equal(digest(sibling), siblingBefore);
      });
    }
  }

  test("agent.lock is damaged: it may be deleted, and the agent says so", async (t) => {
    const dir = place(t);
    mkdirSync(join(dir, "data"));
    writeFileSync(join(dir, "data/agent.lock"), "garbage\n".repeat(2_000));
    oneLine(await run(["agent", "--config", configure(dir)]), { code: 3, line: /agent\.lock is damaged; it holds no data, delete it/ });
  });

  test("a directory in the place of the ballast is left alone and does not keep the agent from its work", async (t) => {
    const dir = place(t);
    mkdirSync(join(dir, "data/ballast"), { recursive: true });
    writeFileSync(join(dir, "data/ballast/mine"), "");
    const agent = start(["agent", "--config", configure(dir)]);
    await agent.until(/"msg":"ready"/);
    agent.child.kill("SIGTERM");
    const { code, stdout } = await agent.ended;
    assert.equal(code, 0);
    assert.match(stdout, /Cannot create ballast file/);
    assert.deepEqual(readdirSync(join(dir, "data/ballast")), ["mine"]);
  });

  test("a second agent is refused with the pid of the first, which goes on", async (t) => {
    const dir = place(t);
    const file = configure(dir);
    const first = start(["agent", "--config", file]);
    await first.until(/"msg":"ready"/);
    oneLine(await run(["agent", "--config", file]), {
      code: 3,
      line: new RegExp(`another agent \\(pid ${first.child.pid}\\) is running on .*; stop it, or give this one another data_dir`),
    });
    assert.equal(first.child.exitCode, null);
    first.child.kill("SIGTERM");
    assert.equal((await first.ended).code, 0);
  });
});

function newer(file: string): void {
  const store = file.endsWith("evidence.db") ? new EvidenceStore(join(file, "..")) : new MetricsStore(join(file, ".."));
  store.database.pragma("user_version = 99");
  store.close();
}

describe("signals and outputs that go away", { skip }, () => {
  async function agentIn(t: TestContext): Promise<{ readonly dir: string; readonly agent: ReturnType<typeof start> }> {
    const dir = place(t);
    const agent = start(["agent", "--config", configure(dir)]);
    await agent.until(/"msg":"ready"/);
    return { dir, agent };
  }

  test("SIGINT that comes twice, as under npm, stops it cleanly once", async (t) => {
    const { dir, agent } = await agentIn(t);
    agent.child.kill("SIGINT");
    agent.child.kill("SIGINT");
    setTimeout(() => agent.child.kill("SIGINT"), 20);
    const { code, stdout } = await agent.ended;
    assert.deepEqual([code, stdout.match(/"msg":"stopped"/g)?.length], [0, 1]);
    assert.equal((await run(["report", "--data-dir", join(dir, "data")])).code, 0);
  });

  test("SIGTERM at any moment of the start ends it, and the next start is clean", async (t) => {
    const dir = place(t);
    const file = configure(dir);
    for (const afterMs of [30, 80, 120, 160, 200, 300]) {
      const agent = start(["agent", "--config", file]);
      const timer = setTimeout(() => agent.child.kill("SIGTERM"), afterMs);
      const { code, signal, stderr } = await agent.ended;
      clearTimeout(timer);
      assert.ok(code === 0 || signal === "SIGTERM", `${afterMs} ms: ${code} ${signal} ${stderr}`);
      assert.equal(stderr, "");
    }
    const agent = start(["agent", "--config", file]);
    await agent.until(/"msg":"ready"/);
    agent.child.kill("SIGTERM");
    assert.equal((await agent.ended).code, 0);
  });

  /** With these outputs, until it has probed for a while; then SIGTERM. */
  async function agentWith(dir: string, output: number | "pipe"): Promise<{ readonly code: number | null; readonly stderr: string }> {
    const child = spawn(process.execPath, [CLI, "agent", "--config", configure(dir)], { stdio: ["ignore", output, "pipe"] });
    let stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdout?.once("data", () => child.stdout?.destroy());
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    // What it stores tells that it works: nobody can hear it.
    const data = join(dir, "data");
    for (let peers = 0; peers === 0;) {
      assert.equal(child.exitCode, null, stderr);
      const report = await run(["report", "--data-dir", data, "--format", "json"]);
      if (report.code === 0)
        peers = (JSON.parse(report.stdout) as { peers: { first_reply_at: string | null }[] }).peers.filter(
          (peer) => peer.first_reply_at !== null,
        ).length;
    }
    child.kill("SIGTERM");
    return { code: await ended, stderr };
  }

  test("an agent whose log reader has gone (| head -1) goes on probing and stops cleanly", async (t) => {
    assert.deepEqual(await agentWith(place(t), "pipe"), { code: 0, stderr: "" });
  });

  test("an agent whose log is on a full disk says so once and goes on", async (t) => {
    const full = openSync("/dev/full", "w");
    t.after(() => closeSync(full));
    const { code, stderr } = await agentWith(place(t), full);
    assert.deepEqual([code, stderr], [3, "meshprobe: Cannot write to stdout: ENOSPC; give it a place with room\n"]);
  });

  test("a report into a pipe that closes is no error; one into a full disk is", async (t) => {
    const dir = place(t);
    fill(dir);
    const into = (command: string): Promise<Outcome> =>
      new Promise((resolve) => {
        const child = spawn("bash", ["-c", command, "-", process.execPath, CLI, dir], { stdio: ["ignore", "pipe", "pipe"] });
        let [stdout, stderr] = ["", ""];
        child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
        child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
        child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
      });
    const head = await into('set -o pipefail; "$1" "$2" report --data-dir "$3" --since 2026-11-01 --full | head -1');
    assert.deepEqual([head.code, head.stderr, head.stdout.split("\n").length], [0, "", 2]);
    oneLine(await into('"$1" "$2" report --data-dir "$3" > /dev/full'), { code: 3, line: /Cannot write to stdout: ENOSPC/ });
    assert.equal((await into('"$1" "$2" report --data-dir "$3" 1>&- 2>&-')).stderr, "");
  });
});

test("names, addresses, reasons and tool output from outside cannot drive the terminal that shows the report", async (t) => {
  const dir = join(place(t), "data");
  mkdirSync(dir);
  const evil = "\u001b[2J\u001b]0;owned\u0007\u009b31m\u202e\r\n";
  const evidence = new EvidenceStore(dir);
  evidence.putNode({ name: `n${evil}`, id: evil, address: evil, version: evil, intervalMs: 100, timeoutMs: 2_000, notes: [evil] });
  evidence.putPeers([{ name: `p${evil}`, address: evil, intervalMs: 100, firstReplyMs: 1, agentEpoch: 0, agentSilentMs: null, active: true }]);
  const hop = { ttl: 1, address: evil, addresses: [evil], sent: 1, received: 1, lossPct: 0, rttMs: null, mpls: [evil], note: evil };
  evidence.openIncident(incident({ peer: `p${evil}`, address: evil, id: `i${evil}`, eventId: evil }), [
    capture({ incidentId: `i${evil}`, reason: evil, tool: evil, target: evil, source: evil, hops: [hop] }),
    capture({ id: "c2", incidentId: `i${evil}`, kind: "mtr", status: "failed", reason: evil }),
  ]);
  evidence.putBlind({ startedMs: Date.UTC(2026, 10, 19), endedMs: Date.UTC(2026, 10, 19) + 1_000, cause: evil as "stall", detail: evil });
  evidence.close();
  const metrics = new MetricsStore(dir);
  metrics.addRollups([rollup({ peer: `p${evil}` })]);
  metrics.close();
  const { stdout, stderr, code } = await run(["report", "--data-dir", dir, "--since", "2026-11-01", "--full"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /\\x1b\[2J/);
  assert.doesNotMatch(stdout + stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  const unknown = await run(["report", "--data-dir", dir, "--since", "2026-11-01", "--peer", `x${evil}`]);
  assert.equal(unknown.code, 2);
  assert.doesNotMatch(unknown.stderr.trimEnd(), /[\u0000-\u001f\u007f-\u009f\u202e]/);
});
