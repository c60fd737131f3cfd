/** The configuration applied to a running agent, on real packets: who stays loses nothing, who comes is probed, who goes is left alone. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import test from "node:test";
import { parse, stringify } from "yaml";
import type { Status } from "../../src/control/status.ts";
import { CLI, startAgent } from "./agent.ts";
import { createLab, labObstacle, type Lab } from "./lab.ts";
import { tally } from "./tally.ts";
import { demoSpec } from "./topology.ts";

const obstacle = labObstacle();
const RAW_SOCKET = join(dirname(dirname(import.meta.dirname)), "node_modules/raw-socket");
/** Prints the number of each probe that arrives: behind the IP and ICMP headers, unless flagged as a trace packet. */
const LISTEN = `
const socket = require(${JSON.stringify(RAW_SOCKET)}).createSocket({ protocol: 1 });
socket.on("message", (bytes) => {
  if (bytes[20] !== 8 || bytes.toString("latin1", 28, 30) !== "mp" || (bytes[31] & 1) !== 0) return;
  process.stdout.write(bytes.readUInt32BE(40) + "\\n");
});
process.stdout.write("listening\\n");`;

/** Numbers of the probes that reach a machine, in their order; resolves when it listens. */
function probeNumbers(lab: Lab, machine: string): Promise<readonly number[]> {
  const child = lab.spawn(machine, [process.execPath, "-e", LISTEN]);
  const numbers: number[] = [];
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => (line === "listening" ? resolve(numbers) : numbers.push(Number(line))));
    child.once("close", () => reject(new Error("Cannot listen")));
  });
}

function meshprobe(...args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }));
  });
}

test("a changed configuration is applied without a blind moment", { skip: obstacle ?? false }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "meshprobe-reload-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const lab = await createLab(demoSpec);
  t.after(() => lab.close());
  const b = { name: "b", address: lab.address("peer-b") };
  const c = { name: "c", address: lab.address("peer-c") };
  const r4 = { name: "r4", address: lab.address("r4") };
  const detect = { cooling: "1s", merge: "2s" };
  const config = { detect, capture: { mtr: false, after: "1s", after_cycles: 1 }, peers: [b, c] };
  const agent = await startAgent(lab, "node", { directory, config });
  t.after(() => agent.stop());
  const sinceMs = Date.now();
  const [toB, toC, toR4] = await Promise.all([probeNumbers(lab, "peer-b"), probeNumbers(lab, "peer-c"), probeNumbers(lab, "r4")]);
  const started = parse(readFileSync(agent.configFile, "utf8")) as Readonly<Record<string, unknown>>;
  const write = (more: Readonly<Record<string, unknown>>): void =>
    writeFileSync(agent.configFile, stringify({ ...started, ...more }), { mode: 0o600 });
  const reload = (): ReturnType<typeof meshprobe> => meshprobe("reload", "--config", agent.configFile);
  const states = async (): Promise<Readonly<Record<string, string>>> => {
    const status = JSON.parse((await meshprobe("status", "--data-dir", agent.dataDir, "--format", "json")).stdout) as Status;
    return Object.fromEntries(status.peers.map(({ peer, state }) => [peer, state]));
  };
  const more = async (numbers: readonly number[], count: number): Promise<void> => {
    for (const until = numbers.length + count; numbers.length < until;) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  await t.test("one comes, one goes, one has another interval", async () => {
    await more(toB, 10);
    write({ peers: [b, { ...c, interval: "50ms" }, r4] });
    const first = await reload();
    assert.deepEqual([first.code, first.stderr], [0, ""]);
    assert.equal(first.stdout, "1 peer unchanged; added: r4; changed: c\n");
    await more(toR4, 20);
    await more(toC, 40);
    write({ peers: [b, r4] });
    assert.equal((await reload()).stdout, "2 peers unchanged; removed: c\n");
    const count = toC.length;
    await more(toB, 20);
    assert.ok(toC.length <= count + 1, `${toC.length - count} more probes to the one that is gone`);
    assert.deepEqual(await states(), { b: "well", r4: "well" });
  });

  await t.test("a wrong file, and one that needs a restart, change nothing", async () => {
    write({ peers: [b, { ...r4, intervall: "1s" }] });
    const wrong = await reload();
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /peers\.yaml:\d+:\d+: peers\[1\]: unknown key "intervall"; did you mean "interval"\?\n$/);
    const byData = await meshprobe("reload", "--data-dir", agent.dataDir);
    assert.equal(byData.code, 2);
    assert.match(byData.stderr, /^meshprobe reload: \S+peers\.yaml:\d+:\d+: peers\[1\]: unknown key/);
    write({ detect: { ...detect, lost: 6 }, peers: [b] });
    const other = await reload();
    assert.equal(other.code, 2);
    assert.match(other.stderr, /^meshprobe reload: \S+peers\.yaml: detect cannot change while the agent runs; restart it[^\n]*\n$/);
    assert.deepEqual(await states(), { b: "well", r4: "well" });
  });

  await t.test("SIGHUP does the same, and what is wrong is in the log", async () => {
    agent.kill("SIGHUP");
    await agent.waitFor("the refusal", ({ msg }) => msg === "the configuration was not applied; the old one stays", 5_000);
    write({ peers: [b, c] });
    agent.kill("SIGHUP");
    const isSecond = ({ msg, unchanged, added, removed }: Readonly<Record<string, unknown>>): boolean =>
      msg === "configuration applied" && unchanged === 1 && added === 1 && removed === 1;
    await agent.waitFor("the new peers", isSecond, 5_000);
    await more(toC, 20);
  });

  await t.test("an incident of a peer that is taken out is closed, and that of one that stays goes on", async () => {
    await lab.dropOn("r2", { perMille: 1000 });
    await agent.waitFor("both incidents", () => agent.log.filter(({ msg }) => msg === "incident opened").length === 2, 10_000);
    write({ peers: [c] });
    assert.equal((await reload()).stdout, "1 peer unchanged; removed: b\n");
    const closed = await agent.waitFor("the end of one", ({ msg }) => msg === "incident closed", 5_000);
    assert.equal(closed["peer"], "b");
    assert.deepEqual(await states(), { c: "burst" });
  });

  await agent.stop();
  const gaps = (numbers: readonly number[]): number[] =>
    numbers.filter((number, index) => index > 0 && number !== (numbers[index - 1] as number) + 1);
  assert.deepEqual(gaps(toB), [], "numbers of the probes to b");
  assert.deepEqual(gaps(toC), [], "numbers go on for one that comes back");
  assert.ok(toB.length > 80 && toC.length > 60);
  const lossAtMs = Date.parse(String(agent.log.find(({ msg }) => msg === "incident opened")?.["started_at"]));
  const { skipped, lost, blindIntervals } = await tally(agent, { sinceMs, untilMs: Math.floor(lossAtMs / 10_000) * 10_000 });
  assert.deepEqual({ skipped, lost, blindIntervals }, { skipped: 0, lost: 0, blindIntervals: [] });
});
