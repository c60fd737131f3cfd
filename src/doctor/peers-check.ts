/** Whether the peers answer: what a running agent has stored, or, where none runs, what became of one echo request to each. */
import type { EchoAnswer } from "./echo.ts";
import { PATIENCE_MS } from "./echo.ts";
import { fail, type Finding, type Verdict, warn } from "./finding.ts";

/** Rollups are written every ten seconds, and a busy agent may be late with one. */
export const RECENT_MS = 60_000;
/** Peers that are named one by one; beyond it the cause is not a peer. */
const MAX_NAMED = 20;

export interface AskedPeer {
  readonly name: string;
  /** As configured. */
  readonly host: string;
  readonly answer: EchoAnswer | { readonly kind: "unresolved" };
}

/** Of the last `RECENT_MS`. */
export interface StoredPeer {
  readonly name: string;
  readonly address: string | null;
  readonly firstReplyAt: string | null;
  readonly sent: number;
  readonly received: number;
}

const FIREWALL = "is it up, is the address right, does a firewall drop ICMP echo?";

export function askedPeers(peers: readonly AskedPeer[]): readonly Finding[] {
  if (peers.length === 0) return [NO_PEERS];
  const answered = peers.flatMap(({ answer }) => (answer.kind === "answered" ? [answer.rttMs] : []));
  const findings = peers.flatMap(({ name, host, answer }): Finding[] => {
    const finding = askedFinding(host, answer);
    return finding === null ? [] : [{ check: `peer ${name}`, level: "fail", ...finding }];
  });
  const words = `${answered.length} of ${peers.length} answered an echo request`;
  if (answered.length === peers.length)
    return [{ check: "peers", level: "ok", text: `${words}, the slowest after ${Math.max(...answered).toFixed(1)} ms`, mend: null }];
  const none = answered.length === 0 && peers.length > 1;
  const mend = none ? "not one answers: look at this node's own uplink and firewall first" : "see the peers below";
  return [{ check: "peers", level: "fail", text: words, mend }, ...named(findings)];
}

function askedFinding(host: string, answer: AskedPeer["answer"]): { readonly text: string; readonly mend: string } | null {
  switch (answer.kind) {
    case "answered":
      return null;
    case "silent":
      return { text: `${host} did not answer within ${PATIENCE_MS / 1000} s`, mend: FIREWALL };
    case "unreachable":
      return { text: `${host} cannot be reached, says ${answer.by}`, mend: "look at the routes and firewalls there" };
    case "refused":
      return { text: `the kernel does not send to ${host}: ${answer.errno}`, mend: `look at: ip route get ${host}, and the local firewall` };
    case "unresolved":
      return { text: `${host} has no address`, mend: "correct the name, or look at the resolver (/etc/resolv.conf)" };
  }
}

/** From what the running agent has stored of the last `RECENT_MS`. */
export function storedPeers(peers: readonly StoredPeer[], nowMs: number): readonly Finding[] {
  if (peers.length === 0) return [NO_PEERS];
  const findings = peers.flatMap((peer): Finding[] => {
    const verdict = storedVerdict(peer, nowMs);
    return verdict === null ? [] : [{ check: `peer ${peer.name}`, ...verdict }];
  });
  const words = `${peers.length - findings.length} of ${peers.length} answer the running agent`;
  if (findings.length === 0) return [{ check: "peers", level: "ok", text: words, mend: null }];
  const level = findings.some((finding) => finding.level === "fail") ? "fail" : "warn";
  return [{ check: "peers", level, text: words, mend: "see the peers below" }, ...named(findings)];
}

function storedVerdict({ name, address, firstReplyAt, sent, received }: StoredPeer, nowMs: number): Verdict | null {
  const where = address ?? name;
  if (firstReplyAt === null) return fail(`${where} has never answered`, FIREWALL);
  if (sent > 0) return received > 0 ? null : fail(`${where} answered none of the last ${sent} probes`, "see: meshprobe report --since 10m");
  // Counts are stored every ten seconds; an agent that was just started may know no more than this.
  if (Date.parse(firstReplyAt) > nowMs - RECENT_MS) return null;
  return warn(`no probe to ${where} is stored of the last minute`, "the agent was just started, or its log says more");
}

const NO_PEERS: Finding = {
  check: "peers",
  level: "warn",
  text: "nothing is probed: no other node is configured",
  mend: "list the nodes under peers",
};

function named(findings: readonly Finding[]): readonly Finding[] {
  const more = findings.length - MAX_NAMED;
  if (more <= 0) return findings;
  const level = findings.slice(MAX_NAMED).some((finding) => finding.level === "fail") ? "fail" : "warn";
  return [...findings.slice(0, MAX_NAMED), { check: "peers", level, text: `and ${more} more`, mend: "mend the first ones, then look again" }];
}
