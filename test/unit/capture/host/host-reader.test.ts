import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { hostFiles } from "../../../../src/capture/host/host-files.ts";
import { HostReader } from "../../../../src/capture/host/host-reader.ts";
import { runTool } from "../../../../src/capture/host/host-tools.ts";
import { ETH0, FakeHost, healthyFiles, pulledFiles, withFiles } from "./host-fixture.ts";

const { signal } = new AbortController();

test("a snapshot has what the files say, and only the interfaces that routes use", () => {
  const snapshot = new FakeHost().reader.read();
  assert.deepEqual([...snapshot.links], [["eth0", { carrier: true, carrierChanges: 2, operstate: "up", speedMbit: 1000, mtu: 1500 }]]);
  assert.deepEqual([snapshot.tcp.RetransSegs, snapshot.rawDrops, snapshot.conntrackCount, snapshot.children], [0, 3, 12, null]);
});

test("an interface is still looked at when its routes are gone", () => {
  const host = new FakeHost();
  host.reader.read();
  const after = host.snapshot(withFiles(pulledFiles, { "/proc/net/route": "Iface\n", "/proc/net/ipv6_route": "" }), 6_000);
  assert.equal(after.links.get("eth0")?.carrier, false);
});

test("/sys of another network namespace is not believed", () => {
  const foreign = withFiles(healthyFiles, { [`${ETH0}/statistics/rx_bytes`]: "808992451\n" });
  assert.equal(new FakeHost().snapshot(foreign, 0).links.size, 0);
});

test("a host without any file is unknown, not broken", () => {
  const nothing = new FakeHost().snapshot(() => null, 0);
  assert.deepEqual([nothing.routes, nothing.counters, nothing.softnet, nothing.ticks, nothing.rawDrops], [null, null, null, null, null]);
});

test("tc and ip are asked once for all who wait, and their answer is part of later snapshots", async () => {
  const host = new FakeHost();
  const answers = await Promise.all([host.reader.readChildren(signal), host.reader.readChildren(signal)]);
  assert.equal(answers[0], answers[1]);
  assert.deepEqual(host.asked, ["tc -s -j qdisc", "ip -j neigh", "chronyc -c -n tracking"]);
  assert.equal(host.reader.read().children?.queueDrops?.get("eth0"), 17);
});

test("a missing tool is null", async () => {
  const host = new FakeHost();
  host.tools = {};
  const { queueDrops, neighbours } = await host.reader.readChildren(signal);
  assert.deepEqual([queueDrops, neighbours], [null, null]);
});

describe("tools", () => {
  test("get PATH and LC_ALL only", async () => {
    const lines = (await runTool("env", [], signal))?.trim().split("\n").sort();
    assert.deepEqual(
      lines?.map((line) => line.split("=")[0]),
      ["LC_ALL", "PATH"],
    );
  });

  test("that are missing, fail, hang or are stopped say nothing", async () => {
    assert.equal(await runTool("no-such-tool-here", [], signal), null);
    assert.equal(await runTool("false", [], signal), null);
    assert.equal(await runTool("sleep", ["30"], signal, 20), null);
    assert.equal(await runTool("sleep", ["30"], AbortSignal.timeout(20)), null);
    assert.equal(await runTool("echo", [], AbortSignal.abort()), null);
  });
});

describe("files", () => {
  test("longer than the limit end with the last whole line; one that is missing is null", () => {
    const directory = mkdtempSync(join(tmpdir(), "meshprobe-host-"));
    const file = join(directory, "file");
    writeFileSync(file, "first\nsecond\nthird\n");
    assert.deepEqual(
      [hostFiles(15)(file), hostFiles()(file), hostFiles()(join(directory, "none"))],
      ["first\nsecond\n", "first\nsecond\nthird\n", null],
    );
    rmSync(directory, { recursive: true });
  });

  test("of this very machine can be read", () => {
    const reader = new HostReader({ clock: { wallMs: () => 0, monotonicMs: () => 0 } });
    const snapshot = reader.read();
    assert.ok(snapshot.counters?.has("lo") === true);
    assert.ok((snapshot.ticks?.total ?? 0) > 0);
  });
});
