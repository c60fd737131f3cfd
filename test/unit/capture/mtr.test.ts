import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { mtrArguments, mtrVerdict, startMtr, type MtrOptions, type MtrOutcome, type MtrRun } from "../../../src/capture/mtr.ts";
import { MTR_CHUNK_MS } from "../../../src/capture/mtr-lines.ts";
import { readMtr, type StampedLine } from "../../../src/path/mtr-raw.ts";

function fixture(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/mtr/${name}`, import.meta.url));
}

interface Trial {
  readonly run: MtrRun;
  readonly chunks: StampedLine[][];
  readonly abort: AbortController;
  readonly firstChunk: Promise<void>;
}

function start(options: Partial<MtrOptions> = {}): Trial {
  const chunks: StampedLine[][] = [];
  const abort = new AbortController();
  const { promise: firstChunk, resolve } = Promise.withResolvers<void>();
  const onLines = (lines: StampedLine[]): void => {
    chunks.push(lines);
    resolve();
  };
  const run = startMtr({ address: "127.0.0.1", firstTtl: 1, nowMs: () => performance.now(), signal: abort.signal, onLines, ...options });
  return { run, chunks, abort, firstChunk };
}

async function outcomeOf(name: string): Promise<MtrOutcome> {
  return start({ binary: fixture(name) }).run.done;
}

/** Whether any process of the group runs; a zombie that nobody has reaped yet does not. */
function groupRuns(group: number | undefined): boolean {
  return readdirSync("/proc").some((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      const [state, , pgrp] = readFileSync(`/proc/${entry}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ");
      return Number(pgrp) === group && state !== "Z";
    } catch {
      return false;
    }
  });
}

/** A process that was sent SIGKILL may need a moment to die. */
async function groupEnds(group: number | undefined, withinMs = 1_000): Promise<void> {
  const sinceMs = performance.now();
  while (groupRuns(group)) {
    assert.ok(performance.now() - sinceMs < withinMs, `group ${group} still runs after ${withinMs} ms`);
    await nextTurn();
  }
}

test("the command is the one of the design", () => {
  assert.equal(mtrArguments({ address: "192.0.2.1", firstTtl: 1 }).join(" "), "--raw -n -e -i 1 -c 75 -- 192.0.2.1");
  assert.equal(mtrArguments({ address: "2001:db8::1", firstTtl: 4, cycles: 3 }).join(" "), "--raw -n -e -i 1 -c 3 -f 4 -- 2001:db8::1");
});

test("behind shared hops the interval is stretched, so that each hop is asked once a second", () => {
  assert.equal(mtrArguments({ address: "192.0.2.1", firstTtl: 3, pathLength: 3 }).join(" "), "--raw -n -e -i 3 -c 75 -f 3 -- 192.0.2.1");
  assert.equal(mtrArguments({ address: "192.0.2.1", firstTtl: 9, pathLength: 10 }).join(" "), "--raw -n -e -i 5 -c 75 -f 9 -- 192.0.2.1");
  assert.equal(mtrArguments({ address: "192.0.2.1", firstTtl: 1, pathLength: 10 }).join(" "), "--raw -n -e -i 1 -c 75 -- 192.0.2.1");
});

test("anything but an IP literal is refused", () => {
  for (const address of ["localhost", "-c", "127.0.0.1; id", ""])
    assert.throws(() => start({ address }), /^TypeError: Cannot trace .*: not an IP address$/);
});

test("mtr gets only PATH and LC_ALL, no stdin, and a process group of its own", async () => {
  process.env["MTR_OPTIONS"] = "--tcp";
  const { run, chunks } = start({ binary: fixture("surroundings.sh") });
  delete process.env["MTR_OPTIONS"];
  await run.done;
  const lines = chunks.flat().map((line) => line.text);
  // The shell itself adds PWD, OLDPWD, SHLVL and _.
  const names = lines.filter((line) => line.startsWith("env ")).map((line) => line.slice(4));
  assert.deepEqual(names.filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name)).sort(), ["LC_ALL", "PATH"]);
  assert.ok(lines.includes("arguments --raw -n -e -i 1 -c 75 -- 127.0.0.1"));
  assert.ok(lines.includes(`group ${run.pid} process ${run.pid}`));
  assert.ok(!lines.includes("stdin open"));
});

describe("every odd outcome is recorded as what it is", () => {
  test("a binary that is not there", async () => {
    const { run } = start({ binary: "/nonexistent/mtr" });
    assert.equal(run.pid, undefined);
    const outcome = await run.done;
    assert.equal(outcome.kind, "missing");
    assert.deepEqual(mtrVerdict(outcome), { status: "failed", reason: "/nonexistent/mtr is not installed" });
  });

  test("a file that may not be executed", async () => {
    const outcome = await outcomeOf("three-hops.raw");
    assert.ok(outcome.kind === "not-started" && outcome.code === "EACCES");
  });

  for (const [name, kind, status, reason] of [
    ["garbage.sh", "garbage", "failed", /^mtr printed nothing readable in 3 lines, the first: Start: 2026/],
    ["empty.sh", "empty", "failed", /^mtr printed nothing: mtr: Failed to resolve host/],
    ["exit-3.sh", "exit", "partial", /^mtr ended with exit code 3: mtr: unexpected packet generator exit$/],
    ["killed.sh", "signal", "partial", /^mtr was killed by SIGKILL$/],
    ["no-route.sh", "no-route", "failed", /no route to the target: mtr: udp socket connect failed: Network is unreachable$/],
    ["no-permission.sh", "no-permission", "failed", /may not send probes: mtr-packet: Failure to open IPv4 sockets/],
    ["flood.sh", "flood", "partial", /^mtr was stopped after 20000 lines$/],
    ["slow.sh", "complete", "complete", null],
  ] as const) {
    test(`${name}: ${kind}`, async () => {
      const outcome = await outcomeOf(name);
      const verdict = mtrVerdict(outcome);
      assert.deepEqual([outcome.kind, verdict.status], [kind, status]);
      if (reason === null) assert.equal(verdict.reason, null);
      else assert.match(verdict.reason ?? "", reason);
    });
  }

  test("garbage is handed over, with one line cut", async () => {
    const { run, chunks } = start({ binary: fixture("garbage.sh") });
    const { counts } = await run.done;
    assert.deepEqual(counts, { lines: 3, garbage: 3, answers: 0, cut: 1, dropped: 0 });
    assert.equal(chunks.flat().length, 3);
  });

  test("a hang ends at the deadline, and what was printed is kept", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { run, chunks } = start({ binary: fixture("hang.sh"), cycles: 2 });
    context.mock.timers.tick(31_999);
    assert.ok(groupRuns(run.pid));
    context.mock.timers.tick(1);
    const outcome = await run.done;
    assert.deepEqual([outcome.kind, mtrVerdict(outcome).reason], ["hang", "mtr was still running after 32 s and was killed"]);
    assert.equal(chunks.flat().length, outcome.counts.lines);
    await groupEnds(run.pid);
  });
});

test("lines come in chunks that span less than a quarter of a second, all of them before the end", async () => {
  const { run, chunks } = start({ binary: fixture("slow.sh") });
  const { counts } = await run.done;
  assert.equal(chunks.flat().length, 13);
  assert.deepEqual([counts.lines, counts.answers], [13, 6]);
  assert.ok(chunks.length > 1);
  for (const chunk of chunks) assert.ok((chunk.at(-1)?.atMs ?? 0) - (chunk[0]?.atMs ?? 0) < MTR_CHUNK_MS);
  assert.deepEqual(readMtr(chunks.flat(), { target: "127.0.0.1" }).hops[0]?.received, 6);
});

test("stopped, the whole group ends and the run is complete", async () => {
  const { run, abort, firstChunk } = start({ binary: fixture("hang.sh") });
  await firstChunk;
  abort.abort();
  const outcome = await run.done;
  assert.deepEqual([outcome.kind, mtrVerdict(outcome).status], ["stopped", "complete"]);
  await groupEnds(run.pid);
});

test("a process that ignores SIGTERM is killed with its children after a second", async () => {
  const { run, abort, firstChunk } = start({ binary: fixture("stubborn.sh") });
  await firstChunk;
  const askedMs = performance.now();
  abort.abort();
  const outcome = await run.done;
  const tookMs = performance.now() - askedMs;
  assert.equal(outcome.kind, "stopped");
  assert.ok(tookMs >= 990, `${tookMs} ms`);
  await groupEnds(run.pid);
});

test("stopped before it began, no process is started", async () => {
  const { run } = start({ signal: AbortSignal.abort() });
  assert.equal(run.pid, undefined);
  assert.deepEqual(mtrVerdict(await run.done), { status: "partial", reason: "stopped before its first probe" });
});

const mtrMissing = spawnSync("mtr", ["--version"]).error !== undefined ? "SKIPPED: mtr is not installed (package mtr-tiny)" : false;

describe("the mtr of this machine, on loopback", { skip: mtrMissing }, () => {
  test("prints line by line into a pipe, and its table is read", async () => {
    const { run, chunks, abort, firstChunk } = start();
    await firstChunk;
    abort.abort();
    const outcome = await run.done;
    assert.equal(outcome.kind, "stopped");
    const reading = readMtr(chunks.flat(), { target: "127.0.0.1" });
    assert.deepEqual([reading.reached, reading.garbage, reading.hops.length, reading.hops[0]?.address], [true, 0, 1, "127.0.0.1"]);
    await groupEnds(run.pid);
  });

  test("does not outlive a parent that was killed by more than a cycle", async () => {
    const parent = spawn(process.execPath, [fixture("parent.ts")], { stdio: ["ignore", "pipe", "inherit"] });
    const [text] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(String(text));
    parent.kill("SIGKILL");
    // One cycle is a second; the rest is for a loaded machine.
    await groupEnds(pid, 3_000);
  });
});
