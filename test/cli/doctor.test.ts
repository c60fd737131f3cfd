/** The doctor on loopback: lines, JSON and exit codes, and that it leaves nothing behind. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test, type TestContext } from "node:test";
import type { Finding } from "../../src/doctor/finding.ts";
import { installForNobody, run, start, type Install } from "./run-cli.ts";

const skip = process.geteuid?.() === 0 ? false : "needs root to open raw sockets and to become another user";

function place(t: TestContext, more = ""): { readonly dir: string; readonly file: string } {
  const dir = mkdtempSync(join(tmpdir(), "meshprobe-doctor-"));
  chmodSync(dir, 0o755);
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, "peers.yaml");
  const peers = "peers:\n  - { name: lo, address: 127.0.0.1 }\n  - { name: other, address: 127.0.0.7 }\n";
  writeFileSync(file, `data_dir: ${join(dir, "data")}\ncapture: { mtr: false }\n${more}${peers}`, { mode: 0o644 });
  return { dir, file };
}

interface Told {
  readonly code: number | null;
  readonly findings: ReadonlyMap<string, Finding>;
}

async function json(file: string, options: { readonly asNobody?: Install } = {}): Promise<Told> {
  const { code, stdout, stderr } = await run(["doctor", "--config", file, "--format", "json"], options);
  assert.equal(stderr, "");
  const report = JSON.parse(stdout) as { readonly schema: string; readonly findings: readonly Finding[] };
  assert.equal(report.schema, "meshprobe.doctor/1");
  return { code, findings: new Map(report.findings.map((finding) => [finding.check, finding])) };
}

describe("meshprobe doctor", { skip }, () => {
  let nobody: Install;
  before(() => void (nobody = installForNobody()));
  after(() => nobody.remove());

  test("on loopback the peers answer real packets; a line for each check, exit code 0 without a failure", async (t) => {
    const { dir, file } = place(t);
    const { code, stdout, stderr } = await run(["doctor", "--config", file]);
    assert.deepEqual([code, stderr], [0, ""], stdout);
    const lines = stdout.trimEnd().split("\n");
    assert.match(lines.at(-1) ?? "", /^(all is well|0 failures, \d+ warnings?)$/);
    for (const line of lines.slice(0, -1)) assert.match(line, /^(ok {4}[^→]*|warn {2}.* → .*)$/);
    assert.match(stdout, /^ok {4}peers {10}2 of 2 answered an echo request/m);
    assert.match(stdout, /^ok {4}capability/m);
    assert.deepEqual(readdirSync(dir), ["peers.yaml"], "it makes no data directory");
  });

  test("in Chinese it finds the same; JSON is English unless it is asked otherwise, and what programs compare always is", async (t) => {
    const { file } = place(t);
    const env = { ...process.env, LC_ALL: "zh_CN.UTF-8" };
    const { code, stdout } = await run(["doctor", "--config", file], { env });
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^正常 {2}对端 {6}2 个对端中有 2 个应答了回显请求/m);
    for (const line of stdout.trimEnd().split("\n").slice(0, -1)) assert.match(line, /^(正常|警告) {2}.*\p{Script=Han}/u);
    const told = async (...more: string[]): Promise<readonly Finding[]> =>
      (JSON.parse((await run(["doctor", "--config", file, "--format", "json", ...more], { env })).stdout) as { findings: Finding[] }).findings;
    const [english, chinese] = [await told(), await told("--lang", "zh")];
    assert.deepEqual(
      chinese.map(({ check, level }) => [check, level]),
      english.map(({ check, level }) => [check, level]),
    );
    for (const { text } of english) assert.doesNotMatch(text, /\p{Script=Han}/u);
    for (const { text } of chinese) assert.match(text, /\p{Script=Han}/u);
  });

  test("a failure is exit code 1; --strict makes one of a warning", async (t) => {
    const open = place(t);
    mkdirSync(join(open.dir, "data"));
    chmodSync(join(open.dir, "data"), 0o755);
    const told = await json(open.file);
    assert.deepEqual([told.code, told.findings.get("data_dir")?.level], [0, "warn"]);
    assert.equal((await run(["doctor", "--config", open.file, "--strict"])).code, 1);
    writeFileSync(join(open.dir, "data/evidence.db"), "garbage\n".repeat(2_000));
    const damaged = await json(open.file);
    assert.deepEqual([damaged.code, damaged.findings.get("database")?.level], [1, "fail"]);
    assert.match(damaged.findings.get("database")?.mend ?? "", /move it and its -wal away/);
  });

  test("a configuration that cannot be used is told with the rest, exit code 2", async (t) => {
    const { file } = place(t, "prob: {}\n");
    const { code, findings } = await json(file);
    assert.equal(code, 2);
    assert.match(findings.get("configuration")?.text ?? "", /peers\.yaml:3:1: unknown key "prob"$/);
    assert.equal(findings.get("configuration")?.mend, 'did you mean "probe"?');
    assert.ok(findings.has("kernel"));
    const key = place(t, "mesh: { key_file: mesh.key }\n");
    writeFileSync(join(key.dir, "mesh.key"), "k".repeat(64), { mode: 0o644 });
    const open = await json(key.file);
    assert.deepEqual([open.code, open.findings.get("configuration")?.mend], [2, `chmod o= ${join(key.dir, "mesh.key")}`]);
  });

  test("without CAP_NET_RAW it says so, and that the peers are not known", async (t) => {
    const { file } = place(t);
    const { code, findings } = await json(file, { asNobody: nobody });
    assert.equal(code, 1);
    assert.equal(findings.get("capability")?.level, "fail");
    assert.match(findings.get("peers")?.text ?? "", /not asked: .*EPERM/);
    assert.match(findings.get("data_dir")?.text ?? "", /does not exist, and this user cannot make it/);
  });

  test("beside a running agent it reads what that has stored", async (t) => {
    const { file } = place(t);
    const agent = start(["agent", "--config", file]);
    await agent.until(/"msg":"ready"/);
    const { findings } = await json(file);
    assert.match(findings.get("capability")?.text ?? "", new RegExp(`the running agent \\(pid ${agent.child.pid}\\) has`));
    assert.deepEqual([findings.get("peers")?.level, findings.get("peers")?.text], ["ok", "2 of 2 answer the running agent"]);
    assert.equal(findings.get("database")?.level, "ok");
    agent.child.kill("SIGTERM");
    assert.equal((await agent.ended).code, 0);
    assert.match((await json(file)).findings.get("peers")?.text ?? "", /answered an echo request/);
  });
});
