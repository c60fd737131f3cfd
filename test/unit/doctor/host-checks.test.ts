import assert from "node:assert/strict";
import { test } from "node:test";
import type { Verdict } from "../../../src/doctor/finding.ts";
import { checkClock } from "../../../src/doctor/clock-check.ts";
import { checkCapability, checkEcho, checkMtr, checkNamespace, checkReceiveBuffer } from "../../../src/doctor/host-checks.ts";
import { fakeSystem, printed, ROOT, SERVICE } from "./fake-system.ts";

function says(verdict: Verdict, level: Verdict["level"], text: RegExp, mend?: RegExp): void {
  assert.equal(verdict.level, level, verdict.text);
  assert.match(verdict.text, text);
  if (mend === undefined) assert.equal(verdict.mend, null);
  else assert.match(verdict.mend ?? "", mend);
}

test("the capability: of the service, of whoever asks, missing, or not to be seen", () => {
  says(checkCapability(SERVICE), "ok", /the service has CAP_NET_RAW/);
  says(checkCapability({ ...SERVICE, kind: "agent", pid: 4711 }), "ok", /the running agent \(pid 4711\) has/);
  says(checkCapability({ ...SERVICE, mayOpenRaw: false }), "fail", /the service has no CAP_NET_RAW/, /AmbientCapabilities=CAP_NET_RAW/);
  says(checkCapability({ ...ROOT, mayOpenRaw: false }), "fail", /this user has no CAP_NET_RAW/, /run as root/);
  says(checkCapability({ ...ROOT, mayOpenRaw: null }), "warn", /unknown/, /log/);
});

test("mtr is tried on loopback and nowhere else; missing, broken and unwanted are told apart", async () => {
  const ran: string[] = [];
  const run = (mtr: Parameters<typeof fakeSystem>[0]["tools"]): Promise<Verdict> =>
    checkMtr(fakeSystem(mtr === undefined ? {} : { tools: mtr }, ran), { wanted: true });
  says(await run({ mtr: printed("x 0 33000\nh 0 127.0.0.1\np 0 52 33000\n") }), "ok", /traces loopback/);
  assert.deepEqual(ran, ["mtr --raw -n -c 1 -G 0.3 -- 127.0.0.1"]);
  says(await run(undefined), "warn", /not installed/, /apt-get install mtr-tiny/);
  says(await run({ mtr: { kind: "slow" } }), "warn", /did not end/, /mtr --raw/);
  const refused = { kind: "ended", exitCode: 1, stdout: "", stderr: "mtr-packet: Failure to open IPv4 sockets: Permission denied\nmore\n" } as const;
  says(await run({ mtr: refused }), "warn", /does not work .*: mtr-packet: Failure to open IPv4 sockets: Permission denied$/, /as root/);
  says(await run({ mtr: printed("") }), "warn", /it printed nothing/, /reinstall/);
  says(await checkMtr(fakeSystem({}, ran), { wanted: false }), "ok", /capture\.mtr is false/);
  assert.equal(ran.length, 5, "an unwanted mtr was run");
});

test("the receive buffer is judged by the replies that come in a second: 832 bytes each, and the kernel allows twice the limit", () => {
  const limit = (rmemMax: string, probesPerSecond: number): Verdict =>
    checkReceiveBuffer(fakeSystem({ files: { "/proc/sys/net/core/rmem_max": rmemMax } }), { wantedBytes: 4_194_304, probesPerSecond });
  says(limit("212992\n", 512), "ok", /212992: a socket holds 512 replies, 512 come/);
  says(limit("212992\n", 512.5), "warn", /holds 512 replies, but 513 come/, /net\.core\.rmem_max=4194304/);
  says(limit("99999999\n", 10_000), "ok", /holds 10082 replies/);
  says(checkReceiveBuffer(fakeSystem({}), { wantedBytes: 1, probesPerSecond: 1 }), "warn", /unknown/, /host/);
});

const ECHO = {
  "/proc/sys/net/ipv4/icmp_echo_ignore_all": "0\n",
  "/proc/sys/net/ipv4/icmp_ratemask": "6168\n",
  "/proc/sys/net/ipv4/icmp_ratelimit": "1000\n",
};

test("a kernel that answers no pings, or few, is found", () => {
  const check = (files: Readonly<Record<string, string>>): Verdict => checkEcho(fakeSystem({ files: { ...ECHO, ...files } }));
  says(check({}), "ok", /answers pings/);
  says(check({ "/proc/sys/net/ipv4/icmp_echo_ignore_all": "1\n" }), "fail", /answers no ping: its peers see it as dead/, /icmp_echo_ignore_all=0/);
  says(check({ "/proc/sys/net/ipv6/icmp/echo_ignore_all": "1\n" }), "fail", /over IPv6/, /ipv6\.icmp\.echo_ignore_all=0/);
  says(check({ "/proc/sys/net/ipv4/icmp_ratemask": "6169\n" }), "warn", /one in 1000 ms/, /icmp_ratemask=6168/);
  says(check({ "/proc/sys/net/ipv4/icmp_ratemask": "6169\n", "/proc/sys/net/ipv4/icmp_ratelimit": "0\n" }), "ok", /answers/);
  says(checkEcho(fakeSystem({})), "warn", /unknown/, /host/);
});

test("the network namespace: the host's, a private one, one in a container that cannot be compared", () => {
  const check = (links: Readonly<Record<string, string>>, container?: string): Verdict =>
    checkNamespace(fakeSystem({ links, stats: container === undefined ? {} : { [container]: {} } }), null);
  const hostPids = { "/proc/self/ns/pid": "pid:[4026531836]" };
  says(check({ "/proc/self/ns/net": "net:[4026531833]" }), "ok", /host's own/);
  says(check({ ...hostPids, "/proc/self/ns/net": "net:[4026531992]", "/proc/1/ns/net": "net:[4026531992]" }), "ok", /host's own/);
  says(
    check({ ...hostPids, "/proc/self/ns/net": "net:[4026532999]", "/proc/1/ns/net": "net:[4026531992]" }),
    "warn",
    /private network/,
    /--network host/,
  );
  const inContainer = { "/proc/self/ns/pid": "pid:[4026532555]", "/proc/self/ns/net": "net:[4026532999]", "/proc/1/ns/net": "net:[4026532999]" };
  says(check(inContainer, "/.dockerenv"), "warn", /a container \(\/\.dockerenv\)/, /--network host/);
  says(check(inContainer), "ok", /no sign/);
  says(check({}), "warn", /unknown/, /root/);
  const ofAgent = fakeSystem({ links: { ...hostPids, "/proc/self/ns/net": "net:[1]", "/proc/1/ns/net": "net:[1]", "/proc/4711/ns/net": "net:[2]" } });
  says(checkNamespace(ofAgent, 4711), "warn", /private/, /host/);
});

const chrony = (offset: string, leap: string): string =>
  `A29FC87B,162.159.200.123,4,1795289012.1,${offset},-0.000001,0.00002,-8.5,-0.001,0.03,0.009,0.001,64.5,${leap}\n`;

test("the clock: chrony knows the offset, timedatectl whether, timesyncd leaves a file, and nobody is said to be nobody", async () => {
  const check = (machine: Parameters<typeof fakeSystem>[0]): Promise<Verdict> => checkClock(fakeSystem(machine));
  says(await check({ tools: { chronyc: printed(chrony("-0.000123456", "Normal")) } }), "ok", /chrony: 0\.123 ms off/);
  says(await check({ tools: { chronyc: printed(chrony("0.250000000", "Normal")) } }), "warn", /250\.000 ms off/, /makestep/);
  says(await check({ tools: { chronyc: printed(chrony("0.000000000", "Not synchronised")) } }), "warn", /no synchronised source/, /chronyc sources/);
  says(await check({ tools: { timedatectl: printed("NTPSynchronized=yes\n") } }), "ok", /synchronised/);
  says(await check({ tools: { timedatectl: printed("NTPSynchronized=no\n") } }), "warn", /not synchronised/, /set-ntp true/);
  const silent = {
    chronyc: { kind: "ended", exitCode: 1, stdout: "506 Cannot talk to daemon\n", stderr: "" },
    timedatectl: { kind: "slow" },
  } as const;
  says(await check({ tools: silent, stats: { "/run/systemd/timesync/synchronized": {} } }), "ok", /timesyncd/);
  says(await check({ tools: silent }), "warn", /^unknown/, /chrony/);
});
