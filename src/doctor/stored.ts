/** What the data directory tells: which agent has it, whether its databases are whole, and whom that agent reaches. */
import { StoreError } from "../store/store-error.ts";
import { readHealth } from "../store/health.ts";
import { lockHolder } from "../store/lock.ts";
import { readReport } from "../store/query.ts";
import { openReader } from "../store/reader.ts";
import { verbatim } from "../phrases/phrase.ts";
import { fail, ok, type Verdict, warn } from "./finding.ts";
import { say, sayPart } from "./phrases.ts";
import { RECENT_MS, type StoredPeer } from "./peers-check.ts";
import type { System } from "./system.ts";

const KILO = 1000;

export interface Stored {
  /** Pid of the agent that runs on this directory, null where none does. */
  agentPid(dir: string): number | null;
  database(dir: string): Verdict;
  /** Null where the data cannot be read. */
  peers(dir: string, nowMs: number): readonly StoredPeer[] | null;
}

export function storedHere(system: System): Stored {
  return { agentPid: (dir) => runningAgent(system, dir), database, peers };
}

/** The lock keeps the pid of an agent that is gone; the process must be there, and be an agent. */
function runningAgent(system: System, dir: string): number | null {
  const pid = lockHolder(dir);
  const argv = pid === null ? [] : (system.readFile(`/proc/${pid}/cmdline`) ?? "").split("\0");
  return argv.includes("agent") ? pid : null;
}

function database(dir: string): Verdict {
  try {
    const reader = openReader(dir, () => {});
    try {
      const [problem] = reader.problems;
      if (problem !== undefined) return failed(problem);
      const files = readHealth(reader);
      const bad = files.find(({ damage }) => damage !== null);
      if (bad !== undefined) return fail(say("damaged", { file: bad.file, damage: bad.damage ?? "" }), say("recover"));
      return ok(
        say("databases", {
          FILES: files.map(({ file, version, bytes }) => sayPart("database", { file, n: version, of: Math.ceil(bytes / KILO) })).join("; "),
        }),
      );
    } finally {
      reader.close();
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.code === "missing") return ok(say("nothingStored"));
    return error.code === "unreadable"
      ? warn(say("storeUnknown", { WORDS: error.message.split("; ", 1)[0] ?? "" }), say("asRoot"))
      : failed(error.message);
  }
}

/** The messages of the store say what to do behind their first semicolon. */
function failed(message: string): Verdict {
  const at = message.indexOf("; ");
  return at < 0 ? fail(verbatim(message), say("seeDataDir")) : fail(verbatim(message.slice(0, at)), verbatim(message.slice(at + 2)));
}

function peers(dir: string, nowMs: number): readonly StoredPeer[] | null {
  try {
    const reader = openReader(dir, () => {});
    try {
      const report = readReport(reader, { sinceMs: nowMs - RECENT_MS, untilMs: nowMs, nowMs, peer: null, detailUpTo: 0 });
      if (report.problems.length > 0) return null;
      return report.peers.map((peer) => ({
        name: peer.peer,
        address: peer.address,
        firstReplyAt: peer.first_reply_at,
        sent: peer.sent,
        received: peer.received,
      }));
    } finally {
      reader.close();
    }
  } catch (error) {
    if (error instanceof StoreError) return null;
    throw error;
  }
}
