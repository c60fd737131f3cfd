import assert from "node:assert/strict";
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { existsSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { describe, test } from "node:test";
import { isRunning, NETNS_DIRECTORY } from "./namespaces.ts";
import { skipLab } from "./requirements.ts";

interface Demo {
  readonly pid: number;
  readonly stdin: Writable;
  output(): string;
  until(pattern: RegExp): Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

const UNTIL_TIMEOUT_MS = 30_000;

function startDemo(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Demo {
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(process.execPath, [join(import.meta.dirname, "demo.ts"), ...args], {
    env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "";
  let look = (): void => undefined;
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => ((output += text), look()));
  const ended: Demo["ended"] = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
  return {
    pid: child.pid ?? 0,
    stdin: child.stdin,
    output: () => output,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`Cannot see ${pattern}: nothing after ${UNTIL_TIMEOUT_MS / 1000} s in\n${output}`)),
          UNTIL_TIMEOUT_MS,
        );
        look = () => {
          if (!pattern.test(output)) return;
          clearTimeout(timer);
          resolve();
        };
        void ended.then(() => (clearTimeout(timer), reject(new Error(`Cannot see ${pattern}: the demo ended after\n${output}`))));
        look();
      }),
    ended,
  };
}

const namespacesOf = (pid: number): string[] =>
  existsSync(NETNS_DIRECTORY) ? readdirSync(NETNS_DIRECTORY).filter((name) => name.startsWith(`mp-${pid}-`)) : [];
const directoriesOf = (pid: number): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith(`meshprobe-demo-${pid}-`));

function processesIn(namespaces: readonly string[]): number[] {
  const inside = new Set(namespaces.map((name) => `net:[${statSync(join(NETNS_DIRECTORY, name)).ino}]`));
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return inside.has(readlinkSync(`/proc/${pid}/ns/net`));
      } catch {
        return false;
      }
    });
}

describe("demo", { skip: skipLab }, () => {
  test("shows both faults, the report and a summary in less than a minute, and leaves nothing", async () => {
    const started = performance.now();
    const demo = startDemo([]);
    const { code } = await demo.ended;
    const seconds = (performance.now() - started) / 1000;
    assert.equal(code, 0, demo.output());
    assert.ok(seconds < 60, `${seconds} s`);
    assert.match(demo.output(), /in short: 2 incidents/);
    assert.match(
      demo.output(),
      /peer-b: \d+ of \d+ probes lost \([\d.]+ %\)\n.*\n {4}first hop of evidence \d+ ms after the first lost packet\n {4}path then: node → r1 → r2/,
    );
    assert.match(
      demo.output(),
      /peer-c: \d+ of \d+ probes lost \([\d.]+ %\)\n.*\n {4}first hop of evidence \d+ ms after the first lost packet\n {4}path then: node → r1 → r2/,
    );
    assert.deepEqual([namespacesOf(demo.pid), directoriesOf(demo.pid)], [[], []]);
  });

  test("Ctrl-C ends it with everything it started", async () => {
    const demo = startDemo([]);
    await demo.until(/breaking the link/);
    const inside = processesIn(namespacesOf(demo.pid));
    assert.ok(inside.length > 1, "an agent and its wire run");
    assert.equal(directoriesOf(demo.pid).length, 1);
    process.kill(demo.pid, "SIGINT");
    assert.equal((await demo.ended).signal, "SIGINT");
    assert.deepEqual([namespacesOf(demo.pid), directoriesOf(demo.pid), inside.filter(isRunning)], [[], [], []]);
  });

  test("the shell runs on the node, breaks a link when told to, and takes everything with it", async () => {
    const demo = startDemo(["--shell"]);
    await demo.until(/until you leave this shell/);
    // A second of total loss behind r2, and the proof that it ends.
    demo.stdin.end(
      "break_link $peer_c 1 100 & sleep 0.3; ping -n -c 1 -W 0.3 $peer_c | grep -o '[01] received'; wait; ping -n -c 1 -W 1 $peer_c | grep -o '[01] received'\n" +
        "meshprobe report --since 10m > /dev/null && echo report works; exit\n",
    );
    assert.equal((await demo.ended).code, 0, demo.output());
    assert.match(demo.output(), /0 received[^]*1 received[^]*report works/);
    assert.deepEqual([namespacesOf(demo.pid), directoriesOf(demo.pid)], [[], []]);
  });
});

test("a demo that cannot run says so in one line", { skip: process.getuid?.() === 0 ? false : "becoming another user needs root" }, async () => {
  // The capability lets it read a checkout in root's home.
  const demoted = ["--reuid=65534", "--clear-groups", "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"];
  const child = spawn("setpriv", [...demoted, process.execPath, join(import.meta.dirname, "demo.ts")], { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const code = await new Promise((resolve) => child.once("close", resolve));
  assert.equal(code, 3);
  assert.match(errors, /^Cannot run the demo: it builds network namespaces, which needs root[^\n]*\n$/);
});
