/** Against a real datagram socket, which Node cannot open: python3, needed to build the native code anyway, listens. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { openNotifySocket, watchdogMs } from "../../src/service/notify-socket.ts";

const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace("@", "\\0", 1))
print("bound", flush=True)
while True: print(repr(s.recv(8192).decode()), flush=True)
`;

async function listen(t: TestContext, path: string): Promise<{ readonly child: ChildProcess; next(): Promise<string> }> {
  const child = spawn("python3", ["-c", LISTENER, path], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  assert.equal(await next(), "bound");
  return { child, next };
}

for (const kind of ["file", "abstract"] as const) {
  test(`a state reaches a socket with ${kind} address as it is`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "meshprobe-notify-"));
    t.after(() => rmSync(directory, { recursive: true }));
    const path = kind === "file" ? join(directory, "notify") : `@meshprobe-${process.pid}`;
    const { child, next } = await listen(t, path);
    const notify = openNotifySocket({ NOTIFY_SOCKET: path });
    assert.equal(notify?.("READY=1\nSTATUS=ü"), null);
    assert.equal(await next(), "'READY=1\\nSTATUS=ü'");

    // A listener that does not read: the send fails at once instead of waiting.
    child.kill("SIGSTOP");
    const failures = Array.from({ length: 2_000 }, () => notify?.("WATCHDOG=1"));
    assert.ok(failures.includes("EAGAIN"), "a full socket is told, not waited for");
    child.kill("SIGKILL");
    await once(child, "close");
    assert.equal(notify?.("WATCHDOG=1"), "ECONNREFUSED");
  });
}

test("without a socket, or with one of another kind, nothing is opened", () => {
  for (const NOTIFY_SOCKET of [undefined, "", "/", "relative", "vsock:2:1234"]) assert.equal(openNotifySocket({ NOTIFY_SOCKET }), null);
});

test("an address that cannot be is an error, not a crash", () => {
  assert.equal(openNotifySocket({ NOTIFY_SOCKET: `/${"x".repeat(200)}` })?.("READY=1"), "EINVAL");
  assert.equal(openNotifySocket({ NOTIFY_SOCKET: "/nowhere/notify" })?.("READY=1"), "ENOENT");
});

test("a state is cheap to send", async (t) => {
  const { next } = await listen(t, `@meshprobe-cost-${process.pid}`);
  const notify = openNotifySocket({ NOTIFY_SOCKET: `@meshprobe-cost-${process.pid}` });
  const before = process.cpuUsage();
  const rounds = 500;
  for (let round = 0; round < rounds; round++) {
    assert.equal(notify?.("WATCHDOG=1"), null);
    await next();
  }
  const { user, system } = process.cpuUsage(before);
  t.diagnostic(`${((user + system) / rounds).toFixed(0)} µs of processor time a state, reading the answer included`);
  assert.ok((user + system) / rounds < 2_000);
});

test("the watchdog counts when it is meant for this process", () => {
  assert.equal(watchdogMs({ WATCHDOG_USEC: "15000000", WATCHDOG_PID: "7" }, 7), 15_000);
  assert.equal(watchdogMs({ WATCHDOG_USEC: "15000000" }, 7), 15_000);
  assert.equal(watchdogMs({ WATCHDOG_USEC: "15000000", WATCHDOG_PID: "8" }, 7), null);
  assert.equal(watchdogMs({}, 7), null);
  assert.equal(watchdogMs({ WATCHDOG_USEC: "x" }, 7), null);
});
