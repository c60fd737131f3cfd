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
import { installForNobody, NOBODY, run, start, type Outcome } from "./run-cli.ts";

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

test("tokens that are added at the same moment, as for a list of hosts, are all there", async (t) => {
  const { config } = await place(t);
  const names = ["sh-a1", "bj-b1", "gz-c1", "hk-d1"];
  const added = await Promise.all(names.map((name) => run(["collector", "token", "add", name, "--role", "node", "--config", config])));
  for (const { code, stderr } of added) assert.equal(code, 0, stderr);
  const listed = (await run(["collector", "token", "list", "--config", config])).stdout;
  for (const name of names) assert.match(listed, new RegExp(`^${name} `, "m"));
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

const asRoot = { skip: process.geteuid?.() === 0 ? false : "needs root" };

function ownerOf(file: string): readonly [uid: number, gid: number, mode: number] {
  const { uid, gid, mode } = statSync(file);
  return [uid, gid, mode & 0o777];
}

test("tokens made or changed by root are the collector's own user's to read, whoever's they were", asRoot, async (t) => {
  const { config, dir } = await place(t);
  const file = join(dir, "data/tokens.json");
  const add = (name: string): Promise<Outcome> => run(["collector", "token", "add", name, "--role", "node", "--config", config]);
  await add("sh-a1");
  assert.deepEqual(ownerOf(file), [0, 0, 0o600], "in a directory of root's");
  chownSync(join(dir, "data"), NOBODY, NOBODY);
  await add("bj-b1");
  assert.deepEqual(ownerOf(file), [NOBODY, NOBODY, 0o600]);
  chownSync(join(dir, "data"), 0, 0);
  await add("gz-c1");
  assert.deepEqual(ownerOf(file), [NOBODY, NOBODY, 0o600], "a file that was given away in a directory of root's stays so");
});

test("a collector that root ran by hand leaves a database that its own user can go on with", asRoot, async (t) => {
  const { config, dir } = await place(t);
  chownSync(join(dir, "data"), NOBODY, NOBODY);
  const install = installForNobody();
  t.after(install.remove);
  const byHand = start(["collector", "--config", config]);
  await byHand.until(/the collector listens/);
  for (const name of ["collector.db", "collector.db-wal", "collector.db-shm"])
    assert.deepEqual(ownerOf(join(dir, "data", name)), [NOBODY, NOBODY, 0o640], name);
  byHand.child.kill("SIGKILL");
  await byHand.ended;
  const service = start(["collector", "--config", config], { asNobody: install });
  await service.until(/the collector listens/);
  service.child.kill("SIGTERM");
  assert.equal((await service.ended).code, 0);
});

test("secrets that the collector's user may not read are named with their mend", asRoot, async (t) => {
  const { config, dir } = await place(t);
  chownSync(join(dir, "data"), NOBODY, NOBODY);
  const install = installForNobody();
  t.after(install.remove);
  const refused = async (message: RegExp): Promise<void> => {
    const { code, stderr } = await start(["collector", "--config", config], { asNobody: install }).ended;
    assert.match(stderr, message);
    assert.equal(code, 3);
  };
  writeFileSync(join(dir, "data/tokens.json"), "", { mode: 0o600 });
  await refused(/tokens.json: this user may not; it must belong to the user that runs the collector, mode 0600/);
  rmSync(join(dir, "data/tokens.json"));
  writeFileSync(join(dir, "key"), "", { mode: 0o600 });
  writeFileSync(config, `${readFileSync(config, "utf8")}tls: { cert_file: collector.yaml, key_file: key }\n`);
  await refused(/key: EACCES; let the user that runs the collector read it: chgrp meshprobe-collector, chmod 0640/);
});

test("a database that is not there ends the start with the reason, and starts soon after one another wait longer and longer", async (t) => {
  const { config, dir } = await place(t);
  writeFileSync(config, `listen: 127.0.0.1:1\nstore: postgres://mesh:geheim@127.0.0.1:1/mesh\ntokens_file: data/tokens.json\n`);
  const env = { ...process.env, LC_ALL: "C", RUNTIME_DIRECTORY: join(dir, "data") };
  const fail = async (): Promise<Outcome> => start(["collector", "--config", config], { env }).ended;
  for (let each = 0; each < 4; each++) {
    const { code, stdout, stderr } = await fail();
    assert.equal(code, 3);
    assert.match(stderr, /Cannot use PostgreSQL at 127.0.0.1:1\/mesh: nobody listens there/);
    assert.doesNotMatch(stdout, /this one waits/);
  }
  const waiting = start(["collector", "--config", config], { env });
  await waiting.until(/this one waits/);
  waiting.child.kill("SIGTERM");
  const { code, stderr } = await waiting.ended;
  assert.deepEqual([code, stderr], [0, ""], "who is told to stop while it waits has not failed");
});
