/** How an mtr run ended, each odd ending as what it was. The messages are those of mtr 0.95; recordings are among the test fixtures. */
import type { MtrCounts } from "./mtr-lines.ts";
import { say } from "../phrases/evidence.ts";

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
      return counts.lines > counts.garbage ? { status: "complete", reason: remarks(counts) } : { status: "partial", reason: say("stoppedEarly") };
    case "missing":
      return { status: "failed", reason: say("notInstalled", { binary: outcome.binary }) };
    case "not-started":
      return { status: "failed", reason: say("notStarted", { message: outcome.code }) };
    case "no-permission":
      return { status: broken, reason: say("noPermission", { message: outcome.message }) };
    case "no-route":
      return { status: broken, reason: say("noRoute", { message: outcome.message }) };
    case "empty":
      return { status: "failed", reason: outcome.message === null ? say("printedNothing") : say("printedOnly", { message: outcome.message }) };
    case "exit":
      return { status: broken, reason: exited(outcome) };
    case "signal":
      return { status: broken, reason: say("killed", { signal: outcome.signal }) };
    case "garbage":
      return { status: "failed", reason: say("unreadable", { n: counts.lines, line: outcome.firstLine.slice(0, 80) }) };
    case "flood":
      return { status: broken, reason: say("flood", { n: counts.lines }) };
    case "hang":
      return { status: broken, reason: say("hang", { n: outcome.deadlineMs / 1000 }) };
  }
}

function exited({ exitCode, message }: Extract<MtrEnd, { kind: "exit" }>): string {
  return message === null ? say("exited", { code: exitCode }) : say("exitedWith", { code: exitCode, message });
}

function remarks(counts: MtrCounts): string | null {
  const remark = [
    ...(counts.answers === 0 ? [say("noHop")] : []),
    ...(counts.garbage > 0 ? [say("unreadableLines", { n: counts.garbage })] : []),
    ...(counts.cut > 0 ? [say("cutLines", { n: counts.cut })] : []),
  ];
  return remark.length === 0 ? null : remark.join(", ");
}
