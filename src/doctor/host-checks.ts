/** What the machine must have for the agent: the capability, mtr, a receive buffer, a clock that is right, the network of the host, a kernel that answers. */
import { REPLY_MEMORY_BYTES } from "../wire/socket/receive-buffer.ts";
import { say } from "./phrases.ts";
import { type Runner, runnerName, UNIT } from "./runner.ts";
import type { System } from "./system.ts";
import { fail, ok, type Verdict, warn } from "./finding.ts";

export function checkCapability(runner: Runner): Verdict {
  const WHO = runnerName(runner);
  if (runner.mayOpenRaw === null) return warn(say("capabilityUnknown", { WHO }), say("seeLog"));
  if (runner.mayOpenRaw) return ok(say("capable", { WHO }));
  if (runner.kind === "service") return fail(say("serviceIncapable"), say("ambient", { unit: UNIT }));
  return fail(say("incapable", { WHO }), say("rootOrUnit"));
}

/** Loopback only: whether mtr and mtr-packet work here says nothing of any path. */
const MTR_TRY: readonly string[] = ["--raw", "-n", "-c", "1", "-G", "0.3", "--", "127.0.0.1"];

export async function checkMtr(system: System, { wanted }: { readonly wanted: boolean }): Promise<Verdict> {
  if (!wanted) return ok(say("mtrUnused"));
  const end = await system.run("mtr", MTR_TRY);
  if (end.kind === "missing") return warn(say("mtrMissing"), say("installMtr"));
  if (end.kind === "slow") return warn(say("mtrSlow"), say("tryMtr"));
  if (/^h 0 127\.0\.0\.1$/m.test(end.stdout)) return ok(say("mtrWorks"));
  const message = firstLine(end.stderr) || firstLine(end.stdout);
  return warn(message === "" ? say("mtrSilent") : say("mtrBroken", { message }), say("reinstallMtr"));
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
  if (limit === null) return warn(say("bufferUnknown"), say("seeHost"));
  // The kernel allows twice what SO_RCVBUF asks for.
  const replies = Math.floor((2 * Math.min(limit, wantedBytes)) / REPLY_MEMORY_BYTES);
  const figures = { limit, of: replies, n: Math.ceil(probesPerSecond) };
  if (replies >= probesPerSecond * STALL_SECONDS) return ok(say("bufferFits", figures));
  return warn(say("bufferSmall", figures), say("enlarge", { n: wantedBytes }));
}

/** Whether anything is allowed to answer for us. A kernel that does not answer looks dead to every peer, and hearing and tracing towards us end here. */
export function checkEcho(system: System): Verdict {
  const v4 = figure(system.readFile("/proc/sys/net/ipv4/icmp_echo_ignore_all"));
  if (v4 === 1) return fail(say("noEcho"), say("setForGood", { setting: "net.ipv4.icmp_echo_ignore_all=0" }));
  if (figure(system.readFile("/proc/sys/net/ipv6/icmp/echo_ignore_all")) === 1)
    return fail(say("noEcho6"), say("setForGood", { setting: "net.ipv6.icmp.echo_ignore_all=0" }));
  // Bit 0 of the mask is the echo reply (icmp(7)); the stock mask, 6168, leaves it out.
  const mask = figure(system.readFile("/proc/sys/net/ipv4/icmp_ratemask"));
  const intervalMs = figure(system.readFile("/proc/sys/net/ipv4/icmp_ratelimit")) ?? 0;
  if (mask !== null && (mask & 1) === 1 && intervalMs > 0)
    return warn(say("echoLimited", { n: intervalMs }), say("setDefault", { setting: "net.ipv4.icmp_ratemask=6168" }));
  return v4 === null ? warn(say("procUnknown"), say("seeHost")) : ok(say("echoes"));
}

/** Inode of the first network namespace where the kernel gives it a number of its own (NET_NS_INIT_INO, include/uapi/linux/nsfs.h), and of the first pid namespace. */
const INIT_NET = "net:[4026531833]";
const INIT_PID = "pid:[4026531836]";
const CONTAINER_FILES: readonly string[] = ["/.dockerenv", "/run/.containerenv", "/run/systemd/container"];

/** `pid` is that of the agent, null for ourselves. */
export function checkNamespace(system: System, pid: number | null): Verdict {
  const own = system.readLink(`/proc/${pid ?? "self"}/ns/net`);
  const first = system.readLink("/proc/1/ns/net");
  if (own === null) return warn(say("namespaceUnknown"), say("asRoot"));
  if (own === INIT_NET) return ok(say("hostNetwork"));
  // In another pid namespace, process 1 is the container's.
  const sees = first !== null && system.readLink("/proc/self/ns/pid") === INIT_PID;
  if (sees && own === first) return ok(say("hostNetwork"));
  if (sees) return warn(say("privateNetwork"), say("shareNetwork"));
  const sign = CONTAINER_FILES.find((path) => system.file(path) !== null);
  if (sign !== undefined) return warn(say("container", { sign }), say("shareNetwork"));
  return ok(say("noPrivateNetwork"));
}

export function figure(text: string | null): number | null {
  return text !== null && /^\s*\d+\s*$/.test(text) ? Number(text) : null;
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0] ?? "";
}
