import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test, { after, before } from "node:test";
import type { Status } from "../../src/control/status.ts";
import { installForNobody, NOBODY, run, start, type Install, type Running } from "./run-cli.ts";

const directory = mkdtempSync(join(tmpdir(), "meshprobe-status-"));
const config = join(directory, "peers.yaml");
const dataDir = join(directory, "data");
let agent: Running;
let nobody: Install;

before(async () => {
  chmodSync(directory, 0o755);
  mkdirSync(dataDir, { mode: 0o750 });
  writeFileSync(
    config,
    "node: { name: here }\ndata_dir: data\npeers:\n  - { name: loop, address: 127.0.0.1 }\n  - { name: gone, address: 127.0.0.2 }\n",
    { mode: 0o644 },
  );
  nobody = installForNobody();
  agent = start(["agent", "--config", config]);
  await agent.until(/"ready"/);
});

after(async () => {
  agent.child.kill("SIGTERM");
  await agent.ended;
  nobody.remove();
  rmSync(directory, { recursive: true, force: true });
});

test("status tells of each peer, on a screen and as JSON", async () => {
  const { code, stdout, stderr } = await run(["status", "--config", config]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^here, meshprobe /);
  assert.match(stdout, /\nloop +127\.0\.0\.1 +well/);
  const json = await run(["status", "--data-dir", dataDir, "--format", "json"]);
  const status = JSON.parse(json.stdout) as Status;
  assert.equal(status.schema, "meshprobe.status/1");
  assert.deepEqual(status.peers.map(({ peer }) => peer).sort(), ["gone", "loop"]);
  assert.equal(status.agent.pid, agent.child.pid);
  assert.ok(status.disk.used_bytes > 0 && status.disk.max_bytes === 2e9);
});

test("--watch goes on until it is interrupted, and ends cleanly", async () => {
  const watch = start(["status", "--watch", "--config", config]);
  await watch.until(/(here, meshprobe [^]*){3}/);
  watch.child.kill("SIGINT");
  const { code, stderr } = await watch.ended;
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
});

test("an ordinary user is told what to do, and may ask as a member of the agent's group", async () => {
  const denied = await run(["status", "--config", config], { asNobody: nobody });
  assert.equal(denied.code, 3);
  assert.match(denied.stderr, /^meshprobe status: Cannot open \S+\/meshprobe\.sock: permission denied; run as root\n$/);
  // As the service has it: the directory and the socket belong to the agent's group.
  chownSync(dataDir, 0, NOBODY);
  chownSync(join(dataDir, "meshprobe.sock"), 0, NOBODY);
  const member = await run(["status", "--config", config], { asNobody: nobody });
  assert.equal(member.code, 0, member.stderr);
  assert.match(member.stdout, /\nloop /);
});

test("without an agent one line says so; a wrong command line is told apart", async () => {
  const empty = mkdtempSync(join(tmpdir(), "meshprobe-none-"));
  try {
    const none = await run(["status", "--data-dir", empty]);
    assert.equal(none.code, 3);
    assert.match(none.stderr, /^meshprobe status: The agent does not run: nothing listens on [^\n]*\n$/);
    const chinese = await run(["status", "--data-dir", empty], { env: { ...process.env, LC_ALL: "zh_CN.UTF-8" } });
    assert.deepEqual([chinese.code, chinese.stdout], [3, ""]);
    assert.match(chinese.stderr, /^meshprobe status: 探测代理没有运行：[^\n]*\n$/);
    for (const wrong of [["--format", "xml"], ["--lang", "fr"], ["--watch", "--format", "json"], ["--colour"], ["here"]]) {
      const { code, stderr } = await run(["status", "--data-dir", empty, ...wrong]);
      assert.equal(code, 2, stderr);
    }
    assert.equal((await run(["status", "--config", join(empty, "no.yaml")])).code, 2);
  } finally {
    rmSync(empty, { recursive: true });
  }
});

test("hostile clients do the agent no harm: it answers, and its probing process is the same", async () => {
  const path = join(dataDir, "meshprobe.sock");
  const status = async (): Promise<Status> => JSON.parse((await run(["status", "--config", config, "--format", "json"])).stdout) as Status;
  const before = await status();
  const words = [
    "",
    "x".repeat(100_000),
    "\0\xff\n",
    '{"op":"status"}\n{"op":"status"}\n',
    '{"op":"trace","peer":"nobody"}\n',
    '{"op":"status","peers":1e9}\n',
  ];
  const sockets = Array.from({ length: 600 }, (_, index) => {
    const socket = connect(path);
    socket.on("error", () => {});
    socket.write(words[index % words.length] ?? "");
    if (index % 4 === 0) socket.destroy();
    if (index % 4 === 1) socket.end();
    if (index % 4 === 2) socket.pause();
    return socket;
  });
  const answered = sockets.filter((_, index) => index % 4 === 3);
  await Promise.all(answered.map((socket) => new Promise((resolve) => socket.resume().once("close", resolve))));
  for (const socket of sockets) socket.destroy();
  let after = await run(["status", "--config", config, "--format", "json"]);
  while (/being served/.test(after.stderr)) after = await run(["status", "--config", config, "--format", "json"]);
  const now = JSON.parse(after.stdout) as Status;
  assert.deepEqual([now.agent.pid, now.agent.wire_pid], [before.agent.pid, before.agent.wire_pid]);
  assert.equal(now.states.well, 2);
});

test("a data directory whose socket would have too long a path is a configuration error", async () => {
  const long = join(directory, "d".repeat(100), "peers.yaml");
  mkdirSync(join(directory, "d".repeat(100)));
  writeFileSync(long, "data_dir: data\npeers: []\n", { mode: 0o644 });
  const { code, stderr } = await run(["agent", "--config", long]);
  assert.equal(code, 2);
  assert.match(stderr, /peers\.yaml: data_dir: .* a socket's path 100 at most; use a shorter one\n$/);
});

test("the socket of the runtime directory is used when there is one, and removed in the end", async () => {
  const runtime = join(directory, "run");
  mkdirSync(runtime);
  const other = join(directory, "other.yaml");
  writeFileSync(other, "node: { name: other }\ndata_dir: other\npeers: []\n", { mode: 0o644 });
  const env = { ...process.env, RUNTIME_DIRECTORY: runtime };
  const second = start(["agent", "--config", other], { env });
  await second.until(/"ready"/);
  assert.match((await run(["status", "--config", other], { env })).stdout, /^other, /);
  // The other agent's socket comes first here: it is passed over.
  assert.match((await run(["status", "--config", config], { env })).stdout, /^here, /);
  second.child.kill("SIGTERM");
  assert.equal((await second.ended).code, 0);
  assert.equal(existsSync(join(runtime, "meshprobe.sock")), false);
});
