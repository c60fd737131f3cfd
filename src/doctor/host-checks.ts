/** What the machine must have for the agent: the capability, mtr, a receive buffer, a clock that is right, the network of the host, a kernel that answers. */
import { REPLY_MEMORY_BYTES } from "../wire/socket/receive-buffer.ts";
import { type Runner, runnerName, UNIT } from "./runner.ts";
import type { System } from "./system.ts";
import { fail, ok, type Verdict, warn } from "./finding.ts";

export function checkCapability(runner: Runner): Verdict {
  const who = runnerName(runner);
  if (runner.mayOpenRaw === null) return warn(`unknown whether ${who} has CAP_NET_RAW: /proc does not say`, "look at the log of the agent");
  if (runner.mayOpenRaw) return ok(`${who} has CAP_NET_RAW`);
  if (runner.kind === "service")
    return fail("the service has no CAP_NET_RAW", `systemctl edit ${UNIT}: AmbientCapabilities=CAP_NET_RAW, and CapabilityBoundingSet the same`);
  return fail(`${who} has no CAP_NET_RAW, and no service is installed`, "run as root, or from a unit with AmbientCapabilities=CAP_NET_RAW");
}

/** Loopback only: whether mtr and mtr-packet work here says nothing of any path. */
const MTR_TRY: readonly string[] = ["--raw", "-n", "-c", "1", "-G", "0.3", "--", "127.0.0.1"];
const INSTALL_MTR = "apt-get install mtr-tiny (until then sweeps at one a second take its place)";

export async function checkMtr(system: System, { wanted }: { readonly wanted: boolean }): Promise<Verdict> {
  if (!wanted) return ok("not used: capture.mtr is false");
  const end = await system.run("mtr", MTR_TRY);
  if (end.kind === "missing") return warn("mtr is not installed", INSTALL_MTR);
  if (end.kind === "slow") return warn("mtr did not end on loopback", "run: mtr --raw -n -c 1 127.0.0.1, and see what it waits for");
  if (/^h 0 127\.0\.0\.1$/m.test(end.stdout)) return ok("mtr runs and traces loopback");
  const words = firstLine(end.stderr) || firstLine(end.stdout) || "it printed nothing";
  return warn(
    `mtr does not work for this user: ${words}`,
    "run the doctor as root; if it stays so, reinstall mtr-tiny (mtr-packet needs CAP_NET_RAW)",
  );
}

/** How long the wire may stand still without losing a reply; SIGSTOP, a busy host, garbage collection. */
const STALL_SECONDS = 1;

export interface BufferFacts {
  /** SO_RCVBUF that the wire asks for, bytes. */
  readonly wantedBytes: number;
  /** Probes a second to all peers together. */
  readonly probesPerSecond: number;
}

export function checkReceiveBuffer(system: System, { wantedBytes, probesPerSecond }: BufferFacts): Verdict {
  const limit = figure(system.readFile("/proc/sys/net/core/rmem_max"));
  if (limit === null) return warn("unknown: net.core.rmem_max cannot be read here", "look at the host, outside of the container");
  // The kernel allows twice what SO_RCVBUF asks for.
  const replies = Math.floor((2 * Math.min(limit, wantedBytes)) / REPLY_MEMORY_BYTES);
  const holds = `net.core.rmem_max is ${limit}: a socket holds ${replies} replies`;
  if (replies >= probesPerSecond * STALL_SECONDS) return ok(`${holds}, ${Math.ceil(probesPerSecond)} come in a second`);
  return warn(
    `${holds}, but ${Math.ceil(probesPerSecond)} come in a second: when the agent stands still for longer, it goes blind`,
    `sysctl -w net.core.rmem_max=${wantedBytes}, the same in /etc/sysctl.d/meshprobe.conf, then restart the agent`,
  );
}

/** Whether anything is allowed to answer for us. A kernel that does not answer looks dead to every peer, and hearing and tracing towards us end here. */
export function checkEcho(system: System): Verdict {
  const v4 = figure(system.readFile("/proc/sys/net/ipv4/icmp_echo_ignore_all"));
  if (v4 === 1) return fail("this host answers no ping: its peers see it as dead", "sysctl -w net.ipv4.icmp_echo_ignore_all=0, and in /etc/sysctl.d");
  if (figure(system.readFile("/proc/sys/net/ipv6/icmp/echo_ignore_all")) === 1)
    return fail("this host answers no ping over IPv6: its peers see it as dead", "sysctl -w net.ipv6.icmp.echo_ignore_all=0, and in /etc/sysctl.d");
  // Bit 0 of the mask is the echo reply (icmp(7)); the stock mask, 6168, leaves it out.
  const mask = figure(system.readFile("/proc/sys/net/ipv4/icmp_ratemask"));
  const intervalMs = figure(system.readFile("/proc/sys/net/ipv4/icmp_ratelimit")) ?? 0;
  if (mask !== null && (mask & 1) === 1 && intervalMs > 0)
    return warn(
      `the kernel limits its echo replies to one in ${intervalMs} ms for each peer: they see losses that are none`,
      "sysctl -w net.ipv4.icmp_ratemask=6168 (the kernel's default), and in /etc/sysctl.d",
    );
  return v4 === null ? warn("unknown: /proc/sys cannot be read here", "look at the host, outside of the container") : ok("the kernel answers pings");
}

/** Inode of the first network namespace where the kernel gives it a number of its own (NET_NS_INIT_INO, include/uapi/linux/nsfs.h), and of the first pid namespace. */
const INIT_NET = "net:[4026531833]";
const INIT_PID = "pid:[4026531836]";
const CONTAINER_FILES: readonly string[] = ["/.dockerenv", "/run/.containerenv", "/run/systemd/container"];
const SHARE_NETWORK = "give it the host's network: --network host, hostNetwork: true, or PrivateNetwork=no";

/** `pid` is that of the agent, null for ourselves. */
export function checkNamespace(system: System, pid: number | null): Verdict {
  const own = system.readLink(`/proc/${pid ?? "self"}/ns/net`);
  const first = system.readLink("/proc/1/ns/net");
  if (own === null) return warn("unknown: the network namespace cannot be read", "run the doctor as root");
  if (own === INIT_NET) return ok("the host's own network");
  // In another pid namespace, process 1 is the container's.
  const sees = first !== null && system.readLink("/proc/self/ns/pid") === INIT_PID;
  if (sees && own === first) return ok("the host's own network");
  if (sees)
    return warn("a private network namespace: the path between it and the host is measured too, the host's interfaces are not seen", SHARE_NETWORK);
  const sign = CONTAINER_FILES.find((path) => system.file(path) !== null);
  if (sign !== undefined) return warn(`unknown: a container (${sign}), perhaps with a network of its own`, SHARE_NETWORK);
  return ok("no sign of a private network namespace");
}

export function figure(text: string | null): number | null {
  return text !== null && /^\s*\d+\s*$/.test(text) ? Number(text) : null;
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0] ?? "";
}
