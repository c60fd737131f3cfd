/**
 * What the store keeps of verdicts: every version that was ever said, and the facts it rests on. Worked out again from these it must be the same to the letter,
 * and the report of a copied data directory must say what the report of the original says.
 */
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import type { Report } from "../../../src/report/report.ts";
import type { EventFacts } from "../../../src/verdict/facts.ts";
import { judge } from "../../../src/verdict/judge.ts";
import { sentence } from "../../../src/verdict/sentence.ts";
import type { Verdict } from "../../../src/verdict/verdict.ts";
import type { Agent } from "../agent.ts";

interface Stored {
  readonly event_id: string;
  readonly version: number;
  readonly sentence: string;
  readonly verdict: string;
  readonly facts: string;
}

/** What is wrong with them, in words; null when all is well. */
export async function whyNotKept(
  agent: Agent,
  about: { readonly copy: string; readonly report: Report; readonly text: string },
): Promise<string | null> {
  const { copy, report, text } = about;
  const original = JSON.parse(await agent.report("--since", "1h", "--format", "json")) as Report;
  const [here, there] = [report, original].map(({ events }) => JSON.stringify(events));
  if (here !== there) return `the report of the copy differs: ${here} instead of ${there}`;
  const said = plain(text);
  const unsaid = report.events.find(({ verdict }) => verdict !== null && !said.includes(plain(verdict.sentence)));
  if (unsaid !== undefined) return `the text report does not say: ${unsaid.verdict?.sentence}`;
  const stored = storedIn(copy);
  const changed = stored.find((row) => row.sentence !== again(row));
  if (changed !== undefined) return `from its facts version ${changed.version} says: ${again(changed)} instead of: ${changed.sentence}`;
  return lostVersion(agent, stored);
}

/** However its lines are broken. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

function again({ facts }: Stored): string {
  const read = JSON.parse(facts) as EventFacts;
  return sentence(read, judge(read));
}

function lostVersion(agent: Agent, stored: readonly Stored[]): string | null {
  const conclusions = new Set(stored.map(({ event_id, version, verdict }) => outcome(event_id, version, JSON.parse(verdict) as Verdict)));
  const spoken = agent.log.filter((record) => typeof record["version"] === "number" && typeof record["rule"] === "string");
  const lost = spoken.find((record) => !conclusions.has(outcome(String(record["event"]), Number(record["version"]), record as unknown as Verdict)));
  return lost === undefined ? null : `version ${String(lost["version"])} of ${String(lost["event"])} was said and is not stored: ${lost.msg}`;
}

function outcome(event: string, version: number, { scope, direction, hop, certainty, rule }: Verdict): string {
  return JSON.stringify([event, version, scope, direction, hop, certainty, rule]);
}

function storedIn(dataDir: string): readonly Stored[] {
  const db = new Sqlite(join(dataDir, "evidence.db"), { readonly: true, fileMustExist: true });
  try {
    return db.prepare<[], Stored>("SELECT event_id, version, sentence, verdict, facts FROM verdicts ORDER BY event_id, version").all();
  } finally {
    db.close();
  }
}
