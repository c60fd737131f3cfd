/** How an mtr run ended, each odd ending as what it was. The messages are those of mtr 0.95; recordings are among the test fixtures. */
import type { MtrCounts } from "./mtr-lines.ts";

export type MtrEnd =
  | { readonly kind: "complete" }
  /** By us: the burst is over, or the agent stops. */
  | { readonly kind: "stopped" }
  | { readonly kind: "missing"; readonly binary: string }
  /** Found, but the kernel would not start it (EAGAIN, ENOMEM, EACCES …). */
  | { readonly kind: "not-started"; readonly code: string }
  /** No CAP_NET_RAW, or the node's own firewall refused the probes. */
  | { readonly kind: "no-permission"; readonly message: string }
  | { readonly kind: "no-route"; readonly message: string }
  /** Exit 0 and not one line: mtr does that for a target that it cannot resolve. */
  | { readonly kind: "empty"; readonly message: string | null }
  | { readonly kind: "exit"; readonly exitCode: number; readonly message: string | null }
  | { readonly kind: "signal"; readonly signal: string }
  /** Lines, but none in mtr's format. */
  | { readonly kind: "garbage"; readonly firstLine: string }
  /** More lines than any run prints. */
  | { readonly kind: "flood" }
  /** Still running at its deadline. */
  | { readonly kind: "hang"; readonly deadlineMs: number };

export type MtrOutcome = MtrEnd & { readonly counts: MtrCounts };

export interface MtrVerdict {
  readonly status: "complete" | "partial" | "failed";
  readonly reason: string | null;
}

/** How a process ended that nobody stopped. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stderrLines: readonly string[];
  readonly counts: MtrCounts;
  readonly firstGarbage: string | null;
}

/** A route that is missing, unreachable, prohibited ("Permission denied") or a blackhole ("Invalid argument") fails mtr's first connect. */
const NO_ROUTE = /udp socket connect failed|no route to host|(network|host) is (unreachable|down)/i;
const NO_PERMISSION = /permission denied|operation not permitted|failure to open ipv[46] sockets/i;

export function classifyEnd(end: ProcessEnd): MtrEnd {
  const { exitCode, signal, stderrLines, counts } = end;
  const message = stderrLines[0] ?? null;
  if (signal !== null) return { kind: "signal", signal };
  const route = stderrLines.find((line) => NO_ROUTE.test(line));
  if (exitCode !== 0 && route !== undefined) return { kind: "no-route", message: route };
  const permission = stderrLines.find((line) => NO_PERMISSION.test(line));
  if (exitCode !== 0 && permission !== undefined) return { kind: "no-permission", message: permission };
  if (exitCode !== 0) return { kind: "exit", exitCode: exitCode ?? -1, message };
  if (counts.lines === 0) return { kind: "empty", message };
  if (counts.garbage === counts.lines) return { kind: "garbage", firstLine: end.firstGarbage ?? "" };
  return { kind: "complete" };
}

/** Status and reason of the capture. What has been read before an odd ending stays evidence: then the capture is partial. */
export function mtrVerdict(outcome: MtrOutcome): MtrVerdict {
  const { counts } = outcome;
  const broken: MtrVerdict["status"] = counts.lines > counts.garbage ? "partial" : "failed";
  switch (outcome.kind) {
    case "complete":
      return { status: "complete", reason: remarks(counts) };
    case "stopped":
      return counts.lines > counts.garbage
        ? { status: "complete", reason: remarks(counts) }
        : { status: "partial", reason: "stopped before its first probe" };
    case "missing":
      return { status: "failed", reason: `${outcome.binary} is not installed` };
    case "not-started":
      return { status: "failed", reason: `mtr could not be started: ${outcome.code}` };
    case "no-permission":
      return { status: broken, reason: `mtr may not send probes: ${outcome.message}` };
    case "no-route":
      return { status: broken, reason: `this node has no route to the target: ${outcome.message}` };
    case "empty":
      return { status: "failed", reason: `mtr printed nothing${outcome.message === null ? "" : `: ${outcome.message}`}` };
    case "exit":
      return { status: broken, reason: `mtr ended with exit code ${outcome.exitCode}${outcome.message === null ? "" : `: ${outcome.message}`}` };
    case "signal":
      return { status: broken, reason: `mtr was killed by ${outcome.signal}` };
    case "garbage":
      return { status: "failed", reason: `mtr printed nothing readable in ${counts.lines} lines, the first: ${outcome.firstLine.slice(0, 80)}` };
    case "flood":
      return { status: broken, reason: `mtr was stopped after ${counts.lines} lines` };
    case "hang":
      return { status: broken, reason: `mtr was still running after ${outcome.deadlineMs / 1000} s and was killed` };
  }
}

function remarks(counts: MtrCounts): string | null {
  const remark = [
    ...(counts.answers === 0 ? ["no hop answered"] : []),
    ...(counts.garbage > 0 ? [`${counts.garbage} unreadable lines`] : []),
    ...(counts.cut > 0 ? [`${counts.cut} lines cut`] : []),
  ];
  return remark.length === 0 ? null : remark.join(", ");
}
