/** `meshprobe collector` as it is run: tokens made by one process are taken by another, what is delivered is in SQLite, and it stops when it is told to. */
import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { fullRequest, gzipped } from "../unit/collector/sample-records.ts";
import { call } from "../unit/collector/running-collector.ts";
import { NOBODY, run, start, type Outcome } from "./run-cli.ts";

interface Place {
  readonly dir: string;
  readonly config: string;
  readonly port: number;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function place(t: TestContext): Promise<Place> {
  const dir = mkdtempSync(join(tmpdir(), "meshprobe-collector-"));
  chmodSync(dir, 0o755);
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const port = await freePort();
  const config = join(dir, "collector.yaml");
  writeFileSync(config, `listen: 127.0.0.1:${port}\nstore: sqlite:data/collector.db\ntokens_file: data/tokens.json\n`, { mode: 0o644 });
  mkdirSync(join(dir, "data"), { mode: 0o700 });
  return { dir, config, port };
}

function lastWord({ stdout }: Outcome): string {
  return stdout.trim().split(" ").at(-1) ?? "";
}

test("tokens are printed once as the last word, listed without themselves, rotated and revoked", async (t) => {
  const { config, dir } = await place(t);
  const token = (...args: readonly string[]): Promise<Outcome> => run(["collector", "token", ...args, "--config", config]);
  assert.match((await token("list")).stdout, /^no tokens/);
  const added = await token("add", "sh-a1", "--role", "node");
  assert.equal(added.code, 0, added.stderr);
  assert.match(lastWord(added), /^[A-Za-z0-9_-]{43}$/);
  assert.equal((await token("add", "sh-a1", "--role", "node")).code, 3, "there is one already");
  const rotated = await token("rotate", "sh-a1", "--overlap", "7d");
  assert.match(rotated.stdout, /^the old token of sh-a1 ends in 7d, the new one: \S+\n$/);
  const listed = (await token("list")).stdout;
  assert.match(listed, /^sh-a1 +node +since \S+ +ends \S+\nsh-a1 +node +since \S+\n$/);
  for (const one of [lastWord(added), lastWord(rotated)])
    assert.ok(!listed.includes(one) && !readFileSync(join(dir, "data/tokens.json"), "utf8").includes(one));
  assert.equal((await token("revoke", "sh-a1")).code, 0);
  assert.equal((await token("revoke", "sh-a1")).code, 3);
});

test("a wrong command line, configuration or place is one line with its exit code", async (t) => {
  const { config, dir, port } = await place(t);
  const refused = async (code: number, message: RegExp, ...args: readonly string[]): Promise<void> => {
    const outcome = await run(["collector", ...args]);
    assert.equal(outcome.code, code, outcome.stderr + outcome.stdout);
    assert.match(outcome.stderr, message);
    assert.equal(outcome.stderr.trim().split("\n").length, 1, outcome.stderr);
  };
  await refused(2, /unknown words "tokens": it is token add/, "tokens");
  await refused(2, /unknown words "token remove"/, "token", "remove", "x");
  await refused(2, /token add needs a NAME/, "token", "add", "--role", "node");
  await refused(2, /say what it may do/, "token", "add", "x", "--config", config);
  await refused(2, /unknown --role "admin"/, "token", "add", "x", "--role", "admin");
  await refused(2, /--overlap goes with token rotate/, "token", "revoke", "x", "--overlap", "1h");
  await refused(2, /--overlap: "soon" is not a duration/, "token", "rotate", "x", "--overlap", "soon", "--config", config);
  await refused(2, /NAME: a name has no control/, "token", "add", "a\u0007", "--role", "node", "--config", config);
  await refused(2, /collector.yaml: does not exist; create it \(a commented collector.yaml ships/, "--config", join(dir, "none/collector.yaml"));
  writeFileSync(
    join(dir, "tls.yaml"),
    `listen: 127.0.0.1:${port}\nstore: sqlite:data/c.db\ntokens_file: t\ntls: { cert_file: none, key_file: none }\n`,
  );
  await refused(3, /Cannot read .*none: ENOENT/, "--config", join(dir, "tls.yaml"));
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(port, "127.0.0.1", resolve));
  t.after(() => taken.close());
  const outcome = await start(["collector", "--config", config]).ended;
  assert.equal(outcome.code, 3);
  assert.match(outcome.stderr, /EADDRINUSE/);
});

test("it takes a delivery with a token that was made while it ran, survives a hang-up, keeps what it has, and stops within 5 s", async (t) => {
  const { config, port } = await place(t);
  const collector = start(["collector", "--config", config]);
  await collector.until(/the collector listens/);
  const token = lastWord(await run(["collector", "token", "add", "sh-a1", "--role", "node", "--config", config]));
  const reader = lastWord(await run(["collector", "token", "add", "desk", "--role", "reader", "--config", config]));
  const post = { method: "POST", token, body: gzipped(fullRequest()), headers: { "content-encoding": "gzip" } };
  let reply = await call(port, "/api/v1/sync", post);
  // The list is looked at once a second.
  for (const startedMs = performance.now(); reply.status === 401 && performance.now() - startedMs < 5_000;)
    reply = await call(port, "/api/v1/sync", post);
  assert.equal(reply.status, 200, reply.text);
  collector.child.kill("SIGHUP");
  await collector.until(/nothing is read again at SIGHUP/);
  const stoppedMs = performance.now();
  collector.child.kill("SIGTERM");
  const { code, stdout, stderr } = await collector.ended;
  assert.ok(performance.now() - stoppedMs < 5_000);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.ok(!stdout.includes(token) && !stdout.includes(reader));
  const again = start(["collector", "--config", config]);
  await again.until(/the collector listens/);
  const { incidents } = JSON.parse((await call(port, "/api/v1/incidents?since=2026-11-20", { token: reader })).text) as {
    incidents: { node: string }[];
  };
  assert.deepEqual(
    incidents.map(({ node }) => node),
    ["sh-a1"],
  );
  again.child.kill("SIGTERM");
  assert.equal((await again.ended).code, 0);
});

test("tokens made by root stay readable for the collector's own user", { skip: process.geteuid?.() === 0 ? false : "needs root" }, async (t) => {
  const { config, dir } = await place(t);
  chownSync(join(dir, "data"), NOBODY, NOBODY);
  await run(["collector", "token", "add", "sh-a1", "--role", "node", "--config", config]);
  const { uid, mode } = statSync(join(dir, "data/tokens.json"));
  assert.deepEqual([uid, mode & 0o777], [NOBODY, 0o600]);
});
