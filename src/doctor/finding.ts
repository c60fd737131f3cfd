import type { Said } from "../phrases/phrase.ts";

/** What the doctor says of one thing: `warn` works, but the evidence is poorer or something is not known; `fail` does not work. */
export type Level = "ok" | "warn" | "fail";

export interface Finding {
  /** What was looked at, one or two words. */
  readonly check: string;
  readonly level: Level;
  /** One line; may hold what others have written (names, words of tools), so it is escaped where it is shown. */
  readonly text: string;
  /** What to do, null when all is well. */
  readonly mend: string | null;
}

/** A check that says one thing of itself. */
export type Verdict = Omit<Finding, "check">;

export function ok(text: Said): Verdict {
  return { level: "ok", text, mend: null };
}

export function warn(text: Said, mend: Said): Verdict {
  return { level: "warn", text, mend };
}

export function fail(text: Said, mend: Said): Verdict {
  return { level: "fail", text, mend };
}
