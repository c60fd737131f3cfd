/** Whether the peers answer: what a running agent has stored, or, where none runs, what became of one echo request to each. */
import type { EchoAnswer } from "./echo.ts";
import { PATIENCE_MS } from "./echo.ts";
import { fail, type Finding, type Verdict, warn } from "./finding.ts";

import type { Said } from "../phrases/phrase.ts";
import { say, sayCheck } from "./phrases.ts";

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

const PEERS = sayCheck("peers");
const FIREWALL = say("firewall");

export function askedPeers(peers: readonly AskedPeer[]): readonly Finding[] {
  if (peers.length === 0) return [NO_PEERS];
  const answered = peers.flatMap(({ answer }) => (answer.kind === "answered" ? [answer.rttMs] : []));
  const findings = peers.flatMap(({ name, host, answer }): Finding[] => {
    const finding = askedFinding(host, answer);
    return finding === null ? [] : [{ check: sayCheck("peer", { name }), level: "fail", ...finding }];
  });
  const counts = { n: answered.length, of: peers.length };
  if (answered.length === peers.length)
    return [{ check: PEERS, level: "ok", text: say("answeredAll", { ...counts, ms: Math.max(...answered).toFixed(1) }), mend: null }];
  const none = answered.length === 0 && peers.length > 1;
  const mend = none ? say("ownUplink") : say("seeBelow");
  return [{ check: PEERS, level: "fail", text: say("answered", counts), mend }, ...named(findings)];
}

function askedFinding(host: string, answer: AskedPeer["answer"]): { readonly text: Said; readonly mend: Said } | null {
  switch (answer.kind) {
    case "answered":
      return null;
    case "silent":
      return { text: say("noAnswer", { host, n: PATIENCE_MS / 1000 }), mend: FIREWALL };
    case "unreachable":
      return { text: say("unreachable", { host, by: answer.by }), mend: say("seeRoutes") };
    case "refused":
      return { text: say("notSent", { host, code: answer.errno }), mend: say("routeGet", { host }) };
    case "unresolved":
      return { text: say("unresolved", { host }), mend: say("correctName") };
  }
}

/** From what the running agent has stored of the last `RECENT_MS`. */
export function storedPeers(peers: readonly StoredPeer[], nowMs: number): readonly Finding[] {
  if (peers.length === 0) return [NO_PEERS];
  const findings = peers.flatMap((peer): Finding[] => {
    const verdict = storedVerdict(peer, nowMs);
    return verdict === null ? [] : [{ check: sayCheck("peer", { name: peer.name }), ...verdict }];
  });
  const words = say("answerAgent", { n: peers.length - findings.length, of: peers.length });
  if (findings.length === 0) return [{ check: PEERS, level: "ok", text: words, mend: null }];
  const level = findings.some((finding) => finding.level === "fail") ? "fail" : "warn";
  return [{ check: PEERS, level, text: words, mend: say("seeBelow") }, ...named(findings)];
}

function storedVerdict({ name, address, firstReplyAt, sent, received }: StoredPeer, nowMs: number): Verdict | null {
  const host = address ?? name;
  if (firstReplyAt === null) return fail(say("neverAnswered", { host }), FIREWALL);
  if (sent > 0) return received > 0 ? null : fail(say("noneAnswered", { host, n: sent }), say("seeReport"));
  // Counts are stored every ten seconds; an agent that was just started may know no more than this.
  if (Date.parse(firstReplyAt) > nowMs - RECENT_MS) return null;
  return warn(say("noProbe", { host }), say("justStarted"));
}

const NO_PEERS: Finding = {
  check: PEERS,
  level: "warn",
  text: say("noPeers"),
  mend: say("listPeers"),
};

function named(findings: readonly Finding[]): readonly Finding[] {
  const more = findings.length - MAX_NAMED;
  if (more <= 0) return findings;
  const level = findings.slice(MAX_NAMED).some((finding) => finding.level === "fail") ? "fail" : "warn";
  return [...findings.slice(0, MAX_NAMED), { check: PEERS, level, text: say("more", { n: more }), mend: say("firstOnes") }];
}
