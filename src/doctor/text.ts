/** One line for each finding, and one for all of them. What others have written is made harmless for the terminal. */
import { escapeForTerminal } from "../report/escape.ts";
import type { Finding, Level } from "./finding.ts";

const WORDS: Readonly<Record<Level, string>> = { ok: "ok", warn: "warn", fail: "FAIL" };
const LEVEL_COLUMNS = 6;
const CHECK_COLUMNS = 15;

export function findingLine({ check, level, text, mend }: Finding): string {
  const head = `${WORDS[level].padEnd(LEVEL_COLUMNS)}${escapeForTerminal(check).padEnd(CHECK_COLUMNS - 1)} `;
  return `${head}${escapeForTerminal(text)}${mend === null ? "" : `  → ${escapeForTerminal(mend)}`}`;
}

export function sumLine(findings: readonly Finding[]): string {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const [warnings, failures] = [count("warn"), count("fail")];
  if (warnings + failures === 0) return "all is well";
  return `${failures} ${failures === 1 ? "failure" : "failures"}, ${warnings} ${warnings === 1 ? "warning" : "warnings"}`;
}
