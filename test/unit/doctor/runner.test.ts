import assert from "node:assert/strict";
import { test } from "node:test";
import { closedDirectory, ENTER, findRunner, mayAccess, READ, WRITE } from "../../../src/doctor/runner.ts";
import type { ToolEnd } from "../../../src/doctor/system.ts";
import { fakeSystem, type Machine, printed, SERVICE } from "./fake-system.ts";

const status = (uid: number, capEff: string): string =>
  `Name:\tnode\nUid:\t1000\t${uid}\t${uid}\t${uid}\nGid:\t${uid}\t7\t7\t7\nGroups:\t7 27 \nCapEff:\t${capEff}\n`;
const accounts: Machine["files"] = {
  "/etc/passwd": "root:x:0:0::/root:/bin/sh\nmeshprobe:x:990:991::/var/lib/meshprobe:/usr/sbin/nologin\n",
  "/etc/group": "root:x:0:\nadm:x:4:syslog,meshprobe\nmeshprobe:x:991:\n",
};
const unit = (user: string, ambient: string): Readonly<Record<string, ToolEnd>> => ({
  systemctl: printed(`LoadState=loaded\nUser=${user}\nAmbientCapabilities=${ambient}\nCapabilityBoundingSet=cap_chown cap_net_raw\n`),
});

test("a running agent is judged by what its process has: user, groups, CAP_NET_RAW (bit 13)", async () => {
  const files = { "/proc/4711/status": status(990, "0000000000002000") };
  assert.deepEqual(await findRunner(fakeSystem({ files }), 4711), { kind: "agent", pid: 4711, uid: 990, gids: [7, 7, 27], mayOpenRaw: true });
  const without = { "/proc/4711/status": status(990, "000001ffffffdfff") };
  assert.equal((await findRunner(fakeSystem({ files: without }), 4711)).mayOpenRaw, false);
});

test("without an agent the installed service counts: its user, that user's groups, its ambient set", async () => {
  const files = { ...accounts, "/proc/self/status": status(0, "000001ffffffffff") };
  assert.deepEqual(await findRunner(fakeSystem({ files, tools: unit("meshprobe", "cap_net_raw") }), null), {
    kind: "service",
    pid: null,
    uid: 990,
    gids: [991, 4],
    mayOpenRaw: true,
  });
  assert.equal((await findRunner(fakeSystem({ files, tools: unit("meshprobe", "") }), null)).mayOpenRaw, false);
  assert.deepEqual(await findRunner(fakeSystem({ files, tools: unit("", "") }), null), {
    kind: "service",
    pid: null,
    uid: 0,
    gids: [0],
    mayOpenRaw: true,
  });
});

test("without a service, or with an account that is not in the files, it is whoever asks", async () => {
  const files = { "/proc/self/status": status(1000, "0000000000000000") };
  const notFound = { systemctl: printed("LoadState=not-found\nUser=\n") };
  for (const tools of [undefined, notFound, unit("from-ldap", "cap_net_raw")]) {
    const runner = await findRunner(fakeSystem({ files, ...(tools === undefined ? {} : { tools }) }), null);
    assert.deepEqual([runner.kind, runner.uid, runner.mayOpenRaw], ["shell", 1000, false]);
  }
});

test("a mode is read as the kernel does: the owner's bits for the owner even where others may more", () => {
  const facts = { kind: "file", uid: 990, gid: 4, mode: 0o047, bytes: 0 } as const;
  assert.equal(mayAccess(facts, { uid: 990, gids: [4] }, READ), false);
  assert.equal(mayAccess(facts, { uid: 5, gids: [4] }, READ), true);
  assert.equal(mayAccess(facts, { uid: 5, gids: [4] }, WRITE), false);
  assert.equal(mayAccess(facts, { uid: 5, gids: [5] }, READ | WRITE | ENTER), true);
  assert.equal(mayAccess(facts, { uid: 0, gids: [0] }, READ | WRITE), true);
});

test("the outermost directory that is closed is found", () => {
  const system = fakeSystem({ stats: { "/": { mode: 0o755 }, "/etc": { mode: 0o700 }, "/etc/meshprobe": { mode: 0o700 } } });
  assert.equal(closedDirectory(system, "/etc/meshprobe/peers.yaml", SERVICE), "/etc");
  assert.equal(closedDirectory(system, "/peers.yaml", SERVICE), null);
  assert.equal(closedDirectory(system, "/etc/meshprobe/peers.yaml", { ...SERVICE, uid: 0 }), null);
});
